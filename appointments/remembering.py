"""What is remembered of a feed's calendar, so that the next poll reads what changed and nothing else.

Each event that stands alone is kept as the hash of its block, and what became of it: the appointment's id and revision,
or that it gave none. What is not remembered is read every time: what repeats, what could not be read, what shares its
UID, what lies beyond the window. An appointment that anybody else changed has another revision, so its block is read
again; a change in the calendar's head has all of them read, and so has one in how they are understood (`claiming`).
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q

from appointments import ical
from appointments.models import Appointment, AppointmentStatus, Feed

# One more whenever the code reads or understands the same bytes otherwise than before.
VERSION = 1
PACKED = struct.Struct(">16s8sqi")
# In place of an appointment's id: the event can never become one, or it would match one, being called off but not over.
NOTHING, CALLED_OFF = 0, -1
HALF = 32


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
    head_hash, packed = Feed.objects.values_list("head_hash", "blocks").get(pk=feed_id)
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
        entries={entry[BLOCK]: entry for entry in PACKED.iter_unpack(packed)},
        revisions=dict(zip(there["ids"], there["revisions"], strict=True)),
        live=frozenset(there["live"]),
        expected=there["expected"],
    )


def remember(feed: Feed, *, entries: Iterable[Entry], understanding: str, head: str) -> None:
    """Sets the feed's fields; the caller saves them."""
    feed.blocks = b"".join(PACKED.pack(*entry) for entry in entries)
    feed.head_hash = understanding + head


def head_of(blocks: ical.Blocks) -> str:
    """A hash over what a calendar says outside of its events."""
    lines = [line for line in blocks.head.splitlines() if line]
    return _hash(b"\n".join((*lines, *(ical.block_hash(zone) for zone in blocks.zones))))


def uid_hash(uid: str) -> bytes:
    """A UID in eight bytes. Two that fall together are read more often than they need, that is all."""
    return hashlib.blake2b(uid.encode(), digest_size=8).digest()


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=HALF // 2).hexdigest()
