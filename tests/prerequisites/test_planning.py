"""Appointments become cases: what is required by when, what follows a move, a cancellation, another type."""

from datetime import datetime, timedelta

import pytest

from appointments.models import Appointment, AppointmentStatus
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import checks, operations, packs, planning
from prerequisites.adoption import adopt_pack
from prerequisites.links import url_for
from prerequisites.models import Case, Kind, PatientLink, Readiness, Requirement, RequirementState
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    MembershipFactory,
    PatientFactory,
    PlanFactory,
    PrerequisiteFactory,
    make_practice,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def plan_with(*keys: str, **fields: object) -> PlanFactory:
    plan = PlanFactory()
    for key in keys:
        PrerequisiteFactory(plan=plan, key=key, **fields)
    return plan


def advance(practice: Practice, now: datetime) -> None:
    planning.advance_cases(practice_id=practice.pk, now=now)


def change(appointment: Appointment, **fields: object) -> None:
    """What the sync does when the calendar changed."""
    Appointment.objects.filter(pk=appointment.pk).update(needs_planning=True, **fields)


def test_a_booking_becomes_a_case_with_what_it_requires(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        plan = plan_with("referral", "creatinine")
        appointment = AppointmentFactory(type=plan.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get(appointment=appointment)
        assert case.plan == plan and case.readiness == Readiness.WAITING
        assert {r.prerequisite.key for r in case.requirements.all()} == {"referral", "creatinine"}
        assert case.requests_due_at == now and case.deadline is not None
        assert RecordEntry.objects.filter(event="case.opened", case_id=case.pk).exists()


def test_planning_twice_opens_one_case(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        appointment = AppointmentFactory(type=plan_with("referral").type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        change(appointment)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert Case.objects.count() == 1 and Requirement.objects.count() == 1


def test_types_without_a_plan_and_types_that_need_nothing_open_no_case(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        AppointmentFactory(type=None)
        AppointmentFactory(type=AppointmentTypeFactory())
        nothing = plan_with("referral")
        nothing.type.needs_nothing = True
        nothing.type.save()
        AppointmentFactory(type=nothing.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert Case.objects.count() == 0
        assert not Appointment.objects.filter(needs_planning=True).exists()


def test_without_a_contact_the_case_says_so(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        patient = PatientFactory(phone="", email="")
        appointment = AppointmentFactory(type=plan_with("referral").type, patient=patient)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
        assert case.readiness == Readiness.NEEDS_CONTACT
        patient.phone = "+4915254599371"
        patient.save()
        change(appointment)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.WAITING


def test_a_moved_appointment_moves_its_open_deadlines_and_its_link(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        appointment = AppointmentFactory(type=plan_with("referral", "creatinine").type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
        url_for(case)
        kept = case.requirements.get(prerequisite__key="referral")
        operations.mark_received(requirement_id=kept.pk, how="fax", by=record.SYSTEM, now=now)
        later = timedelta(days=7)
        change(appointment, start=appointment.start + later, end=appointment.end + later)
        before = {r.pk: r.deadline for r in case.requirements.all()}
    advance(practice, now + timedelta(hours=1))
    with tenancy.scope(practice.pk):
        moved = {r.pk: r for r in Requirement.objects.all()}
        assert moved[kept.pk].state == RequirementState.ACCEPTED
        assert moved[kept.pk].deadline == before[kept.pk]
        still_open = next(r for r in moved.values() if r.pk != kept.pk)
        assert still_open.deadline - before[still_open.pk] == later
        assert PatientLink.objects.get().expires_at == appointment.end + later + timedelta(days=1)
        assert Case.objects.get().requests_due_at == now + timedelta(hours=1)


def test_a_contact_or_a_name_gives_nobody_more_time(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        plan = plan_with("referral", "lab")
        PrerequisiteFactory(plan=plan, key="card", may_be_brought=True)
        appointment = AppointmentFactory(type=plan.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        card = Requirement.objects.get(prerequisite__key="card")
        operations.will_bring(requirement_id=card.pk, now=now)
        late = Case.objects.get().deadline + timedelta(hours=5)
    advance(practice, late)
    with tenancy.scope(practice.pk):
        before = dict(Requirement.objects.values_list("pk", "deadline"))
        assert Case.objects.get().readiness == Readiness.OVERDUE
        change(appointment, summary="Probefeld, Otto (geb. Muster)")
    advance(practice, late)
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.OVERDUE
        assert dict(Requirement.objects.values_list("pk", "deadline")) == before
        assert Requirement.objects.get(pk=card.pk).bring_along


def test_a_move_by_an_hour_keeps_what_was_overdue_and_what_the_patient_said_to_bring(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        appointment = AppointmentFactory(type=plan_with("referral", "card", may_be_brought=True).type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        card = Requirement.objects.get(prerequisite__key="card")
        operations.will_bring(requirement_id=card.pk, now=now)
        late = Case.objects.get().deadline + timedelta(hours=5)
        hour = timedelta(hours=1)
        change(appointment, start=appointment.start + hour, end=appointment.end + hour)
    advance(practice, late)
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.OVERDUE
        card.refresh_from_db()
        assert card.bring_along and card.deadline == appointment.start + hour
        week = timedelta(days=7)
        change(appointment, start=appointment.start + week, end=appointment.end + week)
    advance(practice, late)
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.WAITING, "a week later there is time again"
        card.refresh_from_db()
        assert card.bring_along and card.deadline == appointment.start + week


def test_a_type_that_is_changed_and_changed_back_asks_for_everything_again(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        first, other = plan_with("referral", "creatinine"), plan_with("referral")
        appointment = AppointmentFactory(type=first.type)
    advance(practice, now)
    for plan in (other, first):
        with tenancy.scope(practice.pk):
            change(appointment, type=plan.type)
        advance(practice, now)
    with tenancy.scope(practice.pk):
        states = {r.prerequisite.key: r.state for r in Requirement.objects.select_related("prerequisite")}
        assert states == {"referral": "open", "creatinine": "open"}


def test_a_cancelled_appointment_closes_its_case(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        appointment = AppointmentFactory(type=plan_with("referral").type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        change(appointment, status=AppointmentStatus.CANCELLED)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
        assert case.readiness == Readiness.CLOSED and case.closed_at == now and case.due_at is None
        with pytest.raises(operations.StaleError):
            operations.mark_received(
                requirement_id=case.requirements.get().pk, how="fax", by=record.SYSTEM, now=now
            )


def test_another_type_keeps_what_serves_both_plans(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        appointment = AppointmentFactory(type=plan_with("referral", "creatinine").type)
        other = plan_with("referral", "screening")
    advance(practice, now)
    with tenancy.scope(practice.pk):
        referral = Requirement.objects.get(prerequisite__key="referral")
        operations.mark_received(requirement_id=referral.pk, how="post", by=record.SYSTEM, now=now)
        change(appointment, type=other.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        states = {r.prerequisite.key: r.state for r in Requirement.objects.select_related("prerequisite")}
        assert states == {"referral": "accepted", "creatinine": "withdrawn", "screening": "open"}
        assert Case.objects.get().plan == other


def test_time_alone_makes_a_case_overdue_and_closes_it_in_the_end(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        appointment = AppointmentFactory(type=plan_with("referral").type)
    advance(practice, now)
    seen = []
    for _ in range(8):
        with tenancy.scope(practice.pk):
            case = Case.objects.get()
            seen.append(case.readiness)
            moment = case.due_at
        if moment is None:
            break
        advance(practice, moment)
    assert seen == ["waiting", "at_risk", "overdue", "not_performable", "closed"]
    assert moment is None and case.closed_at == appointment.end


@pytest.mark.parametrize("pack", packs.NAMES)
def test_a_pack_is_adopted_once_and_plans_what_is_booked(
    practice: Practice, now: datetime, pack: str
) -> None:
    with tenancy.scope(practice.pk):
        plans = adopt_pack(pack, signed_off_by=None, by=record.SYSTEM, now=now)
        assert plans and adopt_pack(pack, signed_off_by=None, by=record.SYSTEM, now=now) == []
        AppointmentFactory(type=plans[0].type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        asked = {
            row.prerequisite.key for row in Case.objects.get().requirements.select_related("prerequisite")
        }
        assert asked == {one.key for one in plans[0].prerequisites.all() if not one.condition}


def test_a_conversation_about_something_else_does_not_count_for_another_type(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        doctor = MembershipFactory(role=Role.PHYSICIAN).user_id
        talk = {"kind": Kind.STAFF_CHECK, "code": "conversation"}
        appointment = AppointmentFactory(type=plan_with("talk", **talk).type)
        other = plan_with("talk", **talk)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        held = Requirement.objects.get()
        checks.note_done(
            requirement_id=held.pk, held_by=doctor, held_at=now, by=record.staff(doctor), now=now
        )
        change(appointment, type=other.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert Requirement.objects.get(pk=held.pk).state == RequirementState.WITHDRAWN
        assert Requirement.objects.exclude(pk=held.pk).get().state == RequirementState.OPEN
        change(appointment, type=held.prerequisite.plan.type)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        back = Requirement.objects.get(pk=held.pk)
        assert (back.state, back.held_by_id, back.held_at) == (RequirementState.ACCEPTED, doctor, now)
