"""The second stage: appointments become cases with requirements, moves and cancellations reach them, time moves them on."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment
from practices import record, rows, tenancy
from practices.nudge import nudge
from prerequisites import links, operations, queries, readiness, rules
from prerequisites.models import (
    Case,
    Plan,
    PlanState,
    Prerequisite,
    Readiness,
    Requirement,
    RequirementState,
)
from prerequisites.queries import Ruled
from prerequisites.working_days import Calendar

BATCH = 500
# What is written of a new case.
CASE = (
    "id",
    "practice_id",
    "appointment_id",
    "plan_id",
    "readiness",
    "readiness_since",
    "deadline",
    "due_at",
    "requests_due_at",
    "escalation_due_at",
    "opened_at",
    "closed_at",
    "planned_start",
)
UNDECIDED = (RequirementState.OPEN, RequirementState.REJECTED)


@dataclass(frozen=True, kw_only=True)
class PublishedPlan:
    """A plan with its prerequisites, as cases are opened from it."""

    plan: Plan
    prerequisites: list[Ruled]


def advance_cases(*, practice_id: int, now: datetime) -> None:
    """Plans what the calendar changed, refreshes the cases that time changes, scans what waits for the scanner."""
    while _in_scope(practice_id, _plan_batch, now) == BATCH:
        pass
    while _in_scope(practice_id, _refresh_batch, now) == BATCH:
        pass
    operations.scan_due_documents(practice_id=practice_id, now=now)


def _in_scope(practice_id: int, step: Callable[..., int], now: datetime) -> int:
    with tenancy.scope(practice_id):
        return step(now=now)


def _plan_batch(*, now: datetime) -> int:
    """Plans up to BATCH appointments that changed; other workers' are passed over."""
    batch = list(
        Appointment.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("type", "patient")
        .filter(needs_planning=True)
        .order_by("pk")[:BATCH]
    )
    if not batch:
        return 0
    known = _locked_cases(batch)
    fresh = [row for row in batch if row.pk not in known and not row.cancelled and not row.is_over(now=now)]
    opened = _open_cases(fresh, now=now)
    changed = _follow([known[row.pk] for row in batch if row.pk in known], now=now)
    Appointment.objects.filter(pk__in=[row.pk for row in batch]).update(needs_planning=False)
    readiness.refresh(case_ids=[case.pk for case in changed], now=now)
    nudge(stage="requests", practice_id=tenancy.current())
    if opened:
        nudge(stage="escalate", practice_id=tenancy.current())
    return len(batch)


def _locked_cases(appointments: Sequence[Appointment]) -> dict[int, Case]:
    """The cases there are, by appointment, locked before anything of them is read: staff and patients act meanwhile."""
    cases = Case.objects.select_for_update(of=("self",), no_key=True).filter(appointment__in=appointments)
    found = cases.select_related("appointment__type", "plan").order_by("pk")
    return {case.appointment_id: case for case in found}


def _open_cases(appointments: Sequence[Appointment], *, now: datetime) -> list[Case]:
    """Opens a case for each appointment whose type has a published plan, with all its requirements, set-wise."""
    plans = _published_plans({row.type_id for row in appointments if row.type_id is not None})
    planned = [(row, plans[row.type_id]) for row in appointments if row.type_id in plans]
    calendar = queries.current_calendar()
    cases: list[Case] = []
    requirements: list[rows.Row] = []
    stands_otherwise: list[Case] = []
    ids = rows.new_ids(Case, len(planned))
    for pk, (row, published) in zip(ids, planned, strict=True):
        case = _case(pk, row, published.plan, now=now)
        due = [
            rules.due(one.rule, start=row.start, now=now, calendar=calendar)
            for one in published.prerequisites
        ]
        its = list(zip(published.prerequisites, due, strict=True))
        items = [
            one.item(state=RequirementState.OPEN, due=at, start=row.start, calendar=calendar)
            for one, at in its
        ]
        if readiness.stand(case, items, now=now):
            stands_otherwise.append(case)
        cases.append(case)
        requirements += [_requirement(case, one.prerequisite, at, now=now) for one, at in its]
    rows.insert(Case, [{name: getattr(case, name) for name in CASE} for case in cases])
    rows.insert(Requirement, requirements)
    record.write(
        *[_opened(case, now=now) for case in cases],
        *[readiness.entry(case, now=now) for case in stands_otherwise],
    )
    return cases


def _opened(case: Case, *, now: datetime) -> record.Entry:
    plan = case.plan
    return record.Entry(
        event="case.opened",
        at=now,
        case_id=case.pk,
        patient_id=case.appointment.patient_id,
        data={"appointment": case.appointment_id, "plan": plan.pk, "version": plan.version},
    )


def _published_plans(type_ids: set[int]) -> dict[int | None, PublishedPlan]:
    prerequisites: dict[int, list[Ruled]] = defaultdict(list)
    plans = list(
        Plan.objects.filter(type_id__in=type_ids, state=PlanState.PUBLISHED, type__needs_nothing=False)
    )
    for prerequisite in Prerequisite.objects.filter(plan__in=plans):
        prerequisites[prerequisite.plan_id].append(Ruled.of(prerequisite))
    return {plan.type_id: PublishedPlan(plan=plan, prerequisites=prerequisites[plan.pk]) for plan in plans}


def _case(pk: int, appointment: Appointment, plan: Plan, *, now: datetime) -> Case:
    return Case(
        pk=pk,
        practice_id=appointment.practice_id,
        appointment=appointment,
        plan=plan,
        readiness=Readiness.WAITING,
        readiness_since=now,
        opened_at=now,
        planned_start=appointment.start,
        requests_due_at=now,
        escalation_due_at=now,
    )


def _requirement(case: Case, prerequisite: Prerequisite, due: rules.Due, *, now: datetime) -> rows.Row:
    return {
        "practice_id": case.practice_id,
        "case_id": case.pk,
        "prerequisite_id": prerequisite.pk,
        "state": RequirementState.OPEN,
        "deadline": due.at,
        "bring_along": due.bring_along,
        "obstacle": "",
        "changed_at": now,
    }


def _follow(cases: Sequence[Case], *, now: datetime) -> list[Case]:
    """Brings cases in line with appointments that were moved, retyped, cancelled or given a contact."""
    calendar = queries.current_calendar()
    plans = _published_plans({c.appointment.type_id for c in cases if c.appointment.type_id is not None})
    live = [case for case in cases if not case.appointment.cancelled]
    moved = [case for case in live if case.planned_start != case.appointment.start]
    for case in live:
        published = plans.get(case.appointment.type_id)
        if published is not None and published.plan.type_id != case.plan.type_id:
            _replan(case, published, calendar=calendar, now=now)
            moved.append(case)
    _move_deadlines(moved, calendar=calendar, now=now)
    links.follow_appointment(live)
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(requests_due_at=now, escalation_due_at=now)
    record.write(
        *[
            record.Entry(
                event=_what_happened(case),
                at=now,
                case_id=case.pk,
                patient_id=case.appointment.patient_id,
                data={"appointment": case.appointment_id, "revision": case.appointment.revision},
            )
            for case in cases
        ]
    )
    return list(cases)


def _move_deadlines(cases: Sequence[Case], *, calendar: Calendar, now: datetime) -> None:
    """For cases whose time or plan changed; neither a contact nor a name gives anybody more time."""
    undecided = list(
        Requirement.objects.filter(case__in=cases, state__in=UNDECIDED).select_related(
            "prerequisite", "case__appointment"
        )
    )
    for row in undecided:
        due = _moved(row, calendar=calendar, now=now)
        row.deadline, row.bring_along = due.at, due.bring_along
    Requirement.objects.bulk_update(undecided, ("deadline", "bring_along"))
    for case in cases:
        case.planned_start = case.appointment.start
    Case.objects.bulk_update(cases, ("planned_start",))


def _moved(row: Requirement, *, calendar: Calendar, now: datetime) -> rules.Due:
    """The deadline that follows the appointment's move. What the patient said to bring is brought to the new one."""
    rule, start = queries.rule_of(row.prerequisite), row.case.appointment.start
    if row.bring_along and row.promised_at is not None and rule.may_be_brought:
        return rules.Due(at=start, bring_along=True)
    held = rules.Due(at=row.deadline or start, bring_along=row.bring_along)
    by = start - (row.case.planned_start or start)
    return rules.moved(rule, held=held, by=by, start=start, now=now, calendar=calendar)


def _replan(case: Case, published: PublishedPlan, *, calendar: Calendar, now: datetime) -> None:
    """Another type was booked: what serves both plans (by key) stays, the rest is withdrawn, what is new is asked for."""
    held = {row.prerequisite.key: row for row in case.requirements.select_related("prerequisite")}
    wanted = {one.prerequisite.key: one for one in published.prerequisites}
    for key, row in held.items():
        withdrawn = row.state == RequirementState.WITHDRAWN
        if key in wanted:
            row.prerequisite = wanted[key].prerequisite
        if key not in wanted and not withdrawn:
            row.withdrawn_from, row.state = row.state, RequirementState.WITHDRAWN
            row.changed_at = now
        elif key in wanted and withdrawn:
            row.state, row.withdrawn_from = row.withdrawn_from or RequirementState.OPEN, ""
            row.changed_at = now
    written = ("state", "withdrawn_from", "changed_at", "prerequisite")
    Requirement.objects.bulk_update(list(held.values()), written)
    new = [one for key, one in wanted.items() if key not in held]
    due = [rules.due(one.rule, start=case.appointment.start, now=now, calendar=calendar) for one in new]
    asked = zip(new, due, strict=True)
    rows.insert(Requirement, [_requirement(case, one.prerequisite, at, now=now) for one, at in asked])
    case.plan = published.plan
    Case.objects.filter(pk=case.pk).update(plan=published.plan)


def _refresh_batch(*, now: datetime) -> int:
    due = Case.objects.select_for_update(skip_locked=True, no_key=True).filter(due_at__lte=now).order_by("pk")
    case_ids = [case.pk for case in due.only("pk")[:BATCH]]
    readiness.refresh(case_ids=case_ids, now=now)
    return len(case_ids)
