"""A case follows its appointment into another calendar: what is the same as another by now is prepared there (`sharing`).

Where both had a case of their own, that of the appointment that is prepared goes on, and the other is closed as it stands.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from appointments.models import Appointment
from practices import record, rows
from prerequisites.models import Case


def hand_over(batch: Sequence[Appointment], *, now: datetime) -> None:
    """Gives the cases of what is the same as another to that one, as far as they have none. `batch` is locked; of what it
    does not hold, the other is locked here, or left to whoever has it: that stage does the same."""
    roots = {row.same_as_id or row.pk for row in batch}
    waiting = _waiting(roots)
    # The last one counts: an open one, seen first.
    waiting = waiting.order_by(F("closed_at").asc(nulls_last=True), "-pk")
    found = dict(waiting.values_list("appointment__same_as_id", "pk"))
    if not found:
        return
    held = Appointment.objects.filter(rows.among("pk", found, type="bigint"))
    locked = held.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("pk")
    for root in locked:
        mine = _waiting({root.pk}).filter(pk=found[root.pk]).select_related("appointment")
        case = mine.select_for_update(of=("self",), no_key=True).first()
        if case is not None:
            _give(case, root, now=now)


def _waiting(roots: set[int]) -> QuerySet[Case]:
    found = Case.objects.filter(rows.among("appointment__same_as_id", roots, type="bigint"))
    return found.exclude(Exists(Case.objects.filter(appointment_id=OuterRef("appointment__same_as_id"))))


def _give(case: Case, root: Appointment, *, now: datetime) -> None:
    """What was handed in stays under the key that it was sealed with."""
    before = case.appointment
    holder = before.sealed_for_id or before.patient_id
    Case.objects.filter(pk=case.pk, appointment=before).update(appointment=root)
    if holder != root.patient_id:
        Appointment.objects.filter(pk=root.pk).update(sealed_for=holder)
    Appointment.objects.filter(pk=root.pk).update(needs_planning=True)
    data = {"appointment": root.pk, "from": before.pk}
    record.write(
        record.Entry(event="case.handed_over", at=now, case_id=case.pk, patient_id=root.patient_id, data=data)
    )
