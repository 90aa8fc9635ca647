"""The one place that stores readiness: rules.standing over a case's requirements, written where it changed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from practices import record, tenancy
from practices.nudge import nudge
from prerequisites import queries, rules
from prerequisites.models import Case, Readiness, Requirement

STORED = ("readiness", "readiness_since", "deadline", "due_at", "escalation_due_at", "closed_at")


def refresh(*, case_ids: Sequence[int], now: datetime) -> list[Case]:
    """Computes the readiness of the cases (locked in order of id) and stores it; returns those whose readiness changed.
    A change is written to the record and makes escalation look."""
    if not case_ids:
        return []
    cases = list(
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("appointment__patient")
        .filter(pk__in=case_ids)
        .order_by("pk")
    )
    requirements = _requirements_of(cases)
    before = {case.pk: _stored(case) for case in cases}
    changed = [case for case in cases if _apply(case, requirements[case.pk], now=now)]
    Case.objects.bulk_update([case for case in cases if _stored(case) != before[case.pk]], STORED)
    record.write(*[_entry(case, now=now) for case in changed])
    if changed:
        nudge(stage="escalate", practice_id=tenancy.current())
    return changed


def _stored(case: Case) -> tuple[object, ...]:
    return tuple(getattr(case, field) for field in STORED)


def _requirements_of(cases: Sequence[Case]) -> dict[int, list[Requirement]]:
    grouped: dict[int, list[Requirement]] = defaultdict(list)
    found = Requirement.objects.filter(case_id__in=[case.pk for case in cases])
    for requirement in found.select_related("prerequisite"):
        grouped[requirement.case_id].append(requirement)
    return grouped


def _apply(case: Case, requirements: Sequence[Requirement], *, now: datetime) -> bool:
    """Sets the case's stored standing; whether its readiness changed."""
    appointment = case.appointment
    standing = rules.standing(
        queries.items_of(requirements, start=appointment.start),
        start=appointment.start,
        end=appointment.end,
        reachable=appointment.patient is not None and appointment.patient.reachable,
        closed=appointment.cancelled,
        now=now,
    )
    case.deadline, case.due_at = standing.deadline, standing.changes_at
    if standing.readiness == case.readiness:
        return False
    case.readiness, case.readiness_since = standing.readiness, now
    case.escalation_due_at = now
    case.closed_at = now if standing.readiness == Readiness.CLOSED else None
    return True


def _entry(case: Case, *, now: datetime) -> record.Entry:
    return record.Entry(
        event="case.readiness",
        at=now,
        case_id=case.pk,
        patient_id=case.appointment.patient_id,
        data={"readiness": str(case.readiness)},
    )
