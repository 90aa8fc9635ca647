"""What becomes of a case when its appointment has no type any more, another one, or one that never needs anything."""

from datetime import datetime, timedelta

import pytest

from appointments.models import Appointment, AppointmentStatus, AppointmentType
from appointments.operations import set_needs_nothing
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import operations, planning, queries
from prerequisites.adoption import plan_like
from prerequisites.models import Case, Plan, Readiness, Requirement, RequirementState
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    PlanFactory,
    PrerequisiteFactory,
    make_practice,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


class World:
    """A practice with one appointment of a type whose plan asks for two things, one of which is there."""

    def __init__(self, practice: Practice, now: datetime) -> None:
        self.practice, self.now = practice, now
        with tenancy.scope(practice.pk):
            self.plan = self.plan_with("referral", "creatinine")
            self.appointment = AppointmentFactory(type=self.plan.type)
        self.advance()
        with tenancy.scope(practice.pk):
            referral = Requirement.objects.get(prerequisite__key="referral")
            operations.mark_received(requirement_id=referral.pk, how="post", by=record.SYSTEM, now=now)

    def plan_with(self, *keys: str) -> Plan:
        plan: Plan = PlanFactory()
        for key in keys:
            PrerequisiteFactory(plan=plan, key=key)
        return plan

    def becomes(self, type: AppointmentType | None, **fields: object) -> None:
        with tenancy.scope(self.practice.pk):
            ours = Appointment.objects.filter(pk=self.appointment.pk)
            ours.update(needs_planning=True, type=type, **fields)
        self.advance()

    def advance(self) -> None:
        planning.advance_cases(practice_id=self.practice.pk, now=self.now)

    def case(self) -> Case:
        with tenancy.scope(self.practice.pk):
            return Case.objects.select_related("plan", "appointment__type").get()

    def states(self) -> dict[str, str]:
        with tenancy.scope(self.practice.pk):
            return dict(Requirement.objects.values_list("prerequisite__key", "state"))

    def events(self) -> list[str]:
        with tenancy.scope(self.practice.pk):
            found = RecordEntry.objects.filter(event__startswith="case.").exclude(event="case.readiness")
            return list(found.order_by("id").values_list("event", flat=True))

    def resting(self) -> int:
        with tenancy.scope(self.practice.pk):
            return queries.resting_cases(now=self.now).count()


@pytest.fixture
def world(practice: Practice, now: datetime) -> World:
    return World(practice, now)


def test_without_a_type_it_rests_as_it_is_and_goes_on_where_it_was(world: World) -> None:
    before = world.states()
    world.becomes(None)
    assert (world.case().readiness, world.case().due_at) == (Readiness.CLOSED, None)
    assert world.states() == before == {"referral": "accepted", "creatinine": "open"}
    assert world.resting() == 1
    world.becomes(world.plan.type)
    assert (world.case().readiness, world.case().closed_at) == (Readiness.WAITING, None)
    assert world.states() == before
    assert world.resting() == 0
    assert world.events() == ["case.opened", "case.set_aside", "case.resumed"]


def test_a_type_without_a_plan_is_said_and_asks_for_nothing_of_another(world: World) -> None:
    with tenancy.scope(world.practice.pk):
        other = AppointmentTypeFactory(name="CT Herz")
    world.becomes(other)
    assert world.case().readiness == Readiness.CLOSED
    with tenancy.scope(world.practice.pk):
        assert queries.unplanned_appointments(now=world.now).count() == 1
        plan_like(
            type_id=other.pk,
            other_type_id=world.plan.type_id,
            signed_off_by=None,
            by=record.SYSTEM,
            now=world.now,
        )
    world.advance()
    assert world.case().readiness == Readiness.WAITING
    assert world.states() == {"referral": "accepted", "creatinine": "open"}
    with tenancy.scope(world.practice.pk):
        assert not queries.unplanned_appointments(now=world.now).exists()


def test_a_type_that_never_needs_anything_any_more_lets_its_cases_rest(world: World) -> None:
    for quiet, readiness in ((True, Readiness.CLOSED), (False, Readiness.WAITING)):
        with tenancy.scope(world.practice.pk):
            set_needs_nothing(
                type_id=world.plan.type_id, needs_nothing=quiet, by=record.SYSTEM, now=world.now
            )
        world.advance()
        assert world.case().readiness == readiness
        assert world.resting() == 0, "it is settled"
    assert world.states() == {"referral": "accepted", "creatinine": "open"}


def test_what_was_handed_in_for_a_type_is_there_again_when_the_appointment_is_of_it_again(
    world: World,
) -> None:
    with tenancy.scope(world.practice.pk):
        other = world.plan_with("screening")
    world.becomes(other.type)
    assert world.states() == {"referral": "withdrawn", "creatinine": "withdrawn", "screening": "open"}
    with tenancy.scope(world.practice.pk):
        (kept,) = queries.case_detail(world.case().pk).withdrawn
        assert kept.prerequisite.key == "referral", "staff still see it"
    world.becomes(None)
    world.becomes(other.type, status=AppointmentStatus.CONFIRMED)
    world.becomes(world.plan.type)
    assert world.states() == {"referral": "accepted", "creatinine": "open", "screening": "withdrawn"}


def test_nothing_is_taken_in_or_decided_while_it_rests(world: World) -> None:
    world.becomes(None)
    with tenancy.scope(world.practice.pk):
        creatinine = Requirement.objects.get(prerequisite__key="creatinine")
        with pytest.raises(operations.StaleError):
            operations.mark_received(requirement_id=creatinine.pk, how="fax", by=record.SYSTEM, now=world.now)


def test_a_move_while_it_rests_gives_the_time_that_there_is(world: World) -> None:
    world.becomes(None)
    week = timedelta(days=7)
    start = world.appointment.start + week
    with tenancy.scope(world.practice.pk):
        before = Requirement.objects.get(state=RequirementState.OPEN).deadline
    world.becomes(None, start=start, end=start + timedelta(minutes=30))
    world.becomes(world.plan.type)
    with tenancy.scope(world.practice.pk):
        after = Requirement.objects.get(state=RequirementState.OPEN).deadline
    assert before is not None and after is not None and after - before == week


def test_cancelled_while_it_rests_it_is_closed_for_good(world: World) -> None:
    world.becomes(None)
    world.becomes(None, status=AppointmentStatus.CANCELLED)
    assert world.case().readiness == Readiness.CLOSED
    assert world.resting() == 0
    assert world.events()[-1] == "case.closed"
