"""A whole calendar: bytes in, frozen dataclasses out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from appointments.ical import blocks, lines
from appointments.ical.blocks import Refusal
from appointments.ical.components import Draft, Event, Quarantined, draft, lost
from appointments.ical.series import Window, resolve
from appointments.ical.zones import Zones


@dataclass(frozen=True)
class Calendar:
    """What was read. With `refused` set there are no events, and nothing may be concluded from it."""

    refused: Refusal | None
    events: tuple[Event, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    name: str = ""


def read(body: bytes, *, zone: str, window: Window | None) -> Calendar:
    """Reads a whole calendar.

    `zone` is the practice's IANA zone, used for floating times and days. With a window, recurring events are
    expanded inside it; without one as far as `recurrence.expand` goes. Single events are given whatever their
    date.
    """
    try:
        cut = blocks.split(body)
    except blocks.CalendarRefusedError as refused:
        return Calendar(refused=refused.refusal)
    head = _head(cut.head)
    zones = Zones(blocks=cut.zones, calendar_zone=head.get("X-WR-TIMEZONE", ""), practice_zone=zone)
    drafts: list[Draft] = []
    quarantined: list[Quarantined] = []
    for number, block in enumerate(cut.events):
        found = draft(block, zones=zones) if number not in cut.broken else lost(block, "unbalanced")
        if isinstance(found, Quarantined):
            quarantined.append(found)
        else:
            drafts.append(found)
    events, unfollowed = resolve(drafts, window=window)
    if head.get("METHOD", "").upper() == "CANCEL":
        events = [replace(event, status="CANCELLED") for event in events]
    return Calendar(
        refused=None,
        events=tuple(events),
        quarantined=(*quarantined, *unfollowed),
        name=head.get("X-WR-CALNAME", ""),
    )


def _head(head: bytes) -> dict[str, str]:
    found = (lines.parse(lines.decode(raw)) for raw in lines.BREAK.split(lines.unfold(head)))
    return {line.name: lines.plain(line.value, limit=200) for line in found if line is not None}
