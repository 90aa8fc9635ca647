"""What is remembered of a feed's calendar, so that the next poll reads what changed and nothing else.

Each event that stands alone is kept as the hash of its block, and what became of it: an appointment, or none. What is not
remembered is read every time: what repeats, what could not be read, what shares its UID, what lies beyond the window.
An appointment says itself with which revision it is remembered (`Appointment.remembered`). One that anybody else changed
has another, so its block is read again; a change in the calendar's head has all of them read, and so has one in how
they are understood (`claiming`).
"""

import hashlib
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress

import psycopg
from django.db import connection

from appointments import ical
from appointments.models import Feed
from practices import tenancy

# One more whenever the code reads or understands the same bytes otherwise than before.
VERSION = 11
# In place of an appointment's id: the event can never become one, or it would match one, being called off but not over.
NOTHING, CALLED_OFF = 0, -1
HALF = 32
BLOCK_BYTES, UID_BYTES = 16, 8
# Bytes of an entry.
LENGTH = BLOCK_BYTES + UID_BYTES + 8
# By psycopg itself and in binary: as a text in the statement, half a megabyte of hashes takes ten times as long.
RECALL = """
SELECT feed.head_hash, feed.blocks, loose.live, loose.cancelled
  FROM appointments_feed feed, LATERAL (
    SELECT coalesce(array_agg(id) FILTER (WHERE status <> 'cancelled'), '{}') AS live,
           coalesce(array_agg(id) FILTER (WHERE status = 'cancelled'), '{}') AS cancelled
      FROM appointments_appointment
     WHERE practice_id = feed.practice_id AND feed_id = feed.id AND "end" >= %s
       AND (remembered IS NULL OR remembered < revision)
  ) loose
 WHERE feed.id = %s AND feed.practice_id = %s
"""
REMEMBER = "UPDATE appointments_feed SET blocks = %b, head_hash = %s WHERE id = %s AND practice_id = %s"
MARK = """
UPDATE appointments_appointment SET remembered = revision
 WHERE practice_id = %(practice)s AND id = ANY(%(ids)s::bigint[]) AND remembered IS DISTINCT FROM revision
"""
FORGET = """
UPDATE appointments_appointment SET remembered = NULL
 WHERE practice_id = %(practice)s AND id = ANY(%(ids)s::bigint[]) AND remembered IS NOT NULL
"""
FORGET_OTHERS = """
UPDATE appointments_appointment SET remembered = NULL
 WHERE practice_id = %(practice)s AND feed_id = %(feed)s AND remembered IS NOT NULL AND id <> ALL(%(ids)s::bigint[])
"""

# (a block's hash, its event's UID by a hash, the appointment that it is).
Entry = tuple[bytes, bytes, int]


@dataclass(frozen=True)
class Ledger:
    """Entries in three columns, as there are ten thousand of them at every poll."""

    blocks: Sequence[bytes] = ()
    uids: Sequence[bytes] = ()
    appointments: Sequence[int] = ()

    def with_more(self, entries: Sequence[Entry]) -> "Ledger":
        """These entries behind its own."""
        if not entries:
            return self
        blocks, uids, appointments = zip(*entries, strict=True)
        return Ledger((*self.blocks, *blocks), (*self.uids, *uids), (*self.appointments, *appointments))

    def places_but(self, places: Iterable[int | None]) -> set[int]:
        """All other places."""
        return set(range(len(self.blocks))).difference(places)

    def appointments_in(self, places: Iterable[int]) -> frozenset[int]:
        """The ids of the appointments in these places."""
        return frozenset(one for one in map(self.appointments.__getitem__, places) if one > 0)

    def without(self, places: Iterable[int]) -> "Ledger":
        """The entries in other places."""
        kept = bytearray(b"\1") * len(self.blocks)
        for place in places:
            kept[place] = 0
        return Ledger(
            blocks=tuple(compress(self.blocks, kept)),
            uids=tuple(compress(self.uids, kept)),
            appointments=tuple(compress(self.appointments, kept)),
        )


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a feed's blocks gave when they were last read.

    `loose` are the ids of its appointments that no block holds any more, or not as they are now; `live` are those of them
    that are not cancelled. With `loose` None nothing is remembered, and all is looked at.
    """

    head: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    loose: frozenset[int] | None = None
    live: frozenset[int] = frozenset()

    def places(self) -> dict[bytes, int]:
        """Where each block that still is what it was has its entry."""
        blocks = self.ledger.blocks
        if not self.loose or self.loose.isdisjoint(self.ledger.appointments):
            return dict(zip(blocks, range(len(blocks)), strict=True))
        held = enumerate(zip(blocks, self.ledger.appointments, strict=True))
        return {block: place for place, (block, appointment) in held if appointment not in self.loose}


NO_MEMORY = Memory()


def recall(*, feed_id: int, window: ical.Window) -> Memory:
    """What is remembered of a feed."""
    with psycopg.Cursor(connection.connection) as cursor:
        given = [window.start, feed_id, tenancy.current()]
        row = cursor.execute(RECALL, given, binary=True).fetchone()
    if row is None or not row[1]:
        return NO_MEMORY
    head_hash, packed, live, cancelled = row
    return Memory(
        head=head_hash[HALF:],
        ledger=unpack(packed),
        loose=frozenset((*live, *cancelled)),
        live=frozenset(live),
    )


def remember(
    feed: Feed,
    *,
    kept: Ledger,
    entries: Sequence[Entry],
    dropped: Collection[int] | None,
    written: Collection[int],
    understanding: str,
    head: str,
) -> None:
    """Writes it to a locked feed, and to its appointments.

    `entries` were read this time; the appointments that were `written` say already that they are remembered. Those that
    are `dropped` no kept block holds (None: whatever `entries` don't hold).
    """
    ledger = kept.with_more(entries)
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(REMEMBER, [pack(ledger), understanding + head, feed.pk, feed.practice_id])
    held = {appointment for _, _, appointment in entries if appointment > 0}
    _mark(MARK, held.difference(written), feed=feed)
    if dropped is None:
        _mark(FORGET_OTHERS, held, feed=feed)
    else:
        _mark(FORGET, set(dropped) - held, feed=feed)


def _mark(statement: str, ids: set[int], *, feed: Feed) -> None:
    if not ids and statement is not FORGET_OTHERS:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids), "practice": feed.practice_id, "feed": feed.pk})


def pack(ledger: Ledger) -> bytes:
    """As `Feed.blocks` holds it. Column by column, the hashes first: Postgres then sees soon that there is nothing to
    compress."""
    numbers = struct.pack(f">{len(ledger.appointments)}q", *ledger.appointments)
    return b"".join((*ledger.blocks, *ledger.uids, numbers))


def unpack(packed: bytes) -> Ledger:
    """What `pack` has packed."""
    count = len(packed) // LENGTH
    uids = count * BLOCK_BYTES
    numbers = uids + count * UID_BYTES
    return Ledger(
        blocks=_pieces(packed[:uids], BLOCK_BYTES),
        uids=_pieces(packed[uids:numbers], UID_BYTES),
        appointments=struct.unpack(f">{count}q", packed[numbers:]),
    )


def _pieces(packed: bytes, length: int) -> Sequence[bytes]:
    """Cut by one call for all. As a Struct of its own: `struct.unpack` would keep the long format."""
    return struct.Struct(f"{length}s" * (len(packed) // length)).unpack(packed)


def head_of(blocks: ical.Blocks) -> str:
    """A hash over what a calendar says outside of its events."""
    lines = [line for line in blocks.head.splitlines() if line]
    return _hash(b"\n".join((*lines, *(ical.block_hash(zone) for zone in blocks.zones))))


def uid_hash(uid: str) -> bytes:
    """A UID in eight bytes. Two that fall together are read more often than they need, that is all."""
    return hashlib.sha256(uid.encode()).digest()[:UID_BYTES]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HALF]
