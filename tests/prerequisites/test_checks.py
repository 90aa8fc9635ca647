"""Checks of the practice's own, and the conversation: by whom, when, and once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import acts, checks
from prerequisites.models import Kind, Requirement
from tests.factories import MembershipFactory, RequirementFactory, make_practice

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def test_of_six_who_note_one_conversation_at_once_one_has_noted_it(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        doctors = [MembershipFactory(role=Role.PHYSICIAN).user_id for _ in range(6)]
        talk = RequirementFactory(prerequisite__kind=Kind.STAFF_CHECK, prerequisite__code="conversation")

    def note(doctor: int) -> str:
        try:
            with tenancy.scope(practice.pk):
                by = record.staff(doctor)
                checks.note_done(requirement_id=talk.pk, held_by=doctor, held_at=now, by=by, now=now)
                return "noted"
        except acts.StaleError:
            return "stale"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(note, doctors)) == ["noted", *["stale"] * 5]
    with tenancy.scope(practice.pk):
        (entry,) = RecordEntry.objects.filter(event="requirement.held")
        held = Requirement.objects.get()
        assert held.held_by_id == entry.actor_id == entry.data["held_by"] == held.decided_by_id


def test_a_conversation_was_held_by_a_physician_who_is_a_member_by_then(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        talk = RequirementFactory(prerequisite__kind=Kind.STAFF_CHECK, prerequisite__code="conversation")
        left = MembershipFactory(role=Role.PHYSICIAN, active=False).user_id
        manager = MembershipFactory(role=Role.MANAGER).user_id
        for nobody in (left, manager, 10**9):
            with pytest.raises(acts.NotAllowedError, match="held_by"):
                checks.note_done(
                    requirement_id=talk.pk, held_by=nobody, held_at=now, by=record.staff(manager), now=now
                )
        doctor = MembershipFactory(role=Role.PHYSICIAN).user_id
        held_at = now - timedelta(hours=3)
        by = record.staff(manager)
        checks.note_done(requirement_id=talk.pk, held_by=doctor, held_at=held_at, by=by, now=now)
        held = Requirement.objects.get()
        assert (held.held_by_id, held.held_at, held.decided_by_id) == (doctor, held_at, manager)
