"""Reads of a calendar what is not known already. Nothing is written here."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from appointments import ical, reading
from appointments.remembering import CALLED_OFF, Ledger, Memory, head_of, uid_hash


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read of a calendar, and what need not be.

    `kept` are the blocks that say what they said before, `dropped` the appointments of those that are there no more.
    `loose` are the ids of the appointments that none of the kept holds, to be compared with what was read: None for all.
    `steady` are those of them that stand as they were last read, by the rules that still hold.
    `uids_last` is whether any stands under its UID as before, `events` how many the calendar has, `written` how many blocks
    they are. `blocks` are the hashes of the blocks that stand alone, by UID.
    """

    calendar: ical.Calendar
    head: str
    kept: Ledger
    dropped: frozenset[int]
    loose: frozenset[int] | None
    steady: frozenset[int]
    uids_last: bool
    events: int
    written: int
    blocks: Mapping[str, bytes]


def reread(body: ical.Body, *, memory: Memory, zone: str, window: ical.Window) -> Reading:
    """Raises ical.CalendarRefusedError for a body that is no complete calendar, or too costly to read."""
    quick = body.cut_quickly()
    if quick is not None:
        known = _known(quick, memory)
        if quick.sound(_unknown(known)):
            return _reread(quick, known, memory=memory, zone=zone, window=window)
    cut = body.cut()
    return _reread(cut, _known(cut, memory), memory=memory, zone=zone, window=window)


# By the number of each event its place in the memory, None if it is not what it was.
_Places = list[int | None]


def _known(cut: ical.Cut, memory: Memory) -> _Places:
    """What is there twice, and so under one UID, is not known."""
    hashes = cut.hashes
    if memory.head != head_of(cut.outside):
        return [None] * len(hashes)
    known = list(map(memory.places().get, hashes))
    if len(set(hashes)) < len(hashes):
        times = Counter(hashes)
        known = [place if times[block] == 1 else None for place, block in zip(known, hashes, strict=True)]
    return known


def _unknown(known: _Places) -> list[int]:
    return [number for number, place in enumerate(known) if place is None]


def _reread(cut: ical.Cut, known: _Places, *, memory: Memory, zone: str, window: ical.Window) -> Reading:
    ledger = memory.ledger
    while True:
        numbers = _unknown(known)
        calendar = reading.read_blocks(cut.only(numbers), zone=zone, window=window)
        if calendar.refused is not None:
            raise ical.CalendarRefusedError(calendar.refused)
        gone = ledger.places_but(known)
        more = _concerned(calendar, gone, memory)
        if not more:
            break
        known = [None if place in more else place for place in known]
    dropped = ledger.appointments_in(gone)
    kept = ledger.without(gone)
    return Reading(
        calendar=calendar,
        head=head_of(cut.outside),
        kept=kept,
        dropped=dropped,
        loose=None if memory.loose is None else memory.loose | dropped,
        steady=dropped - (memory.loose or frozenset()),
        uids_last=max(kept.appointments, default=0) > 0,
        events=len(calendar.events) + len(known) - len(numbers),
        written=len(known),
        blocks={uid: cut.hashes[numbers[place]] for uid, place in calendar.plain.items()},
    )


def _concerned(calendar: ical.Calendar, gone: set[int], memory: Memory) -> set[int]:
    """The places of known blocks that have to be read all the same: those with a UID that was read, and, where an
    appointment may be gone, what is called off, as one of those may be the same appointment."""
    ledger = memory.ledger
    read = {uid_hash(uid) for uid in calendar.uids}
    found = {place for place, uid in enumerate(ledger.uids) if uid in read}
    if CALLED_OFF in ledger.appointments:
        standing = {uid_hash(uid) for uid in calendar.plain}
        there = {one for one, uid in zip(ledger.appointments, ledger.uids, strict=True) if uid in standing}
        if (ledger.appointments_in(gone) | memory.live) - there:
            found |= {place for place, one in enumerate(ledger.appointments) if one == CALLED_OFF}
    return found - gone
