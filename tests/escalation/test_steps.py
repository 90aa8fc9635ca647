"""The steps of a policy at work: who is reminded, told and called, and what it costs."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.db.models import F

from appointments.models import Appointment
from escalation import operations
from escalation.models import Escalation, EscalationState, Hours, Policy, Task, TaskKind, TaskState
from escalation.policy import MISSING, Act, Anchor, Progress, Step
from messaging.models import Message, MessageState
from practices import record, tenancy
from practices.models import Practice, Role
from prerequisites import readiness
from prerequisites.models import Case, Obstacle, Readiness, Requirement, RequirementState
from prerequisites.operations import cannot_get
from prerequisites.planning import advance_cases
from tests.factories import (
    MembershipFactory,
    MessageFactory,
    PatientFactory,
    RequirementFactory,
    UserFactory,
    make_practice,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def open_case(now: datetime, **patient: object) -> Requirement:
    row: Requirement = RequirementFactory(case__appointment__patient=PatientFactory(**patient))
    readiness.refresh(case_ids=[row.case_id], now=now)
    return row


def write(row: Requirement, at: datetime, **details: object) -> Message:
    said = {"state": MessageState.DELIVERED, "due_at": None, "accepted_at": at, "created_at": at}
    message: Message = MessageFactory(
        case=row.case, dedupe_key=f"said:{row.case_id}:{at}/sms", **{**said, **details}
    )
    return message


def look(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        readiness.refresh(case_ids=list(Case.objects.values_list("pk", flat=True)), now=now)
        Case.objects.update(escalation_due_at=now)
    operations.advance(practice_id=practice.pk, now=now)
    advance_cases(practice_id=practice.pk, now=now)
    operations.advance(practice_id=practice.pk, now=now)


def tasks(practice: Practice) -> list[str]:
    with tenancy.scope(practice.pk):
        return sorted(Task.objects.filter(state=TaskState.OPEN).values_list("kind", flat=True))


def settle(practice: Practice, **steps: Step) -> None:
    with tenancy.scope(practice.pk):
        Policy.objects.create(
            practice=practice, name="Eigene", steps=[step.to_dict() for step in steps.values()]
        )


def test_who_opened_nothing_is_reminded_over_the_other_channel_a_day_before_the_deadline(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now, phone="+4915254599371", email="o.probefeld@post.example")
        write(row, now, channel="sms")
    at = row.deadline - timedelta(hours=24)
    look(practice, at)
    look(practice, at + timedelta(hours=1))
    with tenancy.scope(practice.pk):
        reminders = Message.objects.filter(occasion="reminder").values_list("channel", "state")
        assert list(reminders) == [("email", "queued")]


@pytest.mark.parametrize("case", ["opened", "one way", "not sending", "asked just now"])
def test_nobody_is_reminded_who(case: str, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        email = "" if case == "one way" else "o.probefeld@post.example"
        row = open_case(now, phone="+4915254599371", email=email)
        write(row, now, state=MessageState.QUEUED if case == "asked just now" else MessageState.DELIVERED)
        if case == "opened":
            Case.objects.update(link_opened_at=now)
        if case == "not sending":
            Practice.objects.update(sending=False)
    look(practice, row.deadline - timedelta(hours=24))
    with tenancy.scope(practice.pk):
        assert not Message.objects.filter(occasion="reminder").exists()


def test_who_opened_nothing_after_two_messages_is_called_while_the_blood_can_still_be_drawn(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        row.prerequisite.lead_days = 3
        row.prerequisite.save()
        for hours in (0, 48):
            write(row, now + timedelta(hours=hours))
    useful = row.case.appointment.start - timedelta(days=3)
    look(practice, useful - timedelta(hours=73))
    assert tasks(practice) == []
    with tenancy.scope(practice.pk):
        assert Case.objects.get().escalation_due_at == useful - timedelta(hours=72)
    look(practice, useful - timedelta(hours=72))
    assert tasks(practice) == [TaskKind.CALL_PATIENT]
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.AT_RISK
        Case.objects.update(link_opened_at=now)
    look(practice, useful - timedelta(hours=71))
    assert tasks(practice) == [], "opened: there is hope again"
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.WAITING


def test_i_cant_get_it_and_overdue_are_one_task_until_it_is_answered(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        cannot_get(requirement_id=row.pk, reason=Obstacle.LOST, now=now)
    look(practice, row.deadline)
    assert tasks(practice) == [TaskKind.CANNOT_GET]
    with tenancy.scope(practice.pk):
        person = record.staff(UserFactory().pk)
        operations.finish_task(task_id=Task.objects.get().pk, by=person, now=row.deadline)
    look(practice, row.deadline + timedelta(hours=1))
    assert tasks(practice) == [], "who answered has the case"
    with tenancy.scope(practice.pk):
        assert Escalation.objects.get().state == EscalationState.ACKNOWLEDGED


def test_what_waits_for_review_the_day_before_is_a_task_of_its_own(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        Requirement.objects.update(state=RequirementState.SUBMITTED)
    look(practice, row.deadline)
    assert tasks(practice) == []
    look(practice, row.case.appointment.start - timedelta(hours=24))
    assert tasks(practice) == [TaskKind.REVIEW]


def test_a_type_has_its_own_policy_and_what_runs_keeps_the_one_it_began_with(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        manager = MembershipFactory(role=Role.MANAGER).user
        own = Policy.objects.create(
            practice=practice,
            name="CT",
            type=row.case.appointment.type,
            steps=[Step(act=Act.NOTIFY, role="manager", hours=h, any_time=True).to_dict() for h in (0, 2)],
        )
        Policy.objects.create(practice=practice, name="Alle", steps=[])
    look(practice, row.deadline)
    assert tasks(practice) == [TaskKind.NOTIFY_MANAGER]
    with tenancy.scope(practice.pk):
        Policy.objects.filter(pk=own.pk).update(steps=[])
    look(practice, row.deadline + timedelta(hours=2))
    with tenancy.scope(practice.pk):
        told = Message.objects.filter(occasion="staff", address=manager.email)
        assert told.count() == 2


def test_a_policy_that_cannot_be_read_holds_nobody_up(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        Policy.objects.create(practice=practice, name="Alle", steps=[{"act": "dance"}])
    look(practice, row.deadline)
    assert tasks(practice) == [TaskKind.CALL_PATIENT]


def test_people_are_told_in_office_hours_only(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        Hours.objects.create(practice=practice, opens=time(10), closes=time(12), days=[2])
        row = open_case(now)
        MembershipFactory(role=Role.MANAGER)
    look(practice, row.deadline + timedelta(hours=5))
    with tenancy.scope(practice.pk):
        assert not Message.objects.filter(occasion="staff").exists()
        assert Case.objects.get().escalation_due_at == datetime.fromisoformat("2026-03-11T09:00:00Z")


def test_a_moved_appointment_starts_over(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
    look(practice, row.case.appointment.start - timedelta(hours=40))
    assert tasks(practice) == [TaskKind.RELEASE_SLOT]
    with tenancy.scope(practice.pk):
        Appointment.objects.update(start=F("start") + timedelta(days=30), end=F("end") + timedelta(days=30))
    at = row.case.appointment.start - timedelta(hours=39)
    look(practice, at)
    assert tasks(practice) == [TaskKind.CALL_PATIENT], "still overdue, but the slot is another one"
    with tenancy.scope(practice.pk):
        assert list(Escalation.objects.order_by("pk").values_list("state", flat=True)) == ["ended", "active"]


def test_what_was_handed_in_in_time_leaves_no_trace(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        Case.objects.update(link_opened_at=now)
    look(practice, row.deadline - timedelta(hours=24))
    with tenancy.scope(practice.pk):
        assert not Escalation.objects.exists()
        assert Case.objects.get().escalation_due_at == row.deadline


def _statements(practice: Practice, amount: int, now: datetime) -> int:
    with tenancy.scope(practice.pk):
        rows = [open_case(now, phone="+4915254599371", email=f"p{n}@post.example") for n in range(amount)]
        for row in rows:
            write(row, now, channel="sms")
        MembershipFactory(role=Role.MANAGER)
        late = rows[0].deadline + timedelta(hours=5)
        readiness.refresh(case_ids=[row.case_id for row in rows], now=late)
        Case.objects.update(escalation_due_at=late)
    counted = []

    def count(execute: object, sql: str, *rest: object) -> object:
        counted.append(sql)
        return execute(sql, *rest)  # type: ignore[operator]

    with connection.execute_wrapper(count):  # type: ignore[arg-type]
        operations.advance(practice_id=practice.pk, now=late)
    with tenancy.scope(practice.pk):
        assert Task.objects.filter(state=TaskState.OPEN).count() == amount
        assert Message.objects.filter(occasion="reminder").count() == amount
        assert Message.objects.filter(occasion="staff").count() == amount
    return len(counted)


def test_a_sweep_that_begins_reminds_calls_and_tells_takes_twenty_statements_for_one_and_for_many(
    now: datetime,
) -> None:
    one = _statements(make_practice(), 1, now)
    many = _statements(make_practice(), 12, now)
    assert one == many <= 20


def test_conditions_choose_among_the_steps(practice: Practice, now: datetime) -> None:
    settle(
        practice,
        unopened=Step(act=Act.CALL_TASK, role="staff", hours=-48, when=(Progress.UNOPENED,), any_time=True),
        missing=Step(act=Act.CALL_TASK, role="physician", when=MISSING, any_time=True),
        before=Step(act=Act.RELEASE, role="staff", anchor=Anchor.START, hours=-24),
    )
    with tenancy.scope(practice.pk):
        row = open_case(now)
        Case.objects.update(link_opened_at=now)
    look(practice, row.deadline - timedelta(hours=48))
    assert tasks(practice) == []
    look(practice, row.deadline)
    with tenancy.scope(practice.pk):
        assert Task.objects.get().role == Role.PHYSICIAN
