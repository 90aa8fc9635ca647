"""The one place that stores readiness: rules.standing over a case's requirements, written where it changed."""

from collections.abc import Sequence
from datetime import datetime

from practices import record, rows, tenancy
from practices.nudge import nudge
from prerequisites import queries, rules
from prerequisites.models import Case, Readiness

# Texts and keys have no part in it, and there are many cases.
READ = (
    "practice_id",
    "readiness",
    "readiness_since",
    "deadline",
    "due_at",
    "escalation_due_at",
    "closed_at",
    "doubtful_since",
    "facts_missing",
    "ready_at",
    "readiness_at_start",
    "appointment__start",
    "appointment__end",
    "appointment__status",
    "appointment__same_as_id",
    "appointment__outcome__kind",
    "appointment__type__needs_nothing",
    "appointment__patient__phone",
    "appointment__patient__email",
    "plan__type",
)
STORED = (
    "readiness",
    "readiness_since",
    "ready_at",
    "deadline",
    "due_at",
    "escalation_due_at",
    "closed_at",
    "readiness_at_start",
)


def refresh(*, case_ids: Sequence[int], now: datetime) -> list[Case]:
    """Computes the readiness of the cases (locked in order of id) and stores it; returns those whose readiness changed.
    A change is written to the record and makes escalation look."""
    if not case_ids:
        return []
    cases = list(
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("appointment__patient", "appointment__type", "appointment__outcome", "plan")
        .only(*READ)
        .filter(pk__in=case_ids)
        .order_by("pk")
    )
    items = queries.items_of({case.pk: case.appointment.start for case in cases})
    before = {case.pk: _stored(case) for case in cases}
    changed = [case for case in cases if stand(case, items[case.pk], now=now)]
    rows.update(
        Case, [{"id": case.pk, **_stored(case)} for case in cases if _stored(case) != before[case.pk]]
    )
    record.write(*[entry(case, now=now) for case in changed])
    if changed:
        nudge(stage="escalate", practice_id=tenancy.current())
    return changed


def _stored(case: Case) -> dict[str, object]:
    return {field: getattr(case, field) for field in STORED}


def stand(case: Case, items: Sequence[rules.Item], *, now: datetime) -> bool:
    """Sets the case's standing from what it requires, not stored yet; whether its readiness changed."""
    appointment = case.appointment
    _keep_how_it_stood(case, now=now)
    standing = rules.standing(
        items,
        start=appointment.start,
        end=appointment.end,
        reachable=appointment.patient is not None and appointment.patient.reachable,
        closed=_is_settled(case),
        doubtful=case.doubtful_since is not None,
        facts_missing=case.facts_missing,
        named=appointment.patient is not None,
        now=now,
    )
    case.deadline, case.due_at = standing.deadline, standing.changes_at
    if standing.readiness == case.readiness:
        return False
    case.readiness, case.readiness_since = standing.readiness, now
    case.escalation_due_at = now
    case.closed_at = now if standing.readiness == Readiness.CLOSED else None
    if standing.readiness in (Readiness.READY, Readiness.WAIVED):
        case.ready_at = case.ready_at or now
    elif standing.readiness != Readiness.CLOSED:
        case.ready_at = None
    return True


def _is_settled(case: Case) -> bool:
    """Whether nothing is prepared any more, though the appointment may be to come."""
    appointment = case.appointment
    elsewhere = appointment.same_as_id is not None
    return appointment.cancelled or elsewhere or case.set_aside or appointment.marked is not None


def _keep_how_it_stood(case: Case, *, now: datetime) -> None:
    """The last readiness before the appointment began, or before its outcome was marked: what is seen to afterwards does
    not make it look ready. One that is moved, or whose outcome is taken back, to be once more has none yet."""
    appointment = case.appointment
    if appointment.start > now and appointment.marked is None:
        case.readiness_at_start = ""
    elif not case.readiness_at_start:
        case.readiness_at_start = case.readiness


def entry(case: Case, *, now: datetime) -> record.Entry:
    """The record's entry of a case's readiness."""
    return record.Entry(
        event="case.readiness",
        at=now,
        case_id=case.pk,
        patient_id=case.appointment.patient_id,
        data={"readiness": str(case.readiness)},
    )
