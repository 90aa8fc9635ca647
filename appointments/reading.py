"""Reads a calendar in a child process with limits: whatever a feed holds costs that feed its poll, and no other."""

from functools import partial

from appointments import ical
from practices import apart

SECONDS = 20.0
MEMORY_BYTES = 1 << 30


def read(body: bytes, *, zone: str, window: ical.Window | None) -> ical.Calendar:
    """What `ical.read` finds; refused as too costly if that takes too long or too much memory."""
    return _apart(partial(ical.read, body, zone=zone, window=window))


def read_blocks(blocks: ical.Blocks, *, zone: str, window: ical.Window) -> ical.Calendar:
    """The same for `ical.read_blocks`. Where there is no event, nobody needs to be asked."""
    if not blocks.events:
        return ical.Calendar(refused=None)
    return _apart(partial(ical.read_blocks, blocks, zone=zone, window=window))


def _apart(work: "partial[ical.Calendar]") -> ical.Calendar:
    try:
        return apart.run(work, seconds=SECONDS, memory_bytes=MEMORY_BYTES, returns=ical.RETURNED)
    except apart.TooCostlyError:
        return ical.Calendar(refused=ical.Refusal.TOO_COSTLY)
