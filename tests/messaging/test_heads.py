"""The head of the record's chain goes to the managers once a day: a witness outside."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from messaging import heads as mails
from practices import heads, record, tenancy
from practices.models import DailyHead, Membership, Practice, Role, Seal, User
from tests.factories import NOW, MembershipFactory
from tests.messaging.conftest import House
from tests.treffa.staff import sign_in
from treffa import pipeline
from treffa.sandbox import Sandbox

# By the practice's clock: Berlin, an hour ahead of NOW's.
EVENING = NOW.replace(hour=18)
DAY = timedelta(days=1)


@pytest.fixture
def managed(house: House) -> House:
    with tenancy.scope(house.practice.pk):
        for number, (role, language) in enumerate(
            ((Role.MANAGER, "de"), (Role.MANAGER, "en"), (Role.STAFF, "de"))
        ):
            MembershipFactory(
                role=role, user__email=f"{role}-{number}@praxis.example", user__language=language
            )
    return house


def happens(house: House, *, at: datetime) -> Seal:
    """Something is recorded and sealed."""
    with tenancy.scope(house.practice.pk):
        record.write(record.Entry(event="case.opened", at=at, case_id=1))
        link = record.seal(now=at)
    assert link is not None
    return link


def tick(house: House, *, at: datetime) -> None:
    """What the worker does in a minute: witness, deliver, seal."""
    if house.practice.pk in heads.due(now=at):
        mails.tell(practice_id=house.practice.pk, now=at)
    house.deliver(at=at)
    with tenancy.scope(house.practice.pk):
        record.seal(now=at)


def test_the_managers_get_number_digest_and_day_in_their_language_once_a_day(
    managed: House, sandbox: Sandbox
) -> None:
    link = happens(managed, at=NOW)
    for minutes in (-1, 0, 1, 200):
        tick(managed, at=EVENING + timedelta(minutes=minutes))
    found = {mail.to: mail for mail in sandbox.mail.mails()}
    assert sorted(found) == ["manager-0@praxis.example", "manager-1@praxis.example"]
    assert len(sandbox.mail.mails()) == 2
    assert found["manager-0@praxis.example"].subject == f"Protokoll vom 2. März 2026: Siegel {link.number}"
    assert found["manager-1@praxis.example"].subject == f"Record of 2 March 2026: seal {link.number}"
    for mail in found.values():
        assert link.digest in mail.text


def test_a_day_without_events_has_no_mail_and_the_mails_themselves_are_none(
    managed: House, sandbox: Sandbox
) -> None:
    happens(managed, at=NOW)
    for day in range(4):
        for minute in range(3):
            tick(managed, at=EVENING + day * DAY + timedelta(minutes=minute))
    assert len(sandbox.mail.mails()) == 2
    happens(managed, at=NOW + 4 * DAY)
    tick(managed, at=EVENING + 4 * DAY)
    assert len(sandbox.mail.mails()) == 4


def test_days_slept_through_make_one_mail_and_a_clock_turned_back_none(
    managed: House, sandbox: Sandbox
) -> None:
    happens(managed, at=NOW)
    tick(managed, at=EVENING + 5 * DAY)
    assert len(sandbox.mail.mails()) == 2
    happens(managed, at=NOW + DAY)
    for day in range(6):
        tick(managed, at=EVENING + day * DAY)
    assert len(sandbox.mail.mails()) == 2
    tick(managed, at=EVENING + 6 * DAY)
    assert len(sandbox.mail.mails()) == 4


def test_two_workers_take_one_head(managed: House) -> None:
    happens(managed, at=NOW)

    def work(_: int) -> None:
        try:
            mails.tell(practice_id=managed.practice.pk, now=EVENING)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(managed.messages()) == 2
    with tenancy.scope(managed.practice.pk):
        assert DailyHead.objects.count() == 1


def test_without_a_manager_those_who_work_get_it_and_the_board_says_so(
    client: Client, house: House, sandbox: Sandbox
) -> None:
    staff = sign_in(client, house.practice, Role.STAFF)
    happens(house, at=NOW)
    tick(house, at=EVENING)
    with tenancy.scope(house.practice.pk):
        email = User.objects.get(pk=Membership.objects.get().user_id).email
    assert [mail.to for mail in sandbox.mail.mails()] == [email]
    assert "has no keeper" in staff.get("/").content.decode()
    sign_in(Client(), house.practice, Role.MANAGER)
    assert "has no keeper" not in staff.get("/").content.decode()


def test_a_practice_with_an_unknown_zone_holds_up_no_other(managed: House) -> None:
    happens(managed, at=NOW)
    managed.change(Practice, managed.practice.pk, time_zone="Mars/Olympus")
    assert managed.practice.pk in heads.due(now=EVENING + 2 * timedelta(hours=1))
    assert ("witness", managed.practice.pk) in pipeline.due(now=EVENING + 2 * timedelta(hours=1))
