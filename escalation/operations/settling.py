"""Tasks follow the facts: those that are called for open, those whose cause is gone close by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from escalation import causes
from escalation.facts import Facts
from escalation.models import Task, TaskState
from practices import record, rows
from prerequisites.models import Case

STORED = ("cause", "due_at", "state", "closed_at", "cause_gone_at")
NEW = ("practice_id", "case_id", "kind", "cause", "role", "state", "due_at", "created_at")


@dataclass(kw_only=True)
class _Settled:
    opened: list[Task] = field(default_factory=list)
    changed: list[Task] = field(default_factory=list)
    closed: list[Task] = field(default_factory=list)


def settle_tasks(cases: Sequence[Case], facts: Mapping[int, Facts], *, now: datetime) -> list[record.Entry]:
    """Opens and closes the tasks of locked cases; returns what the record is to say. Where one cause follows on another and
    the same is to be done, it stays the same task."""
    settled = _Settled()
    for case in cases:
        _settle(case, facts[case.pk], settled, now=now)
    changed = [*settled.changed, *settled.closed]
    rows.update(Task, [{"id": one.pk, **{name: getattr(one, name) for name in STORED}} for one in changed])
    _insert(settled.opened)
    return [
        *(_entry(task, "task.opened", now=now) for task in settled.opened),
        *(_entry(task, "task.closed", now=now) for task in settled.closed),
    ]


def _settle(case: Case, facts: Facts, settled: _Settled, *, now: datetime) -> None:
    called_for = {want.cause: want for want in causes.wanted(case, facts)}
    held = {task.cause for task in facts.tasks}
    gone = [task for task in facts.tasks if task.cause not in called_for]
    idle = {(task.kind, task.role): task for task in gone if task.state == TaskState.OPEN}
    for task in gone:
        if task.state == TaskState.DONE:
            task.cause_gone_at = now
            settled.changed.append(task)
    for want in (called_for[cause] for cause in sorted(called_for.keys() - held)):
        same = idle.pop((want.kind, want.role), None)
        if same is None:
            settled.opened.append(_task(case, want, now=now))
        else:
            same.cause, same.due_at = want.cause, want.due_at
            settled.changed.append(same)
    for task in idle.values():
        task.state, task.closed_at = TaskState.CLOSED, now
        settled.closed.append(task)


def _insert(tasks: Sequence[Task]) -> None:
    """A cause is open once, so that ids come back by it."""
    for batch in rows.batches(tasks):
        content = [{name: getattr(one, name) for name in NEW} for one in batch]
        with connection.cursor() as cursor:
            statement = f"{rows.inserting(Task, content[0])} RETURNING cause, id"
            cursor.execute(statement, [rows.encoded(content)])
            ids = dict(cursor.fetchall())
        for one in batch:
            one.pk = ids[one.cause]


def _task(case: Case, want: causes.Wanted, *, now: datetime) -> Task:
    return Task(
        practice_id=case.practice_id,
        case=case,
        kind=want.kind,
        cause=want.cause,
        role=want.role,
        due_at=want.due_at,
        created_at=now,
    )


def _entry(task: Task, event: str, *, now: datetime) -> record.Entry:
    data = {"task": task.pk, "kind": str(task.kind)}
    return record.Entry(event=event, at=now, case_id=task.case_id, data=data)
