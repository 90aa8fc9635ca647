"""Handing in and reviewing: who may do what, what follows, and what happens when two act at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection

from practices import record, tenancy, vault
from practices.models import Practice, RecordEntry
from prerequisites import links, operations, queries, readiness
from prerequisites.models import Case, Kind, Obstacle, Readiness, Requirement, RequirementState
from tests.factories import (
    AppointmentFactory,
    CaseFactory,
    PatientFactory,
    PrerequisiteFactory,
    RequirementFactory,
    UserFactory,
    make_practice,
)

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = {"key": "reaction", "type": "yes_no", "label": {"de": "Schon einmal reagiert?"}, "flag": "yes"}


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def requirement(kind: str = Kind.DOCUMENT, **fields: object) -> Requirement:
    row = RequirementFactory(prerequisite=PrerequisiteFactory(kind=kind, questions=[QUESTION], **fields))
    readiness.refresh(case_ids=[row.case_id], now=row.changed_at)
    return row


def state(row: Requirement) -> str:
    return Requirement.objects.get(pk=row.pk).state


def test_answers_wait_for_review_and_acceptance_makes_the_case_ready(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.FORM)
        operations.submit_answers(
            requirement_id=row.pk, answers={"reaction": "yes"}, by=record.PATIENT, now=now
        )
        assert state(row) == RequirementState.SUBMITTED
        assert Case.objects.get().readiness == Readiness.TO_REVIEW
        detail = queries.case_detail(row.case_id)
        assert detail.requirements[0].answers == {"reaction": "yes"}
        operations.accept(requirement_id=row.pk, by=record.staff(UserFactory().pk), now=now)
        assert Case.objects.get().readiness == Readiness.READY


def test_sealed_answers_and_reasons_open_in_no_other_row_and_field(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row, other = requirement(Kind.FORM), requirement(Kind.FORM)
        operations.submit_answers(
            requirement_id=row.pk, answers={"reaction": "yes"}, by=record.PATIENT, now=now
        )
        key = row.case.appointment.patient.key()
        sealed = bytes(row.submissions.get().sealed_answers)
        assert vault.unseal(key=key, sealed=sealed, context=row.sealed_context("answers"))
        for context in (row.sealed_context("reason"), other.sealed_context("answers")):
            with pytest.raises(InvalidTag):
                vault.unseal(key=key, sealed=sealed, context=context)


def test_answers_that_cannot_be_taken_change_nothing(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.FORM)
        with pytest.raises(operations.NotAllowedError, match="answers"):
            operations.submit_answers(
                requirement_id=row.pk, answers={"reaction": "perhaps"}, by=record.PATIENT, now=now
            )
        assert state(row) == RequirementState.OPEN


def test_an_acknowledgement_needs_no_review_and_keeps_its_wording_in_the_record(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.ACKNOWLEDGEMENT, text={"de": "Vier Stunden nichts essen"})
        operations.acknowledge(requirement_id=row.pk, by=record.PATIENT, now=now)
        assert Case.objects.get().readiness == Readiness.READY
        entry = RecordEntry.objects.get(event="requirement.acknowledged")
        key = row.case.appointment.patient.key()
        assert record.personal(entry, key=key)["text"] == {"de": "Vier Stunden nichts essen"}


def test_handing_in_twice_counts_once(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.FORM)
        given = {"requirement_id": row.pk, "answers": {"reaction": "no"}, "by": record.PATIENT, "now": now}
        operations.submit_answers(**given)
        with pytest.raises(operations.StaleError):
            operations.submit_answers(**given)


def test_asking_again_tells_the_patient_why_and_takes_the_case_back(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.FORM)
        operations.submit_answers(
            requirement_id=row.pk, answers={"reaction": "no"}, by=record.PATIENT, now=now
        )
        person = record.staff(UserFactory().pk)
        with pytest.raises(operations.NotAllowedError, match="reason_missing"):
            operations.reject(requirement_id=row.pk, reason=" ", by=person, now=now)
        operations.reject(requirement_id=row.pk, reason="Zu alt", by=person, now=now)
        case = Case.objects.get()
        assert case.readiness == Readiness.WAITING and case.requests_due_at == now
        assert queries.case_detail(case.pk).requirements[0].reason == "Zu alt"


def test_what_blocks_is_waived_by_a_physician_only(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = requirement()
        given = {"requirement_id": row.pk, "reason": "Notfall", "by": record.SYSTEM, "now": now}
        with pytest.raises(operations.NotAllowedError, match="physician_only"):
            operations.waive(**given, may_waive_blocking=False)
        operations.waive(**given, may_waive_blocking=True)
        assert Case.objects.get().readiness == Readiness.WAIVED


def test_a_decision_can_be_taken_back_for_half_an_hour(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = requirement()
        person = record.staff(UserFactory().pk)
        operations.mark_received(requirement_id=row.pk, how="fax", by=person, now=now)
        operations.undo(requirement_id=row.pk, by=person, now=now + timedelta(minutes=29))
        assert state(row) == RequirementState.OPEN
        operations.mark_received(requirement_id=row.pk, how="fax", by=person, now=now)
        with pytest.raises(operations.StaleError):
            operations.undo(requirement_id=row.pk, by=person, now=now + timedelta(minutes=31))


def test_a_confirmation_that_is_taken_back_is_open_again_and_not_to_review(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.ACKNOWLEDGEMENT)
        operations.acknowledge(requirement_id=row.pk, by=record.PATIENT, now=now)
        operations.undo(requirement_id=row.pk, by=record.staff(UserFactory().pk), now=now)
        assert state(row) == RequirementState.OPEN
        assert Case.objects.get().readiness == Readiness.WAITING


def test_what_the_patient_cannot_get_reaches_staff_and_what_is_brought_along_does_not_block(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(may_be_brought=True)
        operations.cannot_get(
            requirement_id=row.pk, reason=Obstacle.SURGERY_CLOSED, text="bis Montag", now=now
        )
        assert Requirement.objects.get().obstacle == Obstacle.SURGERY_CLOSED
        assert Case.objects.get().escalation_due_at == now
        operations.will_bring(requirement_id=row.pk, now=now)
        assert Case.objects.get().readiness == Readiness.READY


def test_of_two_reviewers_at_once_one_decides(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = requirement(Kind.FORM)
        operations.submit_answers(
            requirement_id=row.pk, answers={"reaction": "no"}, by=record.PATIENT, now=now
        )

    def decide(number: int) -> str:
        try:
            with tenancy.scope(practice.pk):
                if number % 2:
                    operations.accept(requirement_id=row.pk, by=record.SYSTEM, now=now)
                else:
                    operations.reject(requirement_id=row.pk, reason="unlesbar", by=record.SYSTEM, now=now)
            return "decided"
        except operations.StaleError:
            return "stale"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(decide, range(6))) == ["decided", *["stale"] * 5]
    with tenancy.scope(practice.pk):
        assert (
            RecordEntry.objects.filter(event__in=["requirement.accepted", "requirement.rejected"]).count()
            == 1
        )


def link_for(birth_date: date | None = date(1947, 3, 14)) -> tuple[int, str]:
    case = CaseFactory(appointment=AppointmentFactory(patient=PatientFactory(birth_date=birth_date)))
    token = links.url_for(case).rsplit("/", 1)[1]
    return links.PatientLink.objects.get(case=case).pk, token


def test_a_link_is_found_by_its_token_until_it_is_revoked_or_expires(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        link_id, token = link_for()
        case_id = links.PatientLink.objects.get().case_id
    found = links.find(token, now=now)
    assert found == links.LinkRef(practice_id=practice.pk, link_id=link_id)
    assert links.find("invented" + token[8:], now=now) is None
    assert links.find(token, now=now + timedelta(days=60)) is None
    with tenancy.scope(practice.pk):
        links.revoke(case_id=case_id, by=record.SYSTEM, now=now)
        fresh = links.url_for(Case.objects.select_related("appointment").get()).rsplit("/", 1)[1]
    assert links.find(token, now=now) is None
    assert links.find(fresh, now=now) == found


def test_five_wrong_dates_of_birth_lock_the_link_even_when_guessed_at_once(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        link_id, _ = link_for()

    def guess(day: int) -> links.BirthDateCheck:
        try:
            with tenancy.scope(practice.pk):
                return links.check_birth_date(link_id=link_id, birth_date=date(1950, 1, 1 + day), now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guess, range(24)))
    assert results.count(links.BirthDateCheck.WRONG) == 4
    assert results.count(links.BirthDateCheck.LOCKED) == 20
    with tenancy.scope(practice.pk):
        right = links.check_birth_date(link_id=link_id, birth_date=date(1947, 3, 14), now=now)
        assert right == links.BirthDateCheck.LOCKED
        links.unlock(link_id=link_id, by=record.SYSTEM, now=now)
        right = links.check_birth_date(link_id=link_id, birth_date=date(1947, 3, 14), now=now)
        assert right == links.BirthDateCheck.MATCHES


def test_an_unknown_date_of_birth_is_noted_for_staff(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        link_id, _ = link_for(None)
        told = links.check_birth_date(link_id=link_id, birth_date=date(1980, 5, 1), now=now)
        assert told == links.BirthDateCheck.NOTED
        assert links.PatientLink.objects.get().claimed_birth_date == date(1980, 5, 1)
