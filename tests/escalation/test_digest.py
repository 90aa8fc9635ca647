"""The daily digest: at the hour that a person chose, once a day, whoever crashes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta

import pytest
from django.db import connection

from escalation import digest
from escalation.models import Preference, Task
from messaging import queries as messages
from messaging.models import Message
from practices import tenancy
from practices.models import Membership, Practice
from prerequisites.models import Case, Readiness
from tests.factories import CaseFactory, MembershipFactory, make_practice

pytestmark = pytest.mark.django_db(transaction=True)

EIGHT = datetime.fromisoformat("2026-03-02T07:00:00Z")  # Berlin 08:00


@pytest.fixture
def practice() -> Practice:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        user = MembershipFactory(user__language="en", user__name="Petra Erdmuster").user
        Preference.objects.create(practice=practice, user=user, digest_at=time(8))
    return practice


def book(practice: Practice, at: datetime, readiness: str = Readiness.AT_RISK) -> Case:
    with tenancy.scope(practice.pk):
        case: Case = CaseFactory(appointment__start=at, readiness=readiness)
        return case


def tell(practice: Practice, at: datetime) -> list[str]:
    """Runs what is due; the texts of all digests so far."""
    for practice_id in digest.due(now=at):
        digest.tell(practice_id=practice_id, now=at)
    with tenancy.scope(practice.pk):
        found = Message.objects.select_related("practice").order_by("pk")
        return [f"{(said := messages.wording(one)).subject}\n{said.text}" for one in found]


def test_it_names_what_is_not_ready_today_and_tomorrow_and_no_patient(practice: Practice) -> None:
    risky = book(practice, EIGHT + timedelta(hours=3))
    book(practice, EIGHT + timedelta(hours=4), Readiness.READY)
    late = book(practice, EIGHT + timedelta(days=1), Readiness.OVERDUE)
    book(practice, EIGHT + timedelta(days=2), Readiness.OVERDUE)
    with tenancy.scope(practice.pk):
        Task.objects.create(practice=practice, case=late, kind="call_patient", cause="x", created_at=EIGHT)
    (text,) = tell(practice, EIGHT)
    assert "2 appointments are not ready" in text and "Hello Petra," in text
    assert "Today: 2 appointments, 1 ready." in text and "Tomorrow: 1 appointment, 0 ready." in text
    assert "11:00  At risk  http" in text and f"/cases/{risky.pk}/" in text
    assert "08:00  Call the patient  http" in text
    assert "Probefeld" not in text and "CT" not in text


def test_it_comes_at_the_hour_and_once_a_day(practice: Practice) -> None:
    book(practice, EIGHT + timedelta(hours=30))
    assert tell(practice, EIGHT - timedelta(minutes=1)) == []
    assert len(tell(practice, EIGHT)) == 1
    assert len(tell(practice, EIGHT + timedelta(hours=9))) == 1
    assert len(tell(practice, EIGHT + timedelta(days=1))) == 2


def test_what_was_slept_through_is_told_late_and_not_twice_the_next_day(practice: Practice) -> None:
    book(practice, EIGHT + timedelta(hours=30))
    assert len(tell(practice, EIGHT + timedelta(hours=11))) == 1
    assert len(tell(practice, EIGHT + timedelta(hours=16, minutes=30))) == 1, "past midnight, before the hour"


def test_none_comes_when_all_is_ready_unless_it_is_wanted(practice: Practice) -> None:
    book(practice, EIGHT + timedelta(hours=3), Readiness.READY)
    assert tell(practice, EIGHT) == []
    with tenancy.scope(practice.pk):
        Preference.objects.update(silent_when_ready=False, digest_day=None)
    (text,) = tell(practice, EIGHT)
    assert "All appointments are ready" in text


def test_days_without_appointments_and_people_who_left_get_none(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        Preference.objects.update(silent_when_ready=False)
    assert tell(practice, EIGHT) == []
    book(practice, EIGHT + timedelta(hours=30))
    with tenancy.scope(practice.pk):
        Preference.objects.update(digest_day=None)
        Membership.objects.update(active=False)
    assert tell(practice, EIGHT) == []


def test_eight_workers_at_once_tell_it_once(practice: Practice) -> None:
    book(practice, EIGHT + timedelta(hours=3))

    def work(_: int) -> None:
        try:
            digest.tell(practice_id=practice.pk, now=EIGHT)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert len(tell(practice, EIGHT)) == 1


def test_a_worker_that_dies_before_its_commit_has_told_nothing_and_the_next_does(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(practice, EIGHT + timedelta(hours=3))
    with monkeypatch.context() as dying:
        dying.setattr(digest.record, "write", lambda *entries: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            digest.tell(practice_id=practice.pk, now=EIGHT)
    assert len(tell(practice, EIGHT)) == 1


def test_a_practice_whose_zone_nobody_knows_holds_up_no_other(practice: Practice) -> None:
    book(practice, EIGHT + timedelta(hours=3))
    other = make_practice(time_zone="Mars/Base")
    with tenancy.scope(other.pk):
        user = MembershipFactory().user
        Preference.objects.create(practice=other, user=user, digest_at=time(8))
    assert practice.pk in digest.due(now=EIGHT)
