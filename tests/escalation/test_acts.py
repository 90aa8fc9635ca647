"""What people do about tasks."""

from datetime import datetime, timedelta

import pytest

from escalation import operations
from escalation.models import Escalation, EscalationState, Task, TaskKind, TaskState
from messaging.models import Message
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import readiness
from prerequisites.models import Case, Requirement, RequirementState
from tests.factories import RequirementFactory, UserFactory, make_practice

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """A practice with one overdue case and its call, and two people."""

    def __init__(self, now: datetime) -> None:
        self.practice: Practice = make_practice()
        with tenancy.scope(self.practice.pk):
            row: Requirement = RequirementFactory()
            readiness.refresh(case_ids=[row.case_id], now=now)
            self.anna, self.ben = (record.staff(UserFactory().pk) for _ in range(2))
        self.row, self.late = row, row.deadline
        self.look(self.late)
        with tenancy.scope(self.practice.pk):
            self.task_id = Task.objects.get().pk

    def look(self, at: datetime) -> None:
        with tenancy.scope(self.practice.pk):
            readiness.refresh(case_ids=[self.row.case_id], now=at)
            Case.objects.update(escalation_due_at=at)
        operations.advance(practice_id=self.practice.pk, now=at)

    def task(self) -> Task:
        with tenancy.scope(self.practice.pk):
            return Task.objects.get(pk=self.task_id)

    def running(self) -> str:
        with tenancy.scope(self.practice.pk):
            return Escalation.objects.order_by("-pk")[0].state

    def events(self) -> list[str]:
        with tenancy.scope(self.practice.pk):
            found = RecordEntry.objects.filter(event__startswith="task.").order_by("pk")
            return list(found.values_list("event", flat=True))


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


def test_who_takes_it_over_keeps_it_on_the_list_and_nobody_else_is_told(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        assert operations.take_over(task_id=desk.task_id, by=desk.anna, now=desk.late)
        assert not operations.take_over(task_id=desk.task_id, by=desk.ben, now=desk.late)
    desk.look(desk.late + timedelta(hours=40))
    task = desk.task()
    assert (task.state, task.taken_by_id) == (TaskState.OPEN, desk.anna.user_id)
    assert task.kind == TaskKind.CALL_PATIENT, "no further step was taken"
    assert desk.running() == EscalationState.ACKNOWLEDGED


def test_what_is_given_back_goes_on_where_it_was(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        operations.take_over(task_id=desk.task_id, by=desk.anna, now=desk.late)
        assert operations.give_back(task_id=desk.task_id, by=desk.ben, now=desk.late)
    desk.look(desk.late + timedelta(minutes=1))
    assert desk.running() == EscalationState.ACTIVE
    assert desk.task().taken_by_id is None
    assert desk.events() == ["task.opened", "task.taken", "task.given_back"]


def test_done_can_be_taken_back_for_half_an_hour(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        operations.finish_task(task_id=desk.task_id, by=desk.anna, now=desk.late, outcome="reached")
        half = desk.late + timedelta(minutes=29)
        assert operations.undo(task_id=desk.task_id, by=desk.anna, now=half)
        assert not operations.undo(task_id=desk.task_id, by=desk.anna, now=half)
    desk.look(half)
    assert (desk.task().state, desk.task().outcome) == (TaskState.OPEN, "")
    assert desk.running() == EscalationState.ACTIVE
    with tenancy.scope(desk.practice.pk):
        operations.finish_task(task_id=desk.task_id, by=desk.anna, now=half)
        late = half + timedelta(minutes=30)
        assert not operations.undo(task_id=desk.task_id, by=desk.anna, now=late)


def test_what_has_no_cause_any_more_is_not_opened_again(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        operations.finish_task(task_id=desk.task_id, by=desk.anna, now=desk.late)
        Requirement.objects.update(state=RequirementState.ACCEPTED)
    desk.look(desk.late)
    with tenancy.scope(desk.practice.pk):
        assert not operations.undo(task_id=desk.task_id, by=desk.anna, now=desk.late)


def test_who_reached_nobody_has_the_call_again_later(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        operations.finish_task(task_id=desk.task_id, by=desk.anna, now=desk.late, outcome="not_reached")
    task = desk.task()
    assert (task.state, task.snoozed_until) == (TaskState.OPEN, desk.late + timedelta(hours=2))
    assert desk.running() == EscalationState.ACTIVE, "nobody has it yet"
    assert desk.events()[-1] == "task.tried"


def test_a_task_is_put_off_within_a_month_and_its_outcome_is_one_of_its_kind(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        until = desk.late + timedelta(hours=3)
        assert operations.put_off(task_id=desk.task_id, until=until, by=desk.anna, now=desk.late)
        for wrong in (desk.late, desk.late + timedelta(days=32)):
            with pytest.raises(ValueError, match="coming month"):
                operations.put_off(task_id=desk.task_id, until=wrong, by=desk.anna, now=desk.late)
        with pytest.raises(ValueError, match="no outcome"):
            operations.finish_task(task_id=desk.task_id, by=desk.anna, now=desk.late, outcome="released")
    assert desk.task().snoozed_until == until


def test_a_slot_is_released_or_kept_with_a_reason_and_nothing_else_is_changed(desk: Desk) -> None:
    at = desk.row.case.appointment.start - timedelta(hours=40)
    desk.look(at)
    with tenancy.scope(desk.practice.pk):
        slot = Task.objects.get(state=TaskState.OPEN)
        assert slot.kind == TaskKind.RELEASE_SLOT
        assert operations.finish_task(task_id=slot.pk, by=desk.anna, now=at, outcome="released")
        assert Case.objects.get().closed_at is None
    desk.look(at + timedelta(hours=30))
    with tenancy.scope(desk.practice.pk):
        assert not Task.objects.filter(state=TaskState.OPEN).exists()


def test_who_took_it_over_and_did_nothing_is_not_alone_with_it_the_day_before(desk: Desk) -> None:
    with tenancy.scope(desk.practice.pk):
        start = Case.objects.get().appointment.start
        assert operations.take_over(task_id=desk.task_id, by=desk.anna, now=desk.late)
    desk.look(start - timedelta(hours=25))
    assert desk.running() == EscalationState.ACKNOWLEDGED
    with tenancy.scope(desk.practice.pk):
        assert Case.objects.get().escalation_due_at == start - timedelta(hours=24)
    desk.look(start - timedelta(hours=24))
    assert desk.running() == EscalationState.ACTIVE
    with tenancy.scope(desk.practice.pk):
        events = list(
            RecordEntry.objects.filter(event__startswith="escalation.").values_list("event", flat=True)
        )
        assert events.count("escalation.resumed") == 1
        assert not Message.objects.filter(patient__isnull=False).exists()
