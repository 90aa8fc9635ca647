"""Cases that stall go to people; tasks open and close with their causes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F

from appointments.models import Appointment
from escalation import operations
from escalation.models import Escalation, EscalationState, Task, TaskKind, TaskState
from messaging.models import Message, MessageState
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import readiness
from prerequisites.models import (
    Case,
    Document,
    Obstacle,
    PatientLink,
    Readiness,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from prerequisites.operations import cannot_get, mark_received
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
    row = RequirementFactory(case__appointment__patient=PatientFactory(**patient))
    readiness.refresh(case_ids=[row.case_id], now=now)
    return row


def advance(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        readiness.refresh(case_ids=list(Case.objects.values_list("pk", flat=True)), now=now)
        Case.objects.update(escalation_due_at=now)
    operations.advance(practice_id=practice.pk, now=now)


def open_tasks(practice: Practice) -> list[str]:
    with tenancy.scope(practice.pk):
        return sorted(Task.objects.filter(state=TaskState.OPEN).values_list("kind", flat=True))


def test_a_case_that_waits_in_time_makes_no_task(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        open_case(now)
    advance(practice, now)
    assert open_tasks(practice) == []


def test_a_missed_deadline_makes_a_call_then_tells_the_manager_and_ends_when_ready(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        manager = MembershipFactory(role=Role.MANAGER).user
    advance(practice, row.deadline)
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT]
    with tenancy.scope(practice.pk):
        due = Case.objects.get().escalation_due_at
        assert due == row.deadline + timedelta(hours=4)
    operations.advance(practice_id=practice.pk, now=due)
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT], "one thing to do is one task"
    with tenancy.scope(practice.pk):
        assert Message.objects.filter(occasion="staff", address=manager.email).count() == 1
    advance(practice, row.case.appointment.start - timedelta(hours=24))
    assert open_tasks(practice) == [TaskKind.RELEASE_SLOT], "the slot takes the place of the call"
    with tenancy.scope(practice.pk):
        mark_received(requirement_id=row.pk, how="fax", by=record.SYSTEM, now=due)
    operations.advance(practice_id=practice.pk, now=due)
    assert open_tasks(practice) == []
    with tenancy.scope(practice.pk):
        assert Escalation.objects.get().state == EscalationState.ENDED
        assert Case.objects.get().escalation_due_at is None


def test_steps_that_are_due_together_tell_each_manager_once(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        managers = [MembershipFactory(role=Role.MANAGER).user for _ in range(2)]
    advance(practice, row.case.appointment.start - timedelta(hours=23))
    with tenancy.scope(practice.pk):
        assert Escalation.objects.get().next_step == 6
        told = Message.objects.filter(occasion="staff").values_list("address", flat=True)
        assert sorted(told) == sorted(manager.email for manager in managers)


def test_a_risk_waits_for_its_deadline_before_anybody_is_called(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
    advance(practice, row.deadline - timedelta(hours=2))
    assert open_tasks(practice) == []
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.AT_RISK
        assert Case.objects.get().escalation_due_at == row.deadline


def test_advancing_twice_or_at_once_takes_each_step_once(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
    advance(practice, row.deadline)

    def again(_: int) -> None:
        try:
            with tenancy.scope(practice.pk):
                Case.objects.update(escalation_due_at=row.deadline)
            operations.advance(practice_id=practice.pk, now=row.deadline)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(again, range(8)))
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT]
    with tenancy.scope(practice.pk):
        taken = RecordEntry.objects.filter(event="escalation.step").values_list("data__act", flat=True)
        assert sorted(taken) == ["call_task", "remind"]


def test_who_finishes_the_call_has_taken_the_case_over(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
    advance(practice, row.deadline)
    with tenancy.scope(practice.pk):
        person = record.staff(UserFactory().pk)
        task = Task.objects.get()
        assert operations.finish_task(task_id=task.pk, by=person, now=row.deadline)
        assert not operations.finish_task(task_id=task.pk, by=person, now=row.deadline)
    advance(practice, row.deadline + timedelta(hours=9))
    assert open_tasks(practice) == []
    with tenancy.scope(practice.pk):
        assert Escalation.objects.get().state == EscalationState.ACKNOWLEDGED


def test_a_missing_contact_is_a_task_until_it_is_there(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now, phone="", email="")
    advance(practice, now)
    assert open_tasks(practice) == [TaskKind.ADD_CONTACT]
    with tenancy.scope(practice.pk):
        patient = row.case.appointment.patient
        patient.email = "o.probefeld@post.example"
        patient.save()
    advance(practice, now)
    assert open_tasks(practice) == []


def test_what_the_patient_cannot_get_is_a_task_at_once(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        cannot_get(requirement_id=row.pk, reason=Obstacle.LOST, now=now)
    operations.advance(practice_id=practice.pk, now=now)
    assert open_tasks(practice) == [TaskKind.CANNOT_GET]


def test_a_file_that_the_virus_scanner_refused_is_a_task_until_another_one_comes(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        Requirement.objects.update(state=RequirementState.REJECTED)
        hand_in(row, now, scan=ScanState.INFECTED)
    advance(practice, now)
    assert open_tasks(practice) == [TaskKind.INFECTED_FILE]
    with tenancy.scope(practice.pk):
        hand_in(row, now, scan=ScanState.CLEAN)
    advance(practice, now)
    assert open_tasks(practice) == []


def hand_in(row: Requirement, now: datetime, *, scan: str) -> None:
    submission = Submission.objects.create(practice_id=row.practice_id, requirement=row, by="patient", at=now)
    Document.objects.create(
        practice_id=row.practice_id, submission=submission, stored_name="x", size=1, scan=scan
    )


def test_locked_links_and_noted_dates_of_birth_are_tasks(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now, birth_date=None)
        PatientLink.objects.create(
            practice=practice,
            case=row.case,
            token_hash="x",
            expires_at=now,
            tries_left=0,
            claimed_birth_date=now,
        )
    advance(practice, now)
    assert open_tasks(practice) == [TaskKind.CONFIRM_BIRTH_DATE, TaskKind.LINK_LOCKED]


def test_a_message_nobody_knows_the_fate_of_and_a_patient_nobody_reaches_are_tasks(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        unknown = MessageFactory(case=row.case, state=MessageState.UNKNOWN, due_at=None)
    advance(practice, now)
    assert open_tasks(practice) == [TaskKind.CHECK_MESSAGE]
    with tenancy.scope(practice.pk):
        Message.objects.filter(pk=unknown.pk).update(state=MessageState.FAILED)
    advance(practice, now)
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT]
    with tenancy.scope(practice.pk):
        MessageFactory(case=row.case, state=MessageState.DELIVERED, due_at=None)
    advance(practice, now)
    assert open_tasks(practice) == []


def test_a_patient_nobody_reaches_whose_deadline_passes_is_called_once(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        MessageFactory(case=row.case, state=MessageState.FAILED, due_at=None)
    advance(practice, now)
    advance(practice, row.deadline)
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT]
    with tenancy.scope(practice.pk):
        assert Task.objects.count() == 1, "the call that was asked for is the same call"


def test_who_cannot_be_called_for_want_of_a_number_is_a_contact_to_add_and_no_call(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now, phone="", email="")
    advance(practice, now)
    advance(practice, row.deadline)
    assert open_tasks(practice) == [TaskKind.ADD_CONTACT]
    with tenancy.scope(practice.pk):
        assert Task.objects.count() == 1


def test_a_task_that_is_done_stays_done_while_its_cause_lasts_and_comes_back_with_it(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now, phone="", email="")
        person = record.staff(UserFactory().pk)
    advance(practice, now)
    with tenancy.scope(practice.pk):
        assert operations.finish_task(task_id=Task.objects.get().pk, by=person, now=now)
    advance(practice, now + timedelta(hours=1))
    assert open_tasks(practice) == [], "looking again is no new cause"
    give_contact(practice, row, email="o.probefeld@post.example")
    advance(practice, now + timedelta(hours=2))
    give_contact(practice, row, email="")
    advance(practice, now + timedelta(hours=3))
    assert open_tasks(practice) == [TaskKind.ADD_CONTACT], "the contact is missing anew"


def give_contact(practice: Practice, row: Requirement, *, email: str) -> None:
    with tenancy.scope(practice.pk):
        patient = row.case.appointment.patient
        patient.email = email
        patient.save()


def test_a_patient_who_cannot_get_it_again_makes_a_new_task(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        person = record.staff(UserFactory().pk)
        cannot_get(requirement_id=row.pk, reason=Obstacle.LOST, now=now)
    operations.advance(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        operations.finish_task(task_id=Task.objects.get().pk, by=person, now=now)
        later = now + timedelta(hours=5)
        cannot_get(requirement_id=row.pk, reason=Obstacle.SURGERY_CLOSED, now=later)
    operations.advance(practice_id=practice.pk, now=later)
    assert open_tasks(practice) == [TaskKind.CANNOT_GET]


def test_a_case_that_was_taken_over_is_escalated_anew_when_its_next_deadline_is_missed(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        person = record.staff(UserFactory().pk)
    advance(practice, row.deadline)
    with tenancy.scope(practice.pk):
        operations.finish_task(task_id=Task.objects.get().pk, by=person, now=row.deadline)
        Appointment.objects.update(start=F("start") + timedelta(days=10), end=F("end") + timedelta(days=10))
        later = row.deadline + timedelta(days=9)
        Requirement.objects.update(deadline=later)
    advance(practice, row.deadline + timedelta(hours=1))
    assert open_tasks(practice) == []
    advance(practice, later)
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT]


def test_what_is_asked_for_again_after_its_deadline_gives_the_manager_four_hours_from_now(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        MembershipFactory(role=Role.MANAGER)
    advance(practice, row.deadline)
    with tenancy.scope(practice.pk):
        Requirement.objects.update(state=RequirementState.SUBMITTED)
    advance(practice, row.deadline + timedelta(hours=1))
    assert open_tasks(practice) == [], "it was handed in: nobody has to be called"
    with tenancy.scope(practice.pk):
        Requirement.objects.update(state=RequirementState.REJECTED)
    again = row.deadline + timedelta(hours=20)
    advance(practice, again)
    assert open_tasks(practice) == [TaskKind.CALL_PATIENT]
    with tenancy.scope(practice.pk):
        assert not Message.objects.filter(occasion="staff").exists()
        assert Case.objects.get().escalation_due_at == again + timedelta(hours=4)


def test_what_can_no_longer_be_had_in_time_is_one_task_at_once(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
        row.prerequisite.lead_days = 12
        row.prerequisite.save()
    advance(practice, now)
    assert open_tasks(practice) == [TaskKind.TOO_LATE]
    advance(practice, row.deadline)
    assert open_tasks(practice) == [TaskKind.TOO_LATE], "and no call beside it"
    with tenancy.scope(practice.pk):
        person = record.staff(UserFactory().pk)
        operations.finish_task(task_id=Task.objects.get().pk, by=person, now=row.deadline)
    advance(practice, row.deadline + timedelta(hours=9))
    assert open_tasks(practice) == []


def test_the_case_that_ends_takes_its_tasks_along(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = open_case(now)
    advance(practice, row.deadline)
    advance(practice, row.case.appointment.end)
    assert open_tasks(practice) == []
