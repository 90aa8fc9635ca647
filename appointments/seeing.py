"""What the events of a calendar say, understood as far as needed.

An event that only says another time than when it was last read, in the very same words, means who and what it meant:
the appointment has it. Most of what changes in a calendar is of this kind, and to understand is what costs.
"""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

from appointments import ical
from appointments.known_types import type_index
from appointments.matching import (
    WRITTEN,
    Kind,
    Known,
    Rules,
    Seen,
    TypeIndex,
    Understood,
    person_key,
    understand,
)


@dataclass(kw_only=True)
class Sight:
    """The events of one calendar, by their numbers. `see` is called once; then `seen` are the appointments, `unreadable`
    the numbers of events that say nothing at all, `own` those of time that the practice keeps for itself."""

    events: tuple[ical.Event, ...]
    rules: Rules
    seen: list[Seen] = field(default_factory=list)
    unreadable: set[int] = field(default_factory=set)
    own: list[int] = field(default_factory=list)
    _said: dict[int, Understood] = field(default_factory=dict)

    def see(self, steady: list[Known]) -> None:
        """`steady` are appointments that stand as these rules have read them."""
        before = {(one.uid, one.recurrence_id): one for one in steady}
        for index, event in enumerate(self.events):
            written = _written(event)
            known = before.get((event.uid, event.recurrence_id))
            if known is not None and known.content[:WRITTEN] == written:
                self.seen.append(_again(index, event, known))
            else:
                self._look(index, event, written)

    def said(self, index: int) -> Understood:
        """What an event says."""
        if index not in self._said:
            self._said[index] = understand(self.events[index], rules=self.rules, types=self._types)
        return self._said[index]

    @cached_property
    def appointments(self) -> frozenset[int]:
        """The numbers of the events that are appointments."""
        return frozenset(one.index for one in self.seen)

    @cached_property
    def _types(self) -> TypeIndex:
        return type_index()

    def _look(self, index: int, event: ical.Event, written: str) -> None:
        said = self.said(index)
        if said.kind is Kind.UNREADABLE:
            self.unreadable.add(index)
        if said.kind is Kind.ABSENCE:
            self.own.append(index)
        if said.kind is not Kind.APPOINTMENT:
            return
        self.seen.append(
            Seen(
                index=index,
                uid=event.uid,
                recurrence_id=event.recurrence_id,
                start=event.start,
                end=event.end,
                summary=event.summary[:255],
                person=person_key(said.name, said.birth_date),
                type_id=said.type_id,
                content=written + _hash(replace(said, type_id=None, problems=())),
                sequence=event.sequence,
                cancelled=event.status == "CANCELLED",
            )
        )


def _again(index: int, event: ical.Event, known: Known) -> Seen:
    """An event in the words of the appointment that it was."""
    return Seen(
        index=index,
        uid=event.uid,
        recurrence_id=event.recurrence_id,
        start=event.start,
        end=event.end,
        summary=known.summary,
        person=known.person,
        type_id=known.type_id,
        content=known.content,
        sequence=event.sequence,
        cancelled=event.status == "CANCELLED",
    )


def _written(event: ical.Event) -> str:
    """A hash over all that is stored of an event, or read from it, save its times and its type. What was read from it
    is hashed behind it."""
    return _hash(
        (
            event.summary,
            event.description,
            event.location,
            event.all_day,
            event.categories,
            event.attendees,
        )
    )


def _hash(said: object) -> str:
    return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()
