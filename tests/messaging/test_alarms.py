"""A calendar that nobody could read for an hour is told to the managers by mail, once an outage."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments.models import Feed, FeedState
from appointments.queries import practices_with_silent_feeds
from messaging import alarms
from messaging.models import Message
from messaging.operations import delivery
from practices import tenancy
from practices.models import Membership, Role
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
    if house.practice.pk in practices_with_silent_feeds(at):
        alarms.sound(practice_id=house.practice.pk, now=at)
    house.deliver(at=at)


def test_the_managers_are_told_once_an_outage_and_again_after_a_recovery(
    house: House, feed: Feed, sandbox: Sandbox
) -> None:
    for minutes in (0, 1, 90):
        tick(house, at=NOW + timedelta(minutes=minutes))
    mails = sandbox.mail.mails()
    assert sorted(mail.to for mail in mails) == ["manager-0@praxis.example", "manager-1@praxis.example"]
    assert "Kalender „MRT 1“" in mails[0].subject
    assert f"/feeds/{feed.pk}/" in mails[0].text
    assert "Montag, 2. März um 09:00" in mails[0].text
    house.change(Feed, feed.pk, last_good_at=NOW + 2 * HOUR)
    tick(house, at=NOW + 2 * HOUR)
    assert len(sandbox.mail.mails()) == 2
    tick(house, at=NOW + 3 * HOUR)
    tick(house, at=NOW + 4 * HOUR)
    assert len(sandbox.mail.mails()) == 4


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
        patch.setattr("messaging.operations.results.finish", die)
        tick(house)
    sent = len(sandbox.mail.mails())
    assert sent >= 1
    tick(house, at=NOW + delivery.LEASE)
    tick(house, at=NOW + 2 * delivery.LEASE)
    to = [mail.to for mail in sandbox.mail.mails()]
    assert len(to) == len(set(to))
    with tenancy.scope(house.practice.pk):
        assert Message.objects.count() == 2


def test_without_a_manager_those_who_work_are_told(house: House, feed: Feed, sandbox: Sandbox) -> None:
    with tenancy.scope(house.practice.pk):
        Membership.objects.filter(role=Role.MANAGER).update(active=False)
    tick(house)
    assert [mail.to for mail in sandbox.mail.mails()] == ["staff-2@praxis.example"]
