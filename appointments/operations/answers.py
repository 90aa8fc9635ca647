"""What staff say that a text of the calendar means, and taking it back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appointments import retyping
from appointments.known_types import type_index
from appointments.matching import wording
from appointments.matching.types import LONGEST_TEXT
from appointments.models import AppointmentType, TypeText
from appointments.operations.invalid import InvalidInputError
from appointments.operations.types import deleted
from practices import record, tenancy


class Answer(StrEnum):
    """What became of an answer: it is remembered; the same was known already; something else was known by then; "never
    needs anything" is said of a type's own name, and the type needs something."""

    REMEMBERED = "remembered"
    KNOWN = "known"
    OTHERWISE = "otherwise"
    NAME_TAKEN = "name_taken"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """`type` is what the text means now, `text_id` what is remembered of it, if anything is; `appointments` how many of
    those to come have another type by it."""

    answer: Answer
    type: AppointmentType
    text_id: int | None = None
    appointments: int = 0


def assign_type(*, text: str, type_id: int | None, by: record.Actor, now: datetime) -> Answered:
    """Staff say what a text means: a type, or (None) that it never needs anything. It holds for the whole text however it
    is written, until it is taken back. Who comes second changes nothing.

    InvalidInputError for an empty text, AppointmentType.DoesNotExist for a type of nobody's."""
    text = text.replace("\x00", "")[:LONGEST_TEXT].strip()
    if not wording(text):
        raise InvalidInputError(field="text", code="empty")
    retyping.hold()
    chosen = AppointmentType.objects.get(pk=type_id) if type_id is not None else None
    before = type_index()
    known_id = before.match(text).id
    if known_id is not None:
        known = AppointmentType.objects.get(pk=known_id)
        same = known == chosen if chosen else known.needs_nothing
        return Answered(answer=Answer.KNOWN if same else Answer.OTHERWISE, type=known)
    known = chosen or _quiet_type(text)
    if chosen is None and not known.needs_nothing:
        return Answered(answer=Answer.NAME_TAKEN, type=known)
    kept = TypeText.objects.create(
        practice_id=tenancy.current(),
        type=known,
        text=text,
        wording=wording(text),
        said_by_id=by.user_id,
        said_at=now,
    )
    data = {"type": known.pk, "text": kept.pk}
    record.write(record.Entry(event="type.assigned", at=now, actor=by, data=data))
    found = retyping.changes(before=before, after=type_index(), now=now)
    retyped = retyping.retype(found, by=by, now=now)
    return Answered(answer=Answer.REMEMBERED, type=known, text_id=kept.pk, appointments=retyped)


def forget_text(*, text_id: int, by: record.Actor, now: datetime) -> int | None:
    """Takes an answer back: what has its type by it alone stands on the board again. A type that was made by the answer
    goes with it. Returns how many appointments have another type now; None if nothing is remembered under the id."""
    retyping.hold()
    kept = TypeText.objects.select_related("type").filter(pk=text_id).first()
    if kept is None:
        return None
    before = type_index()
    kept.delete()
    data = {"type": kept.type_id, "text": text_id}
    record.write(record.Entry(event="type.unassigned", at=now, actor=by, data=data))
    found = retyping.changes(before=before, after=type_index(), now=now)
    retyped = retyping.retype(found, by=by, now=now)
    known = kept.type
    if not (known.found_by_name or known.keywords or known.texts.exists()):
        deleted(known)
    return retyped


def _quiet_type(text: str) -> AppointmentType:
    """The type that is called like the text, or a new one that never needs anything."""
    worded = wording(text)
    alike = (known for known in AppointmentType.objects.order_by("id") if wording(known.name) == worded)
    return next(alike, None) or AppointmentType.objects.create(
        practice_id=tenancy.current(), name=text, keywords=[], needs_nothing=True, found_by_name=False
    )
