"""What becomes of a case when something about it changes: answers, the patient, the date, what other cases have."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from appointments.models import Appointment, Patient
from messaging.models import Message
from messaging.operations import queue_requests
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import checks, operations, planning, queries
from prerequisites.models import Case, Readiness, Requirement, Submission
from tests.factories import (
    AppointmentFactory,
    MembershipFactory,
    PatientFactory,
    PlanFactory,
    PrerequisiteFactory,
    make_practice,
)

pytestmark = pytest.mark.django_db(transaction=True)
WEEK = timedelta(days=7)


def yes_no(key: str) -> dict[str, Any]:
    return {"key": key, "type": "yes_no", "label": {"de": key}, "choices": []}


FORM = {"kind": "form", "questions": [yes_no("metformin"), yes_no("kidney")]}
IF_METFORMIN = {"answer": "questions.metformin", "is": ["yes"]}
MONTH = {"measured_at": "appointment", "days": 30, "effect": "block"}


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def plan(**items: dict[str, Any]) -> Any:
    made = PlanFactory()
    for key, fields in items.items():
        PrerequisiteFactory(plan=made, key=key, **fields)
    return made


def advance(practice: Practice, now: datetime) -> None:
    planning.advance_cases(practice_id=practice.pk, now=now)


def row(key: str, case: Case | None = None) -> Requirement:
    found = Requirement.objects.filter(prerequisite__key=key)
    return found.get(case=case) if case else found.get()


def states(case: Case | None = None) -> dict[str, str]:
    found = Requirement.objects.select_related("prerequisite")
    return {r.prerequisite.key: r.state for r in (found.filter(case=case) if case else found)}


def answer(key: str = "questions", *, now: datetime, **answers: str) -> None:
    given = {"metformin": "no", "kidney": "no", **answers}
    operations.submit_answers(requirement_id=row(key).pk, answers=given, by=record.PATIENT, now=now)


def ask_again(key: str, now: datetime) -> None:
    ask_again_for(row(key), now)


def ask_again_for(requirement: Requirement, now: datetime) -> None:
    operations.reject(requirement_id=requirement.pk, reason="Bitte noch einmal.", by=record.SYSTEM, now=now)


def receive(requirement: Requirement, now: datetime, dated: date | None = None) -> None:
    operations.mark_received(
        requirement_id=requirement.pk, how="fax", by=record.SYSTEM, now=now, document_date=dated
    )


def change(appointment: Appointment, **fields: object) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(needs_planning=True, **fields)


def move(appointment: Appointment, by: timedelta) -> None:
    appointment.refresh_from_db()
    change(appointment, start=appointment.start + by, end=appointment.end + by)


def told(event: str) -> list[dict[str, Any]]:
    return list(RecordEntry.objects.filter(event=event).order_by("pk").values_list("data", flat=True))


def test_an_answer_brings_a_requirement_and_another_takes_it_back_with_all_that_was_handed_in(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(questions=FORM, lab={"condition": IF_METFORMIN})
        AppointmentFactory(type=made.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert states() == {"questions": "open"}, "nothing is asked for before it is known to be needed"
        answer(now=now, metformin="yes")
        assert states() == {"questions": "submitted", "lab": "open"}
        added = told("requirement.added")
        assert added == [
            {"requirement": row("lab").pk, "prerequisite": "lab", "because": ["questions.metformin"]}
        ]
        receive(row("lab"), now)
        ask_again("questions", now)
        assert states()["lab"] == "accepted", "nothing is taken back before something else is known"
        answer(now=now, metformin="no")
        assert states() == {"questions": "submitted", "lab": "withdrawn"}
        assert Case.objects.get().readiness == Readiness.TO_REVIEW
        ask_again("questions", now)
        answer(now=now, metformin="yes")
        assert states()["lab"] == "accepted", "what was handed in is not lost"
        assert "yes" not in str(added)


def test_the_patient_is_written_to_once_about_what_an_answer_brought(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(questions=FORM, lab={"condition": IF_METFORMIN})
        AppointmentFactory(type=made.type)
    advance(practice, now)
    queue_requests(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        Message.objects.update(state="delivered", accepted_at=now)
        answer(now=now + timedelta(minutes=5), metformin="yes")
    for minutes in (6, 50, 66, 70, 500):
        queue_requests(practice_id=practice.pk, now=now + timedelta(minutes=minutes))
        with tenancy.scope(practice.pk):
            said = list(
                Message.objects.filter(channel="sms").order_by("pk").values_list("occasion", flat=True)
            )
            assert said == ["request"] + ["added"] * (minutes >= 65)
            Message.objects.update(state="delivered", accepted_at=now + timedelta(minutes=minutes))
            Case.objects.update(requests_due_at=now)


def test_who_hands_in_what_an_answer_brought_right_away_is_not_written_to(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(questions=FORM, lab={"condition": IF_METFORMIN, "kind": "acknowledgement"})
        AppointmentFactory(type=made.type)
    advance(practice, now)
    queue_requests(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        Message.objects.update(state="delivered", accepted_at=now)
        answer(now=now + timedelta(minutes=5), metformin="yes")
        operations.acknowledge(
            requirement_id=row("lab").pk, by=record.PATIENT, now=now + timedelta(minutes=7)
        )
    queue_requests(practice_id=practice.pk, now=now + timedelta(hours=3))
    with tenancy.scope(practice.pk):
        assert set(Message.objects.values_list("occasion", flat=True)) == {"request"}


def test_a_form_that_is_needed_no_more_takes_with_it_what_hangs_on_it(
    practice: Practice, now: datetime
) -> None:
    more = {"kind": "form", "questions": [yes_no("dialysis")]}
    with tenancy.scope(practice.pk):
        made = plan(
            questions=FORM,
            more={**more, "condition": {"answer": "questions.kidney", "is": ["yes"]}},
            letter={"condition": {"answer": "more.dialysis", "is": ["yes"]}},
        )
        AppointmentFactory(type=made.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        answer(now=now, kidney="yes")
        operations.submit_answers(
            requirement_id=row("more").pk, answers={"dialysis": "yes"}, by=record.PATIENT, now=now
        )
        assert states() == {"questions": "submitted", "more": "submitted", "letter": "open"}
        ask_again("questions", now)
        answer(now=now, kidney="no")
        assert states() == {"questions": "submitted", "more": "withdrawn", "letter": "withdrawn"}
        ask_again("questions", now)
        answer(now=now, kidney="yes")
        assert states() == {"questions": "submitted", "more": "submitted", "letter": "open"}


@pytest.mark.parametrize(
    ("condition", "patient", "required"),
    [
        ({"age": {"at_least": 60}}, {"birth_date": date(1966, 3, 12)}, True),
        ({"age": {"at_least": 60}}, {"birth_date": date(1966, 3, 13)}, False),
        ({"age": {"at_least": 60}}, {"birth_date": None}, False),
        ({"not": {"age": {"at_least": 60}}}, {"birth_date": None}, False),
        ({"sex": ["female"]}, {"sex": "female"}, True),
        ({"sex": ["female"]}, {"sex": "unknown"}, False),
        ({"insurance": ["statutory"]}, {"insurance": "statutory"}, True),
        ({"insurance": ["statutory"]}, {"insurance": "private"}, False),
        ({"first_visit": True}, {}, True),
        ({"first_visit": False}, {}, False),
    ],
)
def test_conditions_on_the_patient(
    practice: Practice, now: datetime, condition: dict[str, Any], patient: dict[str, Any], required: bool
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(always={}, perhaps={"condition": condition})
        AppointmentFactory(type=made.type, patient=PatientFactory(**patient))
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert ("perhaps" in states()) is required


def test_a_second_visit_is_no_first_one_and_a_cancelled_one_does_not_count(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made, patient = plan(consent={"condition": {"first_visit": True}}), PatientFactory()
        earlier = AppointmentFactory(patient=patient, type=None, start=now + timedelta(days=1))
        later = AppointmentFactory(patient=patient, type=made.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert states() == {}
        Appointment.objects.filter(pk=earlier.pk).update(status="cancelled")
        change(later)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert states() == {"consent": "open"}


def test_who_turns_out_to_be_insured_otherwise_is_asked_for_something_else(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(
            referral={"condition": {"insurance": ["statutory"]}},
            cost={"condition": {"insurance": ["private"]}},
        )
        appointment = AppointmentFactory(type=made.type)
    advance(practice, now)
    for insurance, expected in (
        ("statutory", {"referral": "open"}),
        ("private", {"referral": "withdrawn", "cost": "open"}),
        ("statutory", {"referral": "open", "cost": "withdrawn"}),
    ):
        with tenancy.scope(practice.pk):
            Patient.objects.update(insurance=insurance)
            change(appointment)
        advance(practice, now)
        with tenancy.scope(practice.pk):
            assert states() == expected


def test_a_move_keeps_what_is_still_valid_and_asks_again_for_what_has_lapsed(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(referral={}, lab={"validity": MONTH}, consent={"validity": {**MONTH, "days": 365}})
        appointment = AppointmentFactory(type=made.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        receive(row("referral"), now)
        receive(row("lab"), now, date(2026, 2, 20))
        receive(row("consent"), now, date(2026, 1, 2))
        assert Case.objects.get().readiness == Readiness.READY
        move(appointment, 4 * WEEK)
    later = now + timedelta(hours=1)
    advance(practice, later)
    with tenancy.scope(practice.pk):
        assert states() == {"referral": "accepted", "lab": "open", "consent": "accepted"}
        lapsed = row("lab")
        assert lapsed.lapsed_at == later and lapsed.document_date == date(2026, 2, 20)
        assert lapsed.deadline is not None and lapsed.deadline > later
        assert lapsed.submissions.count() == 1, "what was handed in stays"
        assert Case.objects.get().readiness == Readiness.WAITING
        assert [data["prerequisite"] for data in told("requirement.lapsed")] == ["lab"]
        move(appointment, -4 * WEEK)
    advance(practice, later)
    with tenancy.scope(practice.pk):
        assert states()["lab"] == "accepted", "moved back, it is valid again"
        assert row("lab").lapsed_at is None and Case.objects.get().readiness == Readiness.READY
        assert told("requirement.restored")


def test_of_a_move_the_patient_hears_once(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        made = plan(referral={}, lab={"validity": MONTH})
        appointment = AppointmentFactory(type=made.type)
    advance(practice, now)
    queue_requests(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        Message.objects.update(state="delivered", accepted_at=now)
        receive(row("lab"), now, date(2026, 2, 20))
        move(appointment, 4 * WEEK)
    later = now + timedelta(hours=2)
    advance(practice, later)
    for hours in (2, 3, 4, 5):
        queue_requests(practice_id=practice.pk, now=now + timedelta(hours=hours))
        with tenancy.scope(practice.pk):
            Message.objects.update(state="delivered", accepted_at=now + timedelta(hours=hours))
            Case.objects.update(requests_due_at=now)
            said = Message.objects.filter(channel="sms").order_by("pk").values_list("occasion", flat=True)
            assert list(said) == ["request", "moved"]


def test_an_answer_that_shortens_what_is_valid_lapses_what_was_accepted(
    practice: Practice, now: datetime
) -> None:
    limits = [{"when": {"answer": "questions.kidney", "is": ["yes"]}, "days": 7}]
    with tenancy.scope(practice.pk):
        made = plan(questions=FORM, lab={"validity": {**MONTH, "limits": limits}})
        AppointmentFactory(type=made.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        receive(row("lab"), now, date(2026, 2, 25))
        answer(now=now, kidney="yes")
        assert states()["lab"] == "open"
        with pytest.raises(operations.NotAllowedError, match="too_old") as refused:
            receive(row("lab"), now, date(2026, 2, 25))
        assert refused.value.params == {"age": 15, "limit": 7}


def test_another_type_keeps_what_serves_both_by_its_code(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        ct = plan(creatinine={"code": "creatinine", "validity": MONTH}, fasting={})
        mri = plan(kidneys={"code": "creatinine", "validity": {**MONTH, "days": 12}}, screening={})
        appointment = AppointmentFactory(type=ct.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        receive(row("creatinine"), now, date(2026, 2, 27))
        change(appointment, type=mri.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert states() == {"kidneys": "open", "fasting": "withdrawn", "screening": "open"}
        assert row("kidneys").lapsed_at == now, "the other plan wants it newer"
        change(appointment, type=ct.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert states() == {"creatinine": "accepted", "fasting": "open", "screening": "withdrawn"}


def second_case(practice: Practice, now: datetime, **items: dict[str, Any]) -> tuple[Case, Case]:
    """Two appointments of one patient by one plan, the second booked once the first has its laboratory value."""
    with tenancy.scope(practice.pk):
        made, patient = plan(**items), PatientFactory()
        AppointmentFactory(type=made.type, patient=patient)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        first = Case.objects.get()
        if "lab" in items:
            receive(row("lab"), now, date(2026, 2, 20))
        AppointmentFactory(type=made.type, patient=patient, start=now + timedelta(days=14))
    return first, first


def open_second(practice: Practice, now: datetime) -> Case:
    advance(practice, now)
    with tenancy.scope(practice.pk):
        return Case.objects.order_by("-pk")[0]


LAB = {"code": "creatinine", "validity": MONTH}


def test_a_valid_document_of_an_earlier_case_counts_for_the_next_one(
    practice: Practice, now: datetime
) -> None:
    first, _ = second_case(practice, now, lab=LAB, referral={})
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        assert states(second) == {"lab": "accepted", "referral": "open"}
        reused = row("lab", second)
        assert reused.reused_from == row("lab", first) and reused.document_date == date(2026, 2, 20)
        shown = {r.prerequisite.key: r for r in queries.case_detail(second.pk).requirements}
        assert shown["lab"].reused and not shown["referral"].reused
        assert told("case.opened")[-1]["reused"] == {"lab": row("lab", first).pk}


def test_one_that_will_be_too_old_by_then_does_not_count(practice: Practice, now: datetime) -> None:
    second_case(practice, now, lab=LAB)
    with tenancy.scope(practice.pk):
        late = Appointment.objects.order_by("-pk")[0]
        change(late, start=late.start + 3 * WEEK, end=late.end + 3 * WEEK)
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        assert states(second) == {"lab": "open"}


def test_what_is_accepted_later_counts_for_a_case_that_waits_and_falls_with_its_source(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made, patient = plan(lab=LAB), PatientFactory()
        for days in (10, 14):
            AppointmentFactory(type=made.type, patient=patient, start=now + timedelta(days=days))
    advance(practice, now)
    with tenancy.scope(practice.pk):
        first, second = Case.objects.order_by("pk")
        receive(row("lab", first), now, date(2026, 2, 20))
        assert states(second) == {"lab": "accepted"}
        assert Case.objects.get(pk=second.pk).readiness == Readiness.READY
        assert told("requirement.reused")[0]["from"] == row("lab", first).pk
        operations.undo(requirement_id=row("lab", first).pk, by=record.SYSTEM, now=now)
        assert states(second) == {"lab": "open"}
        assert Case.objects.get(pk=second.pk).readiness == Readiness.WAITING
        assert told("requirement.fallen")


def test_a_source_that_lapses_for_its_own_new_date_still_counts_where_it_is_valid(
    practice: Practice, now: datetime
) -> None:
    first, _ = second_case(practice, now, lab=LAB)
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        move(Appointment.objects.get(cases=first), 6 * WEEK)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert (states(first), states(second)) == ({"lab": "open"}, {"lab": "accepted"})


def test_staff_may_ask_for_a_newer_one_than_what_was_reused(practice: Practice, now: datetime) -> None:
    second_case(practice, now, lab=LAB)
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        operations.reject(
            requirement_id=row("lab", second).pk, reason="Bitte neu.", by=record.SYSTEM, now=now
        )
        assert states(second) == {"lab": "rejected"}
        operations.undo(requirement_id=row("lab", second).pk, by=record.SYSTEM, now=now)
        assert states(second) == {"lab": "accepted"}, "taken back, it counts again"


def test_what_lapsed_is_kept_aside_while_a_newer_one_of_another_case_counts(
    practice: Practice, now: datetime
) -> None:
    first, _ = second_case(practice, now, lab=LAB)
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        move(Appointment.objects.get(cases=first), 2 * WEEK)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert (states(first), row("lab", first).document_date) == ({"lab": "open"}, date(2026, 2, 20))
        change(Appointment.objects.get(cases=second), status="cancelled")
        third = AppointmentFactory(
            type=first.plan.type,
            patient=Appointment.objects.get(cases=first).patient,
            start=now + timedelta(days=25),
        )
    advance(practice, now)
    with tenancy.scope(practice.pk):
        newer = row("lab", Case.objects.get(appointment=third))
        receive(newer, now, date(2026, 3, 1))
        held = row("lab", first)
        assert (held.state, held.reused_from_id, held.own_date) == ("accepted", newer.pk, date(2026, 2, 20))
        shown = {r.prerequisite.key: r for r in queries.case_detail(first.pk).requirements}["lab"]
        assert {one.requirement_id for one in shown.given} == {newer.pk}, "what counts is shown"
        ask_again_for(held, now)
        asked = row("lab", first)
        assert (asked.state, asked.document_date, asked.own_date) == ("rejected", date(2026, 2, 20), None)
        operations.undo(requirement_id=held.pk, by=record.SYSTEM, now=now)
        assert states(first) == {"lab": "accepted"}, "taken back, the other one counts again"
        operations.undo(requirement_id=newer.pk, by=record.SYSTEM, now=now)
        assert (states(first), row("lab", first).document_date) == ({"lab": "open"}, date(2026, 2, 20))
        move(Appointment.objects.get(cases=first), -2 * WEEK)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert states(first) == {"lab": "accepted"}, "what was handed in counts again"


def test_an_own_acceptance_is_taken_back_though_another_one_counts_in_its_place(
    practice: Practice, now: datetime
) -> None:
    first, _ = second_case(practice, now, lab=LAB)
    with tenancy.scope(practice.pk):
        held = row("lab", first)
        Requirement.objects.filter(pk=held.pk).update(state="submitted")
        Submission.objects.create(practice=practice, requirement=held, by="patient", at=now)
        operations.accept(requirement_id=held.pk, by=record.SYSTEM, now=now, document_date=date(2026, 2, 20))
        move(Appointment.objects.get(cases=first), 2 * WEEK)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        third = AppointmentFactory(
            type=first.plan.type,
            patient=Appointment.objects.get(cases=first).patient,
            start=now + timedelta(days=25),
        )
    advance(practice, now)
    with tenancy.scope(practice.pk):
        newer = row("lab", Case.objects.get(appointment=third))
        receive(newer, now, date(2026, 3, 1))
        assert row("lab", first).reused_from == newer
        operations.undo(requirement_id=held.pk, by=record.SYSTEM, now=now)
        held.refresh_from_db()
        assert (held.state, held.reused_from_id, held.lapsed_at, held.own_date) == (
            "submitted",
            None,
            None,
            None,
        )
        shown = {r.prerequisite.key: r for r in queries.case_detail(first.pk).requirements}["lab"]
        assert {one.requirement_id for one in shown.given} == {held.pk}, (
            "what is looked at is what was handed in here"
        )
        ask_again_for(held, now)
        assert states(first) == {"lab": "rejected"}


def test_nobody_gets_another_patients_document(practice: Practice, now: datetime) -> None:
    second_case(practice, now, lab=LAB)
    with tenancy.scope(practice.pk):
        late = Appointment.objects.order_by("-pk")[0]
        change(late, patient=PatientFactory(name="Erna Muster"))
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        assert states(second) == {"lab": "open"}


def two_forms(practice: Practice, now: datetime) -> tuple[Case, Case]:
    form = {**FORM, "code": "contrast", "validity": {**MONTH, "days": 180}}
    with tenancy.scope(practice.pk):
        made, patient = plan(questions=form, lab={"condition": IF_METFORMIN}), PatientFactory()
        for days in (10, 14):
            AppointmentFactory(type=made.type, patient=patient, start=now + timedelta(days=days))
    advance(practice, now)
    with tenancy.scope(practice.pk):
        first, second = Case.objects.order_by("pk")
        operations.submit_answers(
            requirement_id=row("questions", first).pk,
            answers={"metformin": "yes", "kidney": "no"},
            by=record.PATIENT,
            now=now,
        )
        operations.accept(requirement_id=row("questions", first).pk, by=record.SYSTEM, now=now)
    return first, second


def test_the_patient_confirms_answers_of_an_earlier_case_in_one_tap(
    practice: Practice, now: datetime
) -> None:
    _, second = two_forms(practice, now)
    with tenancy.scope(practice.pk):
        assert states(second) == {"questions": "open"}, "answers are proposed, not taken"
        (shown,) = queries.case_detail(second.pk).requirements
        assert shown.proposed == {"metformin": "yes", "kidney": "no"} and shown.may_be_unchanged
        operations.confirm_unchanged(requirement_id=shown.requirement.pk, by=record.PATIENT, now=now)
        assert states(second) == {"questions": "accepted", "lab": "open"}
        held = {r.prerequisite.key: r for r in queries.case_detail(second.pk).requirements}["questions"]
        assert held.answers == {"metformin": "yes", "kidney": "no"} and held.submissions[0].how == "unchanged"
        with pytest.raises(operations.StaleError):
            operations.confirm_unchanged(requirement_id=shown.requirement.pk, by=record.PATIENT, now=now)


def test_answers_that_were_confirmed_lately_are_proposed_when_those_that_they_were_taken_from_are_too_old(
    practice: Practice, now: datetime
) -> None:
    first, second = two_forms(practice, now)
    with tenancy.scope(practice.pk):
        confirmed = row("questions", second)
        operations.confirm_unchanged(requirement_id=confirmed.pk, by=record.PATIENT, now=now)
        Requirement.objects.filter(case=first).update(document_date=now.date() - timedelta(days=170))
        AppointmentFactory(
            type=first.plan.type, patient=first.appointment.patient, start=now + timedelta(days=30)
        )
    advance(practice, now)
    with tenancy.scope(practice.pk):
        third = Case.objects.latest("pk")
        assert row("questions", third).reused_from == confirmed
        (shown,) = queries.case_detail(third.pk).requirements
        assert shown.proposed == {"metformin": "yes", "kidney": "no"}


def test_confirmed_answers_are_looked_at_again_once_their_source_was_not_in_order(
    practice: Practice, now: datetime
) -> None:
    first, second = two_forms(practice, now)
    with tenancy.scope(practice.pk):
        operations.confirm_unchanged(requirement_id=row("questions", second).pk, by=record.PATIENT, now=now)
        operations.undo(requirement_id=row("questions", first).pk, by=record.SYSTEM, now=now)
        assert states(second)["questions"] == "submitted"


def test_a_document_that_can_be_too_old_is_accepted_with_its_date_only(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        made = plan(lab={"validity": MONTH}, referral={"validity": {"quarter": "warn"}})
        AppointmentFactory(type=made.type, start=datetime(2026, 4, 2, 9, tzinfo=now.tzinfo))
    advance(practice, now)
    with tenancy.scope(practice.pk):
        for code, dated in (
            ("date_missing", None),
            ("date_in_future", date(2026, 3, 3)),
            ("too_old", date(2026, 3, 2)),
        ):
            with pytest.raises(operations.NotAllowedError, match=code):
                receive(row("lab"), now, dated)
        receive(row("referral"), now, date(2026, 3, 2))
        (_, shown) = queries.case_detail(Case.objects.get().pk).requirements
        assert [one.code for one in shown.cautions] == ["earlier_quarter"]
        assert states()["referral"] == "accepted", "the card is read anew; the referral holds"


def test_what_only_a_physician_may_accept_is_refused_to_others(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        made = plan(check={"kind": "staff_check", "by_physician": True})
        AppointmentFactory(type=made.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        doctor = MembershipFactory(role=Role.PHYSICIAN).user_id
        asked: dict[str, Any] = {"requirement_id": row("check").pk, "held_by": doctor, "held_at": now}
        with pytest.raises(operations.NotAllowedError, match="physician_only"):
            checks.note_done(**asked, by=record.SYSTEM, now=now)
        with pytest.raises(operations.NotAllowedError, match="wrong_kind"):
            operations.mark_received(
                requirement_id=row("check").pk, how="staff", by=record.SYSTEM, now=now, as_physician=True
            )
        checks.note_done(**asked, by=record.staff(doctor), now=now, as_physician=True)
        assert states() == {"check": "accepted"}


def test_planning_again_and_again_changes_and_records_nothing(practice: Practice, now: datetime) -> None:
    second_case(practice, now, lab=LAB, questions=FORM, more={"condition": IF_METFORMIN})
    second = open_second(practice, now)
    with tenancy.scope(practice.pk):
        before = list(Requirement.objects.order_by("pk").values())
    for _ in range(2):
        with tenancy.scope(practice.pk):
            for appointment in Appointment.objects.all():
                change(appointment)
        advance(practice, now + timedelta(hours=1))
    with tenancy.scope(practice.pk):
        assert list(Requirement.objects.order_by("pk").values()) == before
        assert states(second)["lab"] == "accepted"


def test_a_source_undone_while_a_case_opens_never_leaves_a_reuse_without_a_source(
    practice: Practice, now: datetime
) -> None:
    first, _ = second_case(practice, now, lab=LAB)

    def undo() -> None:
        with tenancy.scope(practice.pk):
            operations.undo(requirement_id=row("lab", first).pk, by=record.SYSTEM, now=now)
        connection.close()

    def plan_it() -> None:
        advance(practice, now)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(undo), pool.submit(plan_it)]:
            work.result(timeout=30)
    with tenancy.scope(practice.pk):
        found = Requirement.objects.exclude(case=first)
        assert [r.state for r in found] == ["open"]
