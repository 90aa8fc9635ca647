"""Brings cases in line with the facts, set-wise: what replanning decides is written and put on record.

The cases are locked by the caller, with all open ones of their patients (`locking.lock_with_siblings`): all writers of
requirements do the same, so what is read here holds until the commit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from practices import record, rows
from prerequisites import case_facts, readiness, replanning
from prerequisites.case_facts import PlannedBy, Row
from prerequisites.models import Case, Plan, Requirement, RequirementState
from prerequisites.replanning import Change, Held, Now, Source, asks, replan
from prerequisites.ruled import current_calendar

# What is read of a case to replan it.
REPLANNED = ("plan", "appointment__patient", "appointment__sealed_for", "appointment__type")
DONE_WITH = (RequirementState.ACCEPTED, RequirementState.WITHDRAWN)


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """A case with what becomes of it. `plan`: the version it has from now on; `missing`: facts as Case.facts_missing."""

    case: Case
    plan: Plan
    changes: list[Change]
    missing: list[str]
    stored: Mapping[int, dict[str, Any]]


def cases_of(case_ids: Collection[int]) -> list[Case]:
    """Cases as they are replanned: with plan, appointment, type and patient."""
    found = Case.objects.filter(pk__in=case_ids, closed_at=None).order_by("pk")
    return list(found.select_related(*REPLANNED))


def decide(
    cases: Sequence[Case], *, plans: Mapping[int, PlannedBy] | None = None, now: datetime
) -> list[Replanned]:
    """What becomes of the cases, nothing written. `plans` are those that cases (by id) get instead of their own."""
    instead = plans or {}
    own = case_facts.with_rules({case.plan_id: case.plan for case in cases}.values())
    planned = {case.pk: instead.get(case.pk, own[case.plan_id]) for case in cases}
    known = {one.plan.pk: one for one in (*own.values(), *planned.values())}
    asked = {entry.id: entry for one in known.values() for entry in one.rules.entries}
    uses = frozenset(fact for one in known.values() for fact in one.rules.uses)
    codes = frozenset(code for one in known.values() for code in one.rules.codes)
    answered = bool(instead) or any(one.rules.forms_used for one in known.values())
    held = case_facts.rows_of(cases, asked=asked, with_answers=answered)
    appointments = [case.appointment for case in cases]
    bookings = case_facts.bookings(appointments, uses=uses, calendar=current_calendar())
    patients = {row.patient_id for row in appointments if row.patient_id is not None}
    sources = case_facts.sources_of(patients, codes=codes)
    return [
        _replanned(
            case,
            planned[case.pk],
            held.get(case.pk, []),
            Now(
                plan=planned[case.pk].rules,
                booking=bookings[case.appointment_id],
                at=now,
                sources=_others(sources.get(case.appointment.patient_id or 0, ()), case),
                moved_by=_moved_by(case),
                another_plan=planned[case.pk].plan.pk != case.plan_id,
                another_type=planned[case.pk].plan.type_id != case.plan.type_id,
            ),
        )
        for case in cases
    ]


def follow(replanned: Sequence[Replanned], *, by: record.Actor, now: datetime) -> None:
    """Writes what was decided, with the record's entries. Readiness is the caller's to refresh."""
    added = [(one, change) for one in replanned for change in one.changes if change.before is None]
    ids = rows.new_ids(Requirement, len(added)) if added else []
    names = {id(change): pk for pk, (_, change) in zip(ids, added, strict=True)}
    rows.insert(
        Requirement,
        [
            {"id": pk, **new_of(one.case, change.after, now=now)}
            for pk, (one, change) in zip(ids, added, strict=True)
        ],
    )
    kept = [(one, change) for one in replanned for change in one.changes if change.before is not None]
    rows.update(Requirement, [_changed(one, change, now=now) for one, change in kept])
    rows.update(Case, [_case(one, now=now) for one in replanned])
    for one in replanned:
        one.case.plan, one.case.planned_start = one.plan, one.case.appointment.start
        one.case.facts_missing = one.missing
    record.write(
        *[
            _entry(one.case, change, event, change.after.id or names[id(change)], by=by, now=now)
            for one in replanned
            for change in one.changes
            for event in change.events
        ]
    )


def follow_facts(*, case_ids: Collection[int], by: record.Actor, now: datetime) -> None:
    """Replans the cases, which are locked, because an answer or what another case has in place changed."""
    decided = decide(cases_of(case_ids), now=now)
    replanned = [one for one in decided if one.changes or one.missing != one.case.facts_missing]
    if replanned:
        follow(replanned, by=by, now=now)
        readiness.refresh(case_ids=[one.case.pk for one in replanned], now=now)


def new_of(case: Case, held: Held, *, now: datetime) -> dict[str, Any]:
    """A requirement to insert."""
    return {
        "practice_id": case.practice_id,
        "case_id": case.pk,
        "prerequisite_id": held.asked.id,
        "state": held.state,
        "deadline": held.due.at,
        "bring_along": held.due.bring_along,
        "obstacle": "",
        "document_date": held.document_date,
        "reused_from_id": held.reused_from,
        "asked_at": now,
        "changed_at": now,
    }


def _others(sources: Sequence[tuple[int, Source]], case: Case) -> list[Source]:
    return [source for case_id, source in sources if case_id != case.pk]


def _moved_by(case: Case) -> timedelta:
    moved: timedelta = case.appointment.start - (case.planned_start or case.appointment.start)
    return moved


def _replanned(case: Case, planned: PlannedBy, held: Sequence[Row], now: Now) -> Replanned:
    changes = replan([row.held for row in held], now)
    stored = {row.stored["id"]: row.stored for row in held}
    missing = list(replanning.facts_missing([row.held for row in held], now))
    return Replanned(case=case, plan=planned.plan, changes=changes, missing=missing, stored=stored)


def _changed(one: Replanned, change: Change, *, now: datetime) -> rows.Row:
    after, stored = change.after, one.stored[change.after.id or 0]
    settled = after.state in DONE_WITH and change.before is not None and change.before.state != after.state
    return {
        **stored,
        "prerequisite_id": after.asked.id,
        "state": after.state,
        "deadline": after.due.at,
        "bring_along": after.due.bring_along,
        "obstacle": "" if settled else stored["obstacle"],
        "document_date": after.document_date,
        "lapsed_at": (stored["lapsed_at"] or now) if after.lapsed else None,
        "withdrawn_from": after.withdrawn_from,
        "asked_at": now if asks(change) else stored["asked_at"],
        "reused_from_id": after.reused_from,
        "own_date": after.own_date,
        "changed_at": now if change.events else stored["changed_at"],
    }


def _case(one: Replanned, *, now: datetime) -> rows.Row:
    return {
        "id": one.case.pk,
        "plan_id": one.plan.pk,
        "planned_start": one.case.appointment.start,
        "facts_missing": one.missing,
        "requests_due_at": now,
        "escalation_due_at": now,
    }


def _entry(
    case: Case, change: Change, event: str, pk: int, *, by: record.Actor, now: datetime
) -> record.Entry:
    after = change.after
    data: dict[str, Any] = {"requirement": pk, "prerequisite": after.asked.key}
    if change.because:
        data["because"] = list(change.because)
    if event == "reused":
        data["from"] = after.reused_from
    return record.Entry(
        event=f"requirement.{event}",
        at=now,
        actor=by,
        case_id=case.pk,
        patient_id=case.appointment.patient_id,
        data=data,
    )
