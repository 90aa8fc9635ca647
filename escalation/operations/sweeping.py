"""The last stage: cases that stall go to people, step by step, until they are ready or someone has them.

One sweep looks at all cases of a practice that are due and writes what it decided in one statement a table: it costs the
same number of statements however many they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from escalation import facts as known
from escalation import policy, queries
from escalation.facts import Facts
from escalation.models import Escalation, EscalationState
from escalation.office_hours import OfficeHours
from escalation.operations import telling
from escalation.operations.settling import settle_tasks
from escalation.policy import Act, Planned, State, Step
from messaging.operations import insert_new, remind_otherwise
from practices import record, rows, tenancy
from practices.models import Practice
from practices.nudge import nudge
from prerequisites.models import Case

BATCH = rows.BATCH
STORED = ("steps", "next_step", "next_at", "state", "ended_at")
NEW = ("practice_id", "case_id", "deadline", "about", "start", "started_at", *STORED)


def advance(*, practice_id: int, now: datetime) -> None:
    """Looks at every case that is due: starts, moves on and ends escalations, opens and closes tasks."""
    while True:
        with tenancy.scope(practice_id):
            if _advance_batch(now=now) < BATCH:
                return


@dataclass(kw_only=True)
class _Sweep:
    """What one batch needs, and what it has decided so far."""

    practice: Practice
    office: OfficeHours
    policies: Mapping[int | None, Sequence[Step]]
    now: datetime
    events: list[tuple[str, Case, Escalation, dict[str, Any]]] = field(default_factory=list)
    touched: dict[int, Escalation] = field(default_factory=dict)
    begun: list[Escalation] = field(default_factory=list)
    told: list[telling.Told] = field(default_factory=list)
    reminded: dict[int, str] = field(default_factory=dict)

    def note(self, event: str, case: Case, escalation: Escalation, **data: Any) -> None:
        self.events.append((event, case, escalation, data))


def _advance_batch(*, now: datetime) -> int:
    cases = list(
        queries.with_hours(Case.objects.select_for_update(skip_locked=True, of=("self",), no_key=True))
        .select_related("practice", "appointment__patient")
        .filter(escalation_due_at__lte=now)
        .order_by("escalation_due_at", "pk")[:BATCH]
    )
    if not cases:
        return 0
    practice = cases[0].practice
    for case in cases:
        if case.appointment.patient is not None:
            case.appointment.patient.practice = practice  # its key is unwrapped once
    facts = known.facts_of(cases, practice=practice, now=now)
    sweep = _Sweep(
        practice=practice, office=queries.office_by(cases[0]), policies=queries.policies(), now=now
    )
    before = [(case.pk, case.doubtful_since) for case in cases]
    for case in cases:
        _doubt(case, facts[case.pk], now=now)
        _look(case, facts[case.pk], sweep)
    _store(sweep)
    entries = [_entry(*event, now=now) for event in sweep.events]
    entries += settle_tasks(cases, facts, now=now)
    reminding = [case for case in cases if case.pk in sweep.reminded]
    said, mentions = remind_otherwise(reminding, keys=sweep.reminded, practice=practice, now=now)
    said += telling.tell(sweep.told, practice=practice, now=now)
    entries += insert_new(said, mentions=mentions, now=now)
    _store_cases(cases, doubted=dict(before), now=now)
    record.write(*entries)
    return len(cases)


def _doubt(case: Case, facts: Facts, *, now: datetime) -> None:
    """Sets whether the case is doubtful, and when to ask that again."""
    doubtful, case.escalation_due_at = known.doubtful(case, facts, now=now)
    case.doubtful_since = (case.doubtful_since or now) if doubtful else None


def _look(case: Case, facts: Facts, sweep: _Sweep) -> None:
    """Moves on what runs; where nothing runs (any more), begins what is due or notes when to look next."""
    if facts.escalation is not None:
        _move_on(case, facts, facts.escalation, sweep)
        sweep.touched[case.pk] = facts.escalation
        if facts.escalation.state == EscalationState.ENDED:
            facts.ended, facts.escalation = facts.escalation, None
    if facts.escalation is None:
        _begin(case, facts, sweep)
    running = facts.escalation
    if running is not None:
        _look_by(case, running.next_at)


def _begin(case: Case, facts: Facts, sweep: _Sweep) -> None:
    steps = sweep.policies.get(case.appointment.type_id) or sweep.policies[None]
    start = case.appointment.start
    deadline = _counts_from(case, facts, now=sweep.now)
    planned = policy.lay_out(steps, deadline=deadline, start=start, office=sweep.office)
    outlook = policy.outlook(planned, _state(case, facts, None), now=sweep.now)
    _look_by(case, outlook.look_at)
    if not outlook.begins:
        return
    facts.escalation = Escalation(
        practice_id=case.practice_id,
        case=case,
        steps=[one.to_dict() for one in planned],
        deadline=deadline or start,
        about=case.deadline or start,
        start=start,
        started_at=sweep.now,
    )
    sweep.begun.append(facts.escalation)
    sweep.note("escalation.started", case, facts.escalation)
    _move_on(case, facts, facts.escalation, sweep)


def _counts_from(case: Case, facts: Facts, *, now: datetime) -> datetime | None:
    """From the deadline; from now where it is one that an earlier escalation was about. None where nothing is missing."""
    deadline = case.deadline if facts.missing else None
    before = facts.ended
    if deadline is not None and before is not None and before.deadline >= deadline:
        return max(deadline, now)
    return deadline


def _move_on(case: Case, facts: Facts, escalation: Escalation, sweep: _Sweep) -> None:
    """Takes every step that is due. Whoever several of them are to tell is told once, so is the patient."""
    first, resumed = escalation.next_step, False
    planned = [Planned.from_dict(content) for content in escalation.steps] if escalation.about else []
    while True:
        decision = policy.decide(planned, _state(case, facts, escalation), now=sweep.now)
        escalation.next_at = decision.wait_until
        if decision.over:
            escalation.state, escalation.ended_at = EscalationState.ENDED, sweep.now
            sweep.note("escalation.ended", case, escalation)
        if decision.resumes:
            escalation.state, resumed = EscalationState.ACTIVE, True
            sweep.note("escalation.resumed", case, escalation)
            continue
        if decision.step is None and not decision.passes:
            return
        if decision.step is not None and not (resumed and decision.step.act is Act.REMIND):
            _take(decision.step, case, escalation, first, sweep)
        else:
            escalation.steps[escalation.next_step]["passed"] = True
        escalation.next_step += 1


def _take(step: Step, case: Case, escalation: Escalation, first: int, sweep: _Sweep) -> None:
    about = f"{case.pk}:{escalation.started_at.timestamp():.0f}:{first}"
    sweep.note("escalation.step", case, escalation, step=escalation.next_step, act=str(step.act))
    if step.act is Act.NOTIFY:
        number = case.pk + escalation.next_step
        sweep.told.append(telling.Told(case=case, step=step, about=about, number=number))
    elif step.act is Act.REMIND:
        sweep.reminded[case.pk] = f"escalated:{about}"


def _state(case: Case, facts: Facts, escalation: Escalation | None) -> State:
    if escalation is None:
        return State(readiness=case.readiness, progress=facts.progress(case))
    start = case.appointment.start
    return State(
        readiness=case.readiness,
        progress=facts.progress(case),
        taken=escalation.next_step,
        acknowledged=escalation.state == EscalationState.ACKNOWLEDGED,
        resumes_at=escalation.next_at,
        moved=(escalation.about, escalation.start) != (case.deadline or start, start),
    )


def _look_by(case: Case, at: datetime | None) -> None:
    """The next look is the earliest that anybody asks for."""
    if at is not None:
        case.escalation_due_at = min(case.escalation_due_at or at, at)


def _store(sweep: _Sweep) -> None:
    """What ended first, as no case has two that run. Ids come back by case: of each no more than one begins."""
    moved = sweep.touched.values()
    rows.update(
        Escalation, [{"id": one.pk, **{name: getattr(one, name) for name in STORED}} for one in moved]
    )
    if not sweep.begun:
        return
    content = [{name: getattr(one, name) for name in NEW} for one in sweep.begun]
    with connection.cursor() as cursor:
        statement = f"{rows.inserting(Escalation, content[0])} RETURNING case_id, id"
        cursor.execute(statement, [rows.encoded(content)])
        ids = dict(cursor.fetchall())
    for one in sweep.begun:
        one.pk = ids[one.case_id]


def _store_cases(cases: Sequence[Case], *, doubted: Mapping[int, datetime | None], now: datetime) -> None:
    """When to look next. Where the forecast says something else, the stage that keeps readiness is to look, too."""
    changed = [case for case in cases if case.doubtful_since != doubted[case.pk]]
    for case in changed:
        case.due_at = now
    names = ("escalation_due_at", "doubtful_since", "due_at")
    rows.update(Case, [{"id": case.pk, **{name: getattr(case, name) for name in names}} for case in cases])
    if changed:
        nudge(stage="cases", practice_id=tenancy.current())


def _entry(
    event: str, case: Case, escalation: Escalation, data: dict[str, Any], *, now: datetime
) -> record.Entry:
    return record.Entry(
        event=event,
        at=now,
        case_id=case.pk,
        patient_id=case.appointment.patient_id,
        data={"escalation": escalation.pk, **data},
    )
