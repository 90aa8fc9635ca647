"""What became of an appointment, said by staff on its day or after, and taken back."""

from datetime import datetime

from django.utils import timezone

from appointments.models import Appointment, Outcome, OutcomeKind, OutcomeReason
from appointments.operations.invalid import InvalidInputError, StaleError
from practices import record


def mark_outcome(
    *,
    appointment_id: int,
    kind: str,
    reason: str = "",
    seen: str,
    case_id: int,
    by: record.Actor,
    now: datetime,
) -> None:
    """Says what became of an appointment; `seen` is the outcome that the page showed ("" for none), `case_id` its case,
    for the record. Who says the same once more changes nothing.

    Appointment.DoesNotExist; InvalidInputError for a kind or reason that there is not, before the appointment's day, or for
    one that was cancelled; StaleError if somebody has said something else meanwhile."""
    kind, reason = _known(kind, reason)
    appointment = _locked(appointment_id)
    if timezone.localtime(appointment.start).date() > timezone.localdate(now):
        raise InvalidInputError(field="outcome", code="too_early")
    if appointment.cancelled:
        raise InvalidInputError(field="outcome", code="cancelled")
    before = appointment.marked
    if before is not None and (before.kind, before.reason) == (kind, reason):
        return
    if seen != (before.kind if before else ""):
        raise StaleError
    said = {"kind": kind, "reason": reason, "marked_at": now, "marked_by_id": by.user_id}
    Outcome.objects.update_or_create(
        practice_id=appointment.practice_id, appointment=appointment, defaults=said
    )
    _tell("outcome.marked", appointment, case_id=case_id, kind=kind, reason=reason, by=by, now=now)


def take_back_outcome(
    *, appointment_id: int, seen: str, case_id: int, by: record.Actor, now: datetime
) -> None:
    """Nothing is said any more. StaleError if the outcome is another than the page showed; none is taken back already."""
    appointment = _locked(appointment_id)
    before = appointment.marked
    if before is None:
        return
    if before.kind != seen:
        raise StaleError
    Outcome.objects.filter(pk=before.pk).delete()
    _tell(
        "outcome.taken_back",
        appointment,
        case_id=case_id,
        kind=before.kind,
        reason=before.reason,
        by=by,
        now=now,
    )


def _known(kind: str, reason: str) -> tuple[str, str]:
    if kind not in OutcomeKind.values:
        raise InvalidInputError(field="outcome", code="unknown")
    if kind != OutcomeKind.NOT_PERFORMABLE:
        return kind, ""
    if reason not in OutcomeReason.values:
        raise InvalidInputError(field="reason", code="reason_missing")
    return kind, reason


def _locked(appointment_id: int) -> Appointment:
    """Two people who mark the same stand in line at its row."""
    found = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related("outcome")
    return found.get(pk=appointment_id)


def _tell(
    event: str,
    appointment: Appointment,
    *,
    case_id: int,
    kind: str,
    reason: str,
    by: record.Actor,
    now: datetime,
) -> None:
    data = {"appointment": appointment.pk, "outcome": kind}
    record.write(
        record.Entry(
            event=event,
            at=now,
            actor=by,
            case_id=case_id,
            patient_id=appointment.patient_id,
            data={**data, "reason": reason} if reason else data,
        )
    )
