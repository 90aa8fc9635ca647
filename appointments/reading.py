"""Reads a calendar in a child process with limits: whatever a feed holds costs that feed its poll, and no other."""

from functools import partial

from appointments import ical
from practices import apart

SECONDS = 20.0
MEMORY_BYTES = 1 << 30


def read(body: bytes, *, zone: str, window: ical.Window | None) -> ical.Calendar:
    """What `ical.read` finds; refused as too costly if that takes too long or too much memory."""
    work = partial(ical.read, body, zone=zone, window=window)
    try:
        return apart.run(work, seconds=SECONDS, memory_bytes=MEMORY_BYTES, returns=ical.RETURNED)
    except apart.TooCostlyError:
        return ical.Calendar(refused=ical.Refusal.TOO_COSTLY)
