"""The last stage: cases that stall go to people, step by step, until they are ready or someone has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from escalation import causes, policy, queries
from escalation.models import Escalation, EscalationState, Policy, Task, TaskKind, TaskState
from messaging import notices
from practices import record, tenancy
from practices.models import Role
from practices.nudge import nudge
from prerequisites import locking
from prerequisites.models import Case

BATCH = 500
# Who does one of these has the case.
STALLING = (TaskKind.CALL_PATIENT, TaskKind.TOO_LATE, TaskKind.NOTIFY_MANAGER)


def advance(*, practice_id: int, now: datetime) -> None:
    """Looks at every case that is due: starts, moves on and ends escalations, opens and closes tasks."""
    while True:
        with tenancy.scope(practice_id):
            if _advance_batch(now=now) < BATCH:
                return


def acknowledge(*, case_id: int, by: record.Actor, now: datetime) -> bool:
    """Somebody has it: no further step is taken, the tasks of the steps close. False if nothing was running."""
    locking.lock_cases([case_id])
    taken = Escalation.objects.filter(case_id=case_id, state=EscalationState.ACTIVE).update(
        state=EscalationState.ACKNOWLEDGED, next_at=None
    )
    if taken:
        Case.objects.filter(pk=case_id).update(escalation_due_at=now)
        record.write(record.Entry(event="escalation.acknowledged", at=now, actor=by, case_id=case_id))
        nudge(stage="escalate", practice_id=tenancy.current())
    return bool(taken)


def finish_task(*, task_id: int, by: record.Actor, now: datetime) -> bool:
    """A person did it. What a stalling case asked for takes its escalation over. False if it was closed before."""
    locking.lock_cases(Task.objects.filter(pk=task_id, case__isnull=False).values_list("case_id", flat=True))
    done = Task.objects.filter(pk=task_id, state=TaskState.OPEN).update(
        state=TaskState.DONE, closed_at=now, closed_by_id=by.user_id
    )
    if not done:
        return False
    task = Task.objects.get(pk=task_id)
    data = {"task": task.pk, "kind": task.kind}
    record.write(record.Entry(event="task.done", at=now, actor=by, case_id=task.case_id, data=data))
    if task.case_id is not None and task.kind in STALLING:
        acknowledge(case_id=task.case_id, by=by, now=now)
    return True


def _advance_batch(*, now: datetime) -> int:
    cases = list(
        Case.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("appointment__patient")
        .filter(escalation_due_at__lte=now)
        .order_by("escalation_due_at", "pk")[:BATCH]
    )
    if not cases:
        return 0
    facts = queries.facts_of(cases, now=now)
    entries: list[record.Entry] = []
    _run_escalations(cases, facts, entries, now=now)
    _settle_tasks(cases, facts, entries, now=now)
    Case.objects.bulk_update(cases, ("escalation_due_at",))
    record.write(*entries)
    return len(cases)


def _run_escalations(
    cases: Sequence[Case], facts: dict[int, queries.Facts], entries: list[record.Entry], *, now: datetime
) -> None:
    """Starts, moves on and ends; sets each case's next look."""
    starting = [case for case in cases if facts[case.pk].escalation is None and policy.stalls(case.readiness)]
    for case, started in zip(starting, _start(starting, facts, now=now), strict=True):
        facts[case.pk].escalation = started
        entries.append(_entry(case, "escalation.started", now=now, data={"escalation": started.pk}))
    running = []
    for case in cases:
        escalation = facts[case.pk].escalation
        case.escalation_due_at = None
        if escalation is not None:
            _move_on(case, escalation, entries, now=now)
            case.escalation_due_at = escalation.next_at
            running.append(escalation)
    Escalation.objects.bulk_update(running, ("next_step", "next_at", "state", "ended_at"))


def _start(cases: Sequence[Case], facts: dict[int, queries.Facts], *, now: datetime) -> list[Escalation]:
    """Counted from the deadline; from now where it is one that an earlier escalation was about."""
    if not cases:
        return []
    chosen = Policy.objects.order_by("id").first()
    steps = chosen.steps if chosen else [step.to_dict() for step in policy.DEFAULT_STEPS]
    return Escalation.objects.bulk_create(
        Escalation(
            practice_id=case.practice_id,
            case=case,
            steps=steps,
            deadline=_counts_from(case, facts[case.pk].ended, now=now),
            started_at=now,
        )
        for case in cases
    )


def _counts_from(case: Case, before: Escalation | None, *, now: datetime) -> datetime:
    if case.deadline is None or (before is not None and before.deadline >= case.deadline):
        return max(case.deadline or now, now)
    return case.deadline


def _move_on(case: Case, escalation: Escalation, entries: list[record.Entry], *, now: datetime) -> None:
    """Takes every step that is due. Whoever several of them are to tell is told once."""
    first, told = escalation.next_step, set[Role]()
    steps = [policy.Step.from_dict(content) for content in escalation.steps]
    while True:
        decision = policy.decide(steps, _state(case, escalation), now=now)
        escalation.next_at = decision.wait_until
        if decision.over:
            escalation.state, escalation.ended_at = EscalationState.ENDED, now
            entries.append(_entry(case, "escalation.ended", now=now, data={"escalation": escalation.pk}))
        if decision.step is None:
            break
        data = {"escalation": escalation.pk, "step": escalation.next_step, "act": str(decision.step.act)}
        entries.append(_entry(case, "escalation.step", now=now, data=data))
        if decision.step.act is policy.Act.NOTIFY:
            told.add(Role(decision.step.role))
        escalation.next_step += 1
    if told:
        notices.queue(case=case, roles=told, about=f"{escalation.pk}:{first}", now=now)


def _state(case: Case, escalation: Escalation) -> policy.State:
    return policy.State(
        readiness=case.readiness,
        deadline=escalation.deadline,
        start=case.appointment.start,
        taken=escalation.next_step,
        acknowledged=escalation.state == EscalationState.ACKNOWLEDGED,
    )


def _settle_tasks(
    cases: Sequence[Case], facts: dict[int, queries.Facts], entries: list[record.Entry], *, now: datetime
) -> None:
    """Opens the tasks that the facts call for and closes those whose cause is gone. Where one cause follows on another
    and the same is to be done, it stays the same task."""
    opening: list[Task] = []
    carried: list[Task] = []
    closing: list[Task] = []
    settled: list[int] = []
    for case in cases:
        called_for = {want.cause: want for want in causes.wanted(case, facts[case.pk])}
        held = [task for task in facts[case.pk].tasks if _holds(task)]
        new = called_for.keys() - {task.cause for task in held}
        gone = [task for task in held if task.cause not in called_for]
        settled += [task.pk for task in gone if task.state == TaskState.DONE]
        idle = {(task.kind, task.role): task for task in gone if task.state == TaskState.OPEN}
        for want in (called_for[cause] for cause in sorted(new)):
            same = idle.pop((want.kind, want.role), None)
            if same is None:
                opening.append(_task(case, want, now=now))
            else:
                same.cause, same.due_at = want.cause, want.due_at
                carried.append(same)
        closing += idle.values()
    Task.objects.filter(pk__in=settled).update(cause_gone_at=now)
    Task.objects.bulk_update(carried, ("cause", "due_at"))
    Task.objects.bulk_create(opening)
    Task.objects.filter(pk__in=[task.pk for task in closing], state=TaskState.OPEN).update(
        state=TaskState.CLOSED, closed_at=now
    )
    entries += [_task_entry(task, "task.opened", now=now) for task in opening]
    entries += [_task_entry(task, "task.closed", now=now) for task in closing]


def _holds(task: Task) -> bool:
    """Whether its cause has been there ever since it was opened: what is done then is not asked for twice."""
    return task.state == TaskState.OPEN or (task.state == TaskState.DONE and task.cause_gone_at is None)


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


def _task_entry(task: Task, event: str, *, now: datetime) -> record.Entry:
    data = {"task": task.pk, "kind": str(task.kind)}
    return record.Entry(event=event, at=now, case_id=task.case_id, data=data)


def _entry(case: Case, event: str, *, now: datetime, data: dict[str, Any]) -> record.Entry:
    return record.Entry(
        event=event, at=now, case_id=case.pk, patient_id=case.appointment.patient_id, data=data
    )
