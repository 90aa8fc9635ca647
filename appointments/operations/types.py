"""What staff say that a text of the calendar means."""

from datetime import datetime

from django.db.models import F

from appointments import applying
from appointments.models import AppointmentType
from appointments.operations.invalid import InvalidInputError
from appointments.queries import live
from practices import record, tenancy
from practices.nudge import nudge

LONGEST_KEYWORD = 120


def assign_type(*, text: str, type_id: int | None, by: record.Actor, now: datetime) -> int:
    """Staff say what a text means: a type, or (None) that it never needs anything. Remembered as a keyword.

    Returns how many appointments have a type now. InvalidInputError for an empty text.
    """
    text = text.replace("\x00", "").strip()[:LONGEST_KEYWORD]
    if not text:
        raise InvalidInputError(field="text", code="empty")
    if type_id is None:
        known, _ = AppointmentType.objects.get_or_create(
            practice_id=tenancy.current(), name=text, defaults={"needs_nothing": True, "keywords": [text]}
        )
    else:
        known = AppointmentType.objects.select_for_update(no_key=True).get(pk=type_id)
        if text not in known.keywords:
            known.keywords = [*known.keywords, text]
            known.save(update_fields=["keywords"])
    entry = record.Entry(event="type.assigned", at=now, actor=by, data={"type": known.pk})
    record.write(entry)
    found = _match_again(now=now)
    nudge(stage="cases", practice_id=tenancy.current())
    return found


def _match_again(*, now: datetime) -> int:
    """Looks for the type of every future appointment without one."""
    types = applying.type_index()
    waiting = live(now=now).filter(type=None)
    found = 0
    for text in waiting.values_list("type_text", flat=True).distinct():
        match = types.match(text)
        if match.id is not None:
            found += waiting.filter(type_text=text).update(
                type_id=match.id, needs_planning=True, revision=F("revision") + 1
            )
    return found
