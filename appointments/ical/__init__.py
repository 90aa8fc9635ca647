"""Reads calendars (iCalendar, RFC 5545): bytes in, frozen dataclasses out. Pure.

A calendar is complete or refused as a whole; within a complete one, an event that cannot be read costs that
event and no other: it is quarantined with its reason, for staff to see. Nothing is guessed.
"""

from appointments.ical.blocks import (
    MAX_BYTES,
    Blocks,
    CalendarRefusedError,
    Refusal,
    block_hash,
    split,
)
from appointments.ical.components import Attendee, Event, Quarantined
from appointments.ical.cutting import Body, Cut
from appointments.ical.reading import Calendar, read, read_blocks
from appointments.ical.series import Window

# What a calendar consists of.
RETURNED = (Calendar, Event, Attendee, Quarantined, Refusal)

__all__ = [
    "MAX_BYTES",
    "RETURNED",
    "Attendee",
    "Blocks",
    "Body",
    "Calendar",
    "CalendarRefusedError",
    "Cut",
    "Event",
    "Quarantined",
    "Refusal",
    "Window",
    "block_hash",
    "read",
    "read_blocks",
    "split",
]
