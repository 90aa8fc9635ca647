"""What was handed in stays readable through a merge and its undoing, for the same key seals it throughout."""

from datetime import datetime

import pytest
from django.db.models import Q

from appointments import merging
from appointments.models import Appointment, Patient
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import operations, planning, queries
from prerequisites.models import Case, Kind, Requirement
from tests.factories import PatientFactory, PrerequisiteFactory, RequirementFactory, make_practice

pytestmark = pytest.mark.django_db

QUESTION = {"key": "why", "type": "text", "label": {"de": "Wieso?"}}


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def asked() -> Requirement:
    """A form of a patient of their own; needs a scope."""
    row: Requirement = RequirementFactory(
        prerequisite=PrerequisiteFactory(kind=Kind.FORM, questions=[QUESTION])
    )
    return row


def answer(row: Requirement, text: str, *, now: datetime) -> None:
    operations.submit_answers(requirement_id=row.pk, answers={"why": text}, by=record.PATIENT, now=now)


def answers(row: Requirement) -> dict[str, object]:
    (shown,) = queries.case_detail(row.case_id).requirements
    return dict(shown.answers)


def merged(first: Patient, second: Patient, *, now: datetime) -> int:
    first.refresh_from_db(), second.refresh_from_db()
    done = merging.merge(
        first_id=first.pk,
        second_id=second.pk,
        chosen=merging.Chosen(right={}),
        as_seen=merging.seen(first, second),
        by=record.SYSTEM,
        now=now,
    )
    return done.pk


def two() -> tuple[Requirement, Requirement, Patient, Patient]:
    rows = asked(), asked()
    first, second = (row.case.appointment.patient for row in rows)
    return *rows, first, second


def test_answers_before_and_after_a_merge_and_after_its_undoing(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        mine, theirs, first, second = two()
        answer(theirs, "before", now=now)
        done = merged(first, second, now=now)
        assert answers(theirs) == {"why": "before"}
        operations.reject(requirement_id=theirs.pk, reason="Bitte genauer.", by=record.SYSTEM, now=now)
        answer(theirs, "after", now=now)
        answer(mine, "own", now=now)
        assert (answers(mine), answers(theirs)) == ({"why": "own"}, {"why": "after"})
        merging.undo(merge_id=done, by=record.SYSTEM, now=now)
        assert (answers(mine), answers(theirs)) == ({"why": "own"}, {"why": "after"})


def test_the_records_entries_say_by_whose_key_they_open(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        _mine, theirs, first, second = two()
        answer(theirs, "before", now=now)
        merged(first, second, now=now)
        operations.reject(requirement_id=theirs.pk, reason="Bitte genauer.", by=record.SYSTEM, now=now)
        keys = {patient.pk: patient.key() for patient in Patient.objects.all()}
        sealed = RecordEntry.objects.filter(case_id=theirs.case_id, personal__isnull=False)
        opened = [record.personal(entry, key=keys[entry.patient_id or 0]) for entry in sealed.order_by("pk")]
        assert [one.get("answers") or one["reason"] for one in opened] == [
            {"why": "before"},
            "Bitte genauer.",
        ]


def test_who_is_erased_is_erased_under_all_names(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        mine, theirs, first, second = two()
        answer(theirs, "before", now=now), answer(mine, "own", now=now)
        merged(first, second, now=now)
        Patient.objects.filter(Q(pk=first.pk) | Q(merged_into=first.pk)).update(wrapped_key=None)
        assert answers(mine) == answers(theirs) == {}


def test_taken_back_one_is_erased_without_the_other(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        mine, theirs, first, second = two()
        done = merged(first, second, now=now)
        answer(theirs, "while they were one", now=now), answer(mine, "own", now=now)
        merging.undo(merge_id=done, by=record.SYSTEM, now=now)
        Patient.objects.filter(pk=second.pk).update(wrapped_key=None)
        assert (answers(mine), answers(theirs)) == ({"why": "own"}, {})


def test_the_next_stage_follows_a_merge(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        first = PatientFactory()
        theirs = RequirementFactory(
            case__appointment__patient__phone="",
            case__appointment__patient__email="",
            case__readiness="no_contact",
        )
        merged(first, theirs.case.appointment.patient, now=now)
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == "waiting", "the person can be written to"
        assert not Appointment.objects.filter(needs_planning=True).exists()


def test_who_is_known_to_be_insured_how_stays_known_through_a_merge_and_its_undoing(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        first, second = PatientFactory(sex="female"), PatientFactory(sex="male", insurance="private")
        merge = merged(first, second, now=now)
        kept = Patient.objects.filter(pk=first.pk).values_list("sex", "insurance")
        assert kept.get() == ("female", "private")
        merging.undo(merge_id=merge, by=record.SYSTEM, now=now)
        assert kept.get() == ("female", "unknown")
