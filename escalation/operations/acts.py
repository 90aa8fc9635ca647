"""What people do about tasks: done, taken over, given back, put off, taken back. Each locks the case first, as the stage
does, changes what is still as it was shown, and goes to the record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from escalation import policy
from escalation.models import Escalation, EscalationState, Task, TaskKind, TaskOutcome, TaskState
from practices import record, tenancy
from practices.nudge import nudge
from prerequisites import locking
from prerequisites.models import Case

UNDO_WITHIN = timedelta(minutes=30)
LONGEST_SNOOZE = timedelta(days=31)
# Who does one of these has the case.
STALLING = (
    TaskKind.CALL_PATIENT,
    TaskKind.TOO_LATE,
    TaskKind.NOTIFY_MANAGER,
    TaskKind.REVIEW,
    TaskKind.RELEASE_SLOT,
    TaskKind.CANNOT_GET,
)
NO_CALL = (TaskKind.ADD_CONTACT, TaskKind.REVIEW, TaskKind.CONFIRM_BIRTH_DATE)
SLOTS = (TaskKind.TOO_LATE, TaskKind.RELEASE_SLOT)
SLOT_OUTCOMES = (
    TaskOutcome.RELEASED,
    TaskOutcome.KEPT_IN_TIME,
    TaskOutcome.KEPT_BROUGHT,
    TaskOutcome.KEPT_PHYSICIAN,
    TaskOutcome.KEPT_OTHERWISE,
)
CALL_OUTCOMES = (
    TaskOutcome.REACHED,
    TaskOutcome.WILL_COME,
    TaskOutcome.VOICEMAIL,
    TaskOutcome.NOT_REACHED,
    TaskOutcome.OTHERWISE,
)
# Nothing is settled by these: the task comes back after a while.
TRY_AGAIN = {TaskOutcome.VOICEMAIL: timedelta(hours=4), TaskOutcome.NOT_REACHED: timedelta(hours=2)}


def outcomes_of(kind: str) -> Sequence[TaskOutcome]:
    """What may come of a task of this kind."""
    if kind in SLOTS:
        return SLOT_OUTCOMES
    return (TaskOutcome.OTHERWISE,) if kind in NO_CALL else CALL_OUTCOMES


def acknowledge(*, case_id: int, by: record.Actor, now: datetime) -> bool:
    """Somebody has it: no further step is taken until the day before the appointment. False if nothing was running."""
    locking.lock_cases([case_id])
    start = Case.objects.values_list("appointment__start", flat=True).get(pk=case_id)
    taken = Escalation.objects.filter(case_id=case_id, state=EscalationState.ACTIVE).update(
        state=EscalationState.ACKNOWLEDGED, next_at=policy.taken_until(start=start, now=now)
    )
    if taken:
        record.write(record.Entry(event="escalation.acknowledged", at=now, actor=by, case_id=case_id))
        _look_again(case_id, now=now)
    return bool(taken)


def finish_task(*, task_id: int, by: record.Actor, now: datetime, outcome: str = "") -> bool:
    """A person did it. What a stalling case asked for takes its escalation over. An attempt that reached nobody puts the task
    off instead. False if it was closed before. ValueError for an outcome that the task's kind does not have."""
    task = _locked(task_id)
    if outcome and outcome not in outcomes_of(task.kind):
        raise ValueError(f"{task.kind} has no outcome {outcome}")
    if outcome in TRY_AGAIN:
        until = now + TRY_AGAIN[TaskOutcome(outcome)]
        return _change(task, "task.tried", by=by, now=now, outcome=outcome, snoozed_until=until)
    changes = {"state": TaskState.DONE, "closed_at": now, "closed_by_id": by.user_id, "outcome": outcome}
    if not _change(task, "task.done", by=by, now=now, **changes):
        return False
    if task.case_id is not None and task.kind in STALLING:
        acknowledge(case_id=task.case_id, by=by, now=now)
    return True


def take_over(*, task_id: int, by: record.Actor, now: datetime) -> bool:
    """Somebody sees to it: it stays on the list under their name, and nobody else is told. False if it is closed, or
    somebody else's."""
    task = _locked(task_id)
    if task.taken_by_id is not None:
        return False
    if not _change(task, "task.taken", by=by, now=now, taken_by_id=by.user_id, taken_at=now):
        return False
    if task.case_id is not None and task.kind in STALLING:
        acknowledge(case_id=task.case_id, by=by, now=now)
    return True


def give_back(*, task_id: int, by: record.Actor, now: datetime) -> bool:
    """Nobody has it any more: the steps go on. False if it is closed, or nobody had it."""
    task = _locked(task_id)
    if task.taken_by_id is None:
        return False
    changed = _change(task, "task.given_back", by=by, now=now, taken_by_id=None, taken_at=None)
    if changed:
        _resume(task, now=now)
    return changed


def put_off(*, task_id: int, until: datetime, by: record.Actor, now: datetime) -> bool:
    """Out of sight until then; steps of an escalation go on. ValueError for a moment that is past or too far off."""
    if not now < until <= now + LONGEST_SNOOZE:
        raise ValueError("a task is put off into the coming month")
    return _change(_locked(task_id), "task.put_off", by=by, now=now, snoozed_until=until)


def undo(*, task_id: int, by: record.Actor, now: datetime) -> bool:
    """Takes "done" back, within half an hour: the task is open as before and the steps go on. False if that is over, or the
    same is open anew by now."""
    task = _locked(task_id)
    done = Task.objects.filter(
        pk=task_id, state=TaskState.DONE, closed_at__gt=now - UNDO_WITHIN, cause_gone_at=None
    )
    try:
        with transaction.atomic():
            undone = done.update(
                state=TaskState.OPEN, closed_at=None, closed_by=None, outcome="", snoozed_until=None
            )
    except IntegrityError:
        return False
    if undone:
        record.write(_entry(task, "task.undone", by=by, now=now))
        _resume(task, now=now)
    return bool(undone)


def _locked(task_id: int) -> Task:
    """The task, its case locked. Task.DoesNotExist."""
    locking.lock_cases(Task.objects.filter(pk=task_id, case__isnull=False).values_list("case_id", flat=True))
    return Task.objects.select_for_update(of=("self",), no_key=True).get(pk=task_id)


def _change(task: Task, event: str, *, by: record.Actor, now: datetime, **changes: Any) -> bool:
    changed = Task.objects.filter(pk=task.pk, state=TaskState.OPEN).update(**changes)
    if changed:
        data = {name: str(changes[name]) for name in ("outcome", "snoozed_until") if changes.get(name)}
        record.write(_entry(task, event, by=by, now=now, **data))
    return bool(changed)


def _resume(task: Task, *, now: datetime) -> None:
    """The case's escalation goes on, unless somebody has taken another of its tasks."""
    if task.case_id is None or task.kind not in STALLING:
        return
    others = Task.objects.filter(case_id=task.case_id, state=TaskState.OPEN, taken_by__isnull=False)
    if others.exclude(pk=task.pk).exists():
        return
    Escalation.objects.filter(case_id=task.case_id, state=EscalationState.ACKNOWLEDGED).update(
        state=EscalationState.ACTIVE
    )
    _look_again(task.case_id, now=now)


def _look_again(case_id: int, *, now: datetime) -> None:
    Case.objects.filter(pk=case_id).update(escalation_due_at=now)
    nudge(stage="escalate", practice_id=tenancy.current())


def _entry(task: Task, event: str, *, by: record.Actor, now: datetime, **data: str) -> record.Entry:
    content = {"task": task.pk, "kind": task.kind, **data}
    return record.Entry(event=event, at=now, actor=by, case_id=task.case_id, data=content)
