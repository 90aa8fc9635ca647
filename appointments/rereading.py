"""Reads of a calendar what is not known already. Nothing is written here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appointments import ical, reading
from appointments.remembering import APPOINTMENT, CALLED_OFF, UID, Entry, Memory, head_of, uid_hash


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read of a calendar, and what need not be.

    `kept` are the blocks that say what they said before. `loose` are the ids of the appointments that none of those
    holds, to be compared with what was read: None for all. `expected` is how many would be missed in the whole calendar
    (None: not counted yet), `uids_last` whether any stands under its UID as before, `events` how many it has. `blocks` are the hashes of the blocks that stand alone, by UID.
    """

    calendar: ical.Calendar
    head: str
    kept: Sequence[Entry]
    loose: frozenset[int] | None
    expected: int | None
    uids_last: bool
    events: int
    blocks: Mapping[str, bytes]


def reread(body: bytes, *, memory: Memory, zone: str, window: ical.Window) -> Reading:
    """Raises ical.CalendarRefusedError for a body that is no complete calendar, or too costly to read."""
    cut = ical.split(body)
    hashes = ical.block_hashes(cut.events)
    head = head_of(cut)
    known = memory.known(_once(hashes)) if memory.head == head else {}
    while True:
        numbers = [number for number in range(len(hashes)) if number not in known]
        calendar = reading.read_blocks(cut.only(numbers), zone=zone, window=window)
        if calendar.refused is not None:
            raise ical.CalendarRefusedError(calendar.refused)
        more = _concerned(calendar, known, memory)
        if not more:
            break
        for number in more:
            del known[number]
    held = {entry[APPOINTMENT] for entry in known.values() if entry[APPOINTMENT] > 0}
    return Reading(
        calendar=calendar,
        head=head,
        kept=tuple(known.values()),
        loose=None if memory.revisions is None else frozenset(memory.revisions.keys() - held),
        expected=memory.expected,
        uids_last=bool(held),
        events=len(calendar.events) + len(known),
        blocks={uid: hashes[numbers[place]] for uid, place in calendar.plain.items()},
    )


def _once(hashes: Sequence[bytes]) -> Iterable[tuple[int, bytes]]:
    """The numbered blocks without those that are there twice, and so under one UID."""
    if len(set(hashes)) == len(hashes):
        return enumerate(hashes)
    times = Counter(hashes)
    return [(number, block) for number, block in enumerate(hashes) if times[block] == 1]


def _concerned(calendar: ical.Calendar, known: Mapping[int, Entry], memory: Memory) -> list[int]:
    """The known blocks that have to be read all the same: those with a UID that was read, and, where an appointment may
    be gone, what is called off, as one of those may be the same appointment."""
    uids = {uid_hash(uid) for uid in calendar.uids}
    found = {number for number, entry in known.items() if entry[UID] in uids}
    off = [number for number, entry in known.items() if entry[APPOINTMENT] == CALLED_OFF]
    if off:
        held = {entry[APPOINTMENT] for entry in known.values()}
        standing = {uid_hash(uid) for uid in calendar.plain}
        there = {one[APPOINTMENT] for one in memory.entries.values() if one[UID] in standing}
        if memory.live - held - there:
            found.update(off)
    return sorted(found)
