"""What is remembered of a feed's calendar, so that the next poll reads what changed and nothing else.

Each event that stands alone is kept as the hash of its block, and what became of it: the appointment's id and revision,
or that it gave none. What is not remembered is read every time: what repeats, what could not be read, what shares its
UID, what lies beyond the window. An appointment that anybody else changed has another revision, so its block is read
again; a change in the calendar's head has all of them read, and so has one in how they are understood (`claiming`).
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, Q

from appointments import ical
from appointments.models import Appointment, AppointmentStatus, Feed
from practices import tenancy

# One more whenever the code reads or understands the same bytes otherwise than before.
VERSION = 1
# In place of an appointment's id: the event can never become one, or it would match one, being called off but not over.
NOTHING, CALLED_OFF = 0, -1
HALF = 32
# Bytes of an entry.
LENGTH = 36
# By psycopg itself and in binary: as a text in the statement, half a megabyte of hashes takes ten times as long.
RECALL = "SELECT head_hash, blocks FROM appointments_feed WHERE id = %s AND practice_id = %s"
REMEMBER = "UPDATE appointments_feed SET blocks = %b, head_hash = %s WHERE id = %s AND practice_id = %s"


# (a block's hash, its event's UID by a hash, the appointment that it is, that one's revision): tuples, as there are ten
# thousand of them at every poll.
Entry = tuple[bytes, bytes, int, int]
BLOCK: Final = 0
UID: Final = 1
APPOINTMENT: Final = 2
REVISION: Final = 3


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a feed's blocks gave when they were last read, and its appointments of today.

    `revisions` are those of the appointments that a calendar is compared with, `live` are those not cancelled,
    `expected` is how many would be missed. Without `revisions` nothing is remembered, and all is looked at.
    """

    head: str = ""
    entries: Mapping[bytes, Entry] = field(default_factory=dict)
    revisions: Mapping[int, int] | None = None
    live: frozenset[int] = frozenset()
    expected: int | None = None

    def known(self, blocks: Iterable[tuple[int, bytes]]) -> dict[int, Entry]:
        """Of numbered blocks those that still are what they were."""
        entries, revisions = self.entries, self.revisions or {}
        return {
            number: entry
            for number, block in blocks
            if (entry := entries.get(block)) is not None
            and (entry[APPOINTMENT] <= 0 or revisions.get(entry[APPOINTMENT]) == entry[REVISION])
        }


NO_MEMORY = Memory()


def recall(*, feed_id: int, window: ical.Window, now: datetime) -> Memory:
    """What is remembered of a feed."""
    with psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(RECALL, [feed_id, tenancy.current()], binary=True).fetchone()
    head_hash, packed = row or ("", b"")
    live = ~Q(status=AppointmentStatus.CANCELLED)
    missed = live & Q(start__gt=now, start__lt=window.end)
    there = Appointment.objects.filter(feed=feed_id, end__gte=window.start).aggregate(
        ids=ArrayAgg("id", default=[]),
        revisions=ArrayAgg("revision", default=[]),
        live=ArrayAgg("id", filter=live, default=[]),
        expected=Count("id", filter=missed),
    )
    return Memory(
        head=head_hash[HALF:],
        entries={entry[BLOCK]: entry for entry in unpack(packed)},
        revisions=dict(zip(there["ids"], there["revisions"], strict=True)),
        live=frozenset(there["live"]),
        expected=there["expected"],
    )


def remember(feed: Feed, *, entries: Sequence[Entry], understanding: str, head: str) -> None:
    """Writes it to a locked feed."""
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(REMEMBER, [pack(entries), understanding + head, feed.pk, feed.practice_id])


def pack(entries: Sequence[Entry]) -> bytes:
    """As `Feed.blocks` holds it. Field by field, the hashes first: Postgres then sees soon that there is nothing to compress."""
    blocks, uids, ids, revisions = zip(*entries, strict=True) if entries else ((), (), (), ())
    numbers = struct.pack(f">{len(ids)}q", *ids) + struct.pack(f">{len(ids)}i", *revisions)
    return b"".join((*blocks, *uids)) + numbers


def unpack(packed: bytes) -> Iterator[Entry]:
    """What `pack` has packed."""
    count = len(packed) // LENGTH
    ends = [count * length for length in (16, 24, 32, 36)]
    blocks = (found[0] for found in struct.iter_unpack("16s", packed[: ends[0]]))
    uids = (found[0] for found in struct.iter_unpack("8s", packed[ends[0] : ends[1]]))
    ids = struct.unpack(f">{count}q", packed[ends[1] : ends[2]])
    revisions = struct.unpack(f">{count}i", packed[ends[2] : ends[3]])
    return zip(blocks, uids, ids, revisions, strict=True)


def head_of(blocks: ical.Blocks) -> str:
    """A hash over what a calendar says outside of its events."""
    lines = [line for line in blocks.head.splitlines() if line]
    return _hash(b"\n".join((*lines, *(ical.block_hash(zone) for zone in blocks.zones))))


def uid_hash(uid: str) -> bytes:
    """A UID in eight bytes. Two that fall together are read more often than they need, that is all."""
    return hashlib.blake2b(uid.encode(), digest_size=8).digest()


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=HALF // 2).hexdigest()
