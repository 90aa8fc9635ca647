"""What becomes of the coming appointments when the words change by which types are recognised. Set-wise.

Whoever changes the words first holds still what reads with them (`hold`): a calendar that is being applied ends before,
and the next one begins with the new words. So an appointment never keeps a type that nothing gives it any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from appointments.matching import TypeIndex
from appointments.models import Appointment, AppointmentType, Feed
from appointments.queries import live
from practices import record, rows, tenancy
from practices.nudge import nudge


@dataclass(frozen=True, kw_only=True)
class Retyping:
    """Coming appointments with one text and one type that get another. `alike` are the types that it fits equally, where
    it therefore gets none."""

    text: str
    appointments: int
    next_start: datetime
    before: int | None
    after: int | None
    alike: Sequence[int] = ()


def hold() -> None:
    """Locks the practice's feeds and then its types, each in order of id, until the transaction ends."""
    feeds = Feed.objects.select_for_update(no_key=True).order_by("pk")
    types = AppointmentType.objects.select_for_update(no_key=True).order_by("pk")
    list(feeds.values_list("pk", flat=True))
    list(types.values_list("pk", flat=True))


def changes(*, before: TypeIndex, after: TypeIndex, now: datetime) -> list[Retyping]:
    """What the coming appointments become by `after`, the next one first. A type that their text did not give them by
    `before` is taken from nobody: it came from elsewhere in the event."""
    found = live(now=now).values("type_text", "type_id")
    found = found.annotate(n=Count("id"), next_start=Min("start")).order_by("next_start", "type_text")
    retyped = []
    for row in found:
        held, will = row["type_id"], after.match(row["type_text"])
        taken = held is not None and will.id is None and before.match(row["type_text"]).id == held
        if taken or will.id not in (None, held):
            one = Retyping(
                text=row["type_text"],
                appointments=row["n"],
                next_start=row["next_start"],
                before=held,
                after=will.id,
                alike=will.alike,
            )
            retyped.append(one)
    return retyped


def retype(found: Sequence[Retyping], *, by: record.Actor, now: datetime) -> int:
    """Writes it; returns how many appointments have another type now. The next stage plans them."""
    if not found:
        return 0
    wanted = {(one.text, one.before): one.after for one in found}
    texts = rows.among("type_text", {one.text for one in found}, type="text")
    held = live(now=now).filter(texts).select_for_update(no_key=True).order_by("pk")
    columns = ("id", "patient_id", "type_text", "type_id", "revision")
    concerned = [row for row in held.values_list(*columns) if (row[2], row[3]) in wanted]
    rows.update(
        Appointment,
        [
            {
                "id": pk,
                "type_id": wanted[text, type_id],
                "needs_planning": True,
                "to_settle": True,
                "revision": revision + 1,
            }
            for pk, _, text, type_id, revision in concerned
        ],
    )
    record.write(
        *(
            record.Entry(
                event="appointment.retyped",
                at=now,
                actor=by,
                patient_id=patient_id,
                data={"appointment": pk, "from": type_id, "type": wanted[text, type_id]},
            )
            for pk, patient_id, text, type_id, _ in concerned
        )
    )
    nudge(stage="cases", practice_id=tenancy.current())
    return len(concerned)


def plan_again(type_ids: Sequence[int], *, now: datetime) -> None:
    """Has the next stage look at the coming appointments of these types. Locked in order of id, as the sync does."""
    held = live(now=now).filter(type_id__in=type_ids).select_for_update(no_key=True).order_by("pk")
    found = list(held.values_list("pk", flat=True))
    Appointment.objects.filter(rows.among("pk", found, type="bigint")).update(needs_planning=True)
    nudge(stage="cases", practice_id=tenancy.current())
