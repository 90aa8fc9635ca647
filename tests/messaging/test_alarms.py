"""A calendar that nobody could read for an hour is told to the managers by mail, once an outage."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments.models import Feed, FeedState
from appointments.queries import practices_with_outages_to_tell
from messaging import alarms
from messaging.models import Message
from messaging.operations import claiming
from practices import tenancy
from practices.models import Membership, Role, User
from tests.factories import NOW, FeedFactory, MembershipFactory
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

HOUR = timedelta(hours=1)


@pytest.fixture
def feed(house: House) -> Feed:
    """Last read an hour ago; the practice has two managers and a receptionist."""
    with tenancy.scope(house.practice.pk):
        for number, role in enumerate((Role.MANAGER, Role.MANAGER, Role.STAFF)):
            MembershipFactory(role=role, user__email=f"{role}-{number}@praxis.example")
        return FeedFactory(name="MRT 1", last_good_at=NOW - HOUR, state=FeedState.FAILING)


def tick(house: House, *, at: Any = NOW) -> None:
    """What the worker does when the alarm is due."""
    if house.practice.pk in practices_with_outages_to_tell(at):
        alarms.sound(practice_id=house.practice.pk, now=at)
    house.deliver(at=at)


def test_the_managers_are_told_once_an_outage_and_its_end_and_again_at_the_next(
    house: House, feed: Feed, sandbox: Sandbox
) -> None:
    for minutes in (0, 1, 90):
        tick(house, at=NOW + timedelta(minutes=minutes))
    mails = sandbox.mail.mails()
    assert sorted(mail.to for mail in mails) == ["manager-0@praxis.example", "manager-1@praxis.example"]
    assert "Kalender „MRT 1“" in mails[0].subject
    assert f"/feeds/{feed.pk}/" in mails[0].text
    assert "Montag, 2. März um 09:00" in mails[0].text
    house.change(Feed, feed.pk, last_good_at=NOW + 2 * HOUR, state=FeedState.ACTIVE)
    for minutes in (120, 121):
        tick(house, at=NOW + timedelta(minutes=minutes))
    over = sandbox.mail.mails()[2:]
    assert sorted(mail.to for mail in over) == ["manager-0@praxis.example", "manager-1@praxis.example"]
    assert "wird wieder gelesen" in over[0].subject
    assert "Montag, 2. März um 12:00" in over[0].text
    tick(house, at=NOW + 3 * HOUR)
    tick(house, at=NOW + 4 * HOUR)
    assert len(sandbox.mail.mails()) == 6


@pytest.mark.parametrize(
    "fields",
    [
        {"last_good_at": NOW - HOUR + timedelta(minutes=1)},
        {"state": FeedState.PAUSED},
        {"watched_from": NOW},
        {"last_good_at": None},
    ],
)
def test_nobody_is_told_without_need(
    house: House, feed: Feed, sandbox: Sandbox, fields: dict[str, Any]
) -> None:
    house.change(Feed, feed.pk, **fields)
    tick(house)
    assert not sandbox.mail.mails()


def test_a_calendar_that_was_never_read_is_told_an_hour_after_it_was_added(
    house: House, feed: Feed, sandbox: Sandbox
) -> None:
    house.change(Feed, feed.pk, last_good_at=None, watched_from=NOW - HOUR)
    tick(house)
    assert len(sandbox.mail.mails()) == 2
    assert "seit Montag, 2. März um 09:00 eingetragen" in sandbox.mail.mails()[0].text


def test_an_end_with_many_appointments_missing_says_that_staff_have_to_decide(
    house: House, feed: Feed, sandbox: Sandbox
) -> None:
    tick(house)
    house.change(Feed, feed.pk, last_good_at=NOW + HOUR, state=FeedState.FROZEN)
    tick(house, at=NOW + HOUR)
    assert "entscheiden" in sandbox.mail.mails()[-1].text


@pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.FAILING])
def test_an_outage_that_goes_on_or_is_paused_has_no_end(
    house: House, feed: Feed, sandbox: Sandbox, state: FeedState
) -> None:
    tick(house)
    house.change(Feed, feed.pk, state=state)
    for minutes in (30, 90):
        tick(house, at=NOW + timedelta(minutes=minutes))
    assert len(sandbox.mail.mails()) == 2


def test_a_removed_calendar_says_no_more(house: House, feed: Feed, sandbox: Sandbox) -> None:
    tick(house)
    house.change(Feed, feed.pk, last_good_at=NOW + HOUR, state=FeedState.PAUSED, removed_at=NOW + HOUR)
    tick(house, at=NOW + HOUR)
    assert len(sandbox.mail.mails()) == 2


def test_a_manager_without_an_address_leaves_it_to_those_who_work(
    house: House, feed: Feed, sandbox: Sandbox
) -> None:
    with tenancy.scope(house.practice.pk):
        User.objects.filter(email="manager-0@praxis.example").update(email="")
        Membership.objects.filter(user__email="manager-1@praxis.example").update(active=False)
    tick(house)
    assert [mail.to for mail in sandbox.mail.mails()] == ["staff-2@praxis.example"]


def test_many_workers_at_once_tell_it_once(house: House, feed: Feed, sandbox: Sandbox) -> None:
    def work(_: int) -> None:
        try:
            alarms.sound(practice_id=house.practice.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    assert len(house.messages()) == 2
    tick(house)
    assert len(sandbox.mail.mails()) == 2


class Killed(BaseException):
    """SIGKILL, as far as the code can tell: nothing after it runs."""


def die(*args: Any, **kwargs: Any) -> Any:
    raise Killed


def test_a_worker_killed_between_decision_and_mail_loses_none_and_doubles_none(
    house: House, feed: Feed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("messaging.alarms._write", die)
        tick(house)
    assert not house.messages()
    tick(house)
    assert len(sandbox.mail.mails()) == 2
    tick(house, at=NOW + timedelta(minutes=5))
    assert len(sandbox.mail.mails()) == 2


def test_a_worker_killed_after_the_mail_does_not_send_it_again(
    house: House, feed: Feed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("messaging.operations.finishing._accept", die)
        tick(house)
    sent = len(sandbox.mail.mails())
    assert sent >= 1
    tick(house, at=NOW + claiming.LEASE)
    tick(house, at=NOW + 2 * claiming.LEASE)
    to = [mail.to for mail in sandbox.mail.mails()]
    assert len(to) == len(set(to))
    with tenancy.scope(house.practice.pk):
        assert Message.objects.count() == 2


def test_without_a_manager_those_who_work_are_told(house: House, feed: Feed, sandbox: Sandbox) -> None:
    with tenancy.scope(house.practice.pk):
        Membership.objects.filter(role=Role.MANAGER).update(active=False)
    tick(house)
    assert [mail.to for mail in sandbox.mail.mails()] == ["staff-2@praxis.example"]
