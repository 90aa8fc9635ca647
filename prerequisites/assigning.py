"""Who of the practice cares for a case. It says whom to ask; it keeps nobody from anything."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from practices import record
from prerequisites import locking
from prerequisites.models import Case


def assign(
    case_ids: Sequence[int], *, to: int | None, by: record.Actor, now: datetime
) -> dict[int, int | None]:
    """Gives open cases to a member of the practice, or to nobody; returns who had those that changed."""
    return assign_each(dict.fromkeys(case_ids, to), by=by, now=now)


def assign_each(
    wanted: Mapping[int, int | None], *, by: record.Actor, now: datetime
) -> dict[int, int | None]:
    """The same, each to its own."""
    locking.lock_cases(wanted)
    found = (
        Case.objects.filter(pk__in=wanted, closed_at=None)
        .order_by("pk")
        .values_list("pk", "assigned_to", "appointment__patient_id")
    )
    changed = [(pk, had, patient) for pk, had, patient in found if had != wanted[pk]]
    for to in {wanted[pk] for pk, _, _ in changed}:
        theirs = [pk for pk, _, _ in changed if wanted[pk] == to]
        Case.objects.filter(pk__in=theirs).update(assigned_to=to)
    record.write(
        *[
            record.Entry(
                event="case.assigned",
                at=now,
                actor=by,
                case_id=pk,
                patient_id=patient,
                data={"to": wanted[pk], "from": had},
            )
            for pk, had, patient in changed
        ]
    )
    return {pk: had for pk, had, _ in changed}
