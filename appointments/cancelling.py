"""Cancels appointments, and says so in the record."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from appointments import sharing
from appointments.models import Appointment, AppointmentStatus
from practices import record, rows


def cancel(*, ids: Sequence[int], reason: str, actor: record.Actor, now: datetime) -> int:
    """Cancels those of the appointments that are not yet; returns how many. `reason`: said, absent, confirmed,
    another_person. What another calendar still shows goes on there (`sharing`, whose turn the caller has)."""
    if not ids:
        return 0
    sharing.pass_on(ids, now=now)
    live = Appointment.objects.filter(rows.among("pk", ids, type="bigint")).exclude(
        status=AppointmentStatus.CANCELLED
    )
    held = live.select_for_update(no_key=True).order_by("pk")
    found = list(held.values_list("id", "patient_id", "start"))
    Appointment.objects.filter(rows.among("pk", (pk for pk, _, _ in found), type="bigint")).update(
        status=AppointmentStatus.CANCELLED,
        absent_since=None,
        revision=F("revision") + 1,
        needs_planning=True,
    )
    record.write(
        *(
            record.Entry(
                event="appointment.cancelled",
                at=now,
                actor=actor,
                patient_id=patient_id,
                data={"appointment": pk, "start": start.isoformat(), "reason": reason},
            )
            for pk, patient_id, start in found
        )
    )
    return len(found)
