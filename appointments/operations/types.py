"""What managers say of appointment types: their names, the words by which they are found, whether they need anything."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from appointments import retyping
from appointments.known_types import known_types, type_index
from appointments.matching import TypeIndex, TypeWords, wording
from appointments.matching.collisions import Collision, collisions, says_nothing
from appointments.models import Appointment, AppointmentType
from appointments.operations.feeds import plain
from appointments.operations.invalid import InvalidInputError
from appointments.queries import live
from appointments.retyping import Retyping
from practices import record, tenancy

LONGEST_NAME = 120
MOST_KEYWORDS = 100
# Where a new type stands among the known ones while it is tried.
NEW = 0


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A type as somebody would have it; without `type_id` a new one."""

    type_id: int | None = None
    name: str
    keywords: Sequence[str] = ()
    needs_nothing: bool = False

    def cleaned(self) -> "Draft":
        """On one line each, every keyword once."""
        keywords = {wording(word): word for word in reversed([plain(word) for word in self.keywords])}
        kept = [word for key, word in reversed(keywords.items()) if key]
        return replace(self, name=plain(self.name), keywords=tuple(kept))


def state_of(known: AppointmentType) -> str:
    """Changes with everything that a draft changes."""
    said = (known.name, known.keywords, known.needs_nothing)
    return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()


def clashes(draft: Draft) -> list[Collision]:
    """Where a draft would be found by the words of another type. What it and that one have in common already is not held
    against it, but shown."""
    types = known_types()
    return [one for one in collisions(_with(draft.cleaned(), types)) if one.type_id == (draft.type_id or NEW)]


def preview(draft: Draft, *, now: datetime) -> list[Retyping]:
    """Which coming appointments would get another type by a draft; a new type has the id NEW."""
    types = known_types()
    after = TypeIndex(_with(draft.cleaned(), types))
    return retyping.changes(before=TypeIndex(types), after=after, now=now)


def save_type(
    draft: Draft, *, seen: str = "", by: record.Actor, now: datetime
) -> tuple[AppointmentType, int]:
    """Adds or changes a type; returns it, and how many coming appointments have another type now. `seen` is the
    `state_of` what the draft was made from.

    InvalidInputError for a name or keyword that can't be used, and ("seen", "changed") where somebody else changed the
    type meanwhile; AppointmentType.DoesNotExist where it is gone."""
    draft = draft.cleaned()
    retyping.hold()
    held = AppointmentType.objects.get(pk=draft.type_id) if draft.type_id is not None else _just_added(draft)
    if held is not None and _says(held) == (draft.name, list(draft.keywords), draft.needs_nothing):
        return held, 0
    if held is not None and state_of(held) != seen:
        raise InvalidInputError(field="seen", code="changed")
    before = known_types()
    _check(draft, held, before)
    known = held or AppointmentType(practice_id=tenancy.current())
    quieter_or_louder = known.needs_nothing != draft.needs_nothing
    known.name, known.keywords, known.needs_nothing = draft.name, list(draft.keywords), draft.needs_nothing
    known.save()
    data = {"type": known.pk, "keywords": len(draft.keywords), "needs_nothing": draft.needs_nothing}
    event = "type.changed" if held else "type.added"
    record.write(record.Entry(event=event, at=now, actor=by, data=data))
    found = retyping.changes(before=TypeIndex(before), after=type_index(), now=now)
    retyped = retyping.retype(found, by=by, now=now)
    if quieter_or_louder:
        retyping.plan_again([known.pk], now=now)
    return known, retyped


def set_needs_nothing(*, type_id: int, needs_nothing: bool, by: record.Actor, now: datetime) -> bool:
    """Says that a type never needs anything, so that no case is opened for it and those there are rest, or that it does.
    False if that was said already."""
    retyping.hold()
    other = AppointmentType.objects.filter(pk=type_id).exclude(needs_nothing=needs_nothing)
    if not other.update(needs_nothing=needs_nothing):
        return False
    event = "type.needs_nothing" if needs_nothing else "type.needs_something"
    record.write(record.Entry(event=event, at=now, actor=by, data={"type": type_id}))
    retyping.plan_again([type_id], now=now)
    return True


def remove_type(*, type_id: int, by: record.Actor, now: datetime) -> bool:
    """Deletes a type that nothing hangs on. False while appointments are to come, or it has a plan."""
    retyping.hold()
    known = AppointmentType.objects.get(pk=type_id)
    if live(now=now).filter(type=known).exists():
        return False
    before = type_index()
    if not deleted(known):
        return False
    record.write(record.Entry(event="type.removed", at=now, actor=by, data={"type": type_id}))
    retyping.retype(retyping.changes(before=before, after=type_index(), now=now), by=by, now=now)
    return True


def deleted(known: AppointmentType) -> bool:
    """Deletes a held type, which past appointments then no longer have. One with a plan stays: False."""
    with suppress(ProtectedError), transaction.atomic():
        Appointment.objects.filter(type=known).update(type=None)
        known.delete()
        return True
    return False


def _with(draft: Draft, types: Sequence[TypeWords]) -> list[TypeWords]:
    """The types as they would be."""
    words = TypeWords(id=draft.type_id or NEW, name=draft.name, keywords=tuple(draft.keywords))
    if draft.type_id is None:
        return [*types, words]
    return [
        replace(one, name=draft.name if one.name else "", keywords=words.keywords)
        if one.id == draft.type_id
        else one
        for one in types
    ]


def _says(known: AppointmentType) -> tuple[str, list[str], bool]:
    return known.name, known.keywords, known.needs_nothing


def _just_added(draft: Draft) -> AppointmentType | None:
    """The very type, if it was added a moment ago (a double click)."""
    found = AppointmentType.objects.filter(name=draft.name).first()
    same = found is not None and _says(found) == (draft.name, list(draft.keywords), draft.needs_nothing)
    return found if same else None


def _check(draft: Draft, held: AppointmentType | None, types: Sequence[TypeWords]) -> None:
    if not wording(draft.name) or len(draft.name) > LONGEST_NAME:
        raise InvalidInputError(field="name", code="empty" if not draft.name else "too_long")
    others = AppointmentType.objects.exclude(pk=held.pk if held else NEW).values_list("name", flat=True)
    if any(wording(name) == wording(draft.name) for name in others):
        raise InvalidInputError(field="name", code="taken")
    if any(len(word) > LONGEST_NAME for word in draft.keywords) or len(draft.keywords) > MOST_KEYWORDS:
        raise InvalidInputError(field="keywords", code="too_long")
    if any(says_nothing(word) for word in draft.keywords):
        raise InvalidInputError(field="keywords", code="says_nothing")
    known = {(one.word, one.other_id) for one in collisions(types) if held and one.type_id == held.pk}
    mine = draft.type_id or NEW
    new = [one for one in collisions(_with(draft, types)) if one.type_id == mine]
    for one in new:
        if (one.word, one.other_id) not in known:
            raise InvalidInputError(
                field="name" if one.word == draft.name else "keywords", code="found_elsewhere"
            )
