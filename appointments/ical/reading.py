"""A whole calendar: bytes in, frozen dataclasses out. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from appointments.ical import blocks, lines
from appointments.ical.blocks import Blocks, Refusal
from appointments.ical.components import Draft, Event, Quarantined, Unread, draft
from appointments.ical.series import Window, resolve
from appointments.ical.zones import Zones

BEGIN = re.compile(rb"^BEGIN:VCALENDAR[ \t]*\r?$", re.I | re.M)


@dataclass(frozen=True)
class Calendar:
    """What was read. With `refused` set there are no events, and nothing may be concluded from it.

    `uids` are those of all blocks that could be read, of which a series may have no event in the window.
    `plain` are the events that stand alone, by UID with the number of their block: no other event has their UID, they
    neither repeat nor replace an occurrence, and so they say the same as long as their block does.
    """

    refused: Refusal | None
    events: tuple[Event, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    name: str = ""
    uids: frozenset[str] = frozenset()
    plain: Mapping[str, int] = field(default_factory=dict)


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
    return read_blocks(cut, zone=zone, window=window)


def read_blocks(cut: Blocks, *, zone: str, window: Window | None) -> Calendar:
    """Reads events of a calendar that was cut, all or some (`Blocks.only`). Events with one UID belong together."""
    settings = _settings(cut, practice_zone=zone)
    drafts: dict[int, Draft] = {}
    unread: list[Unread] = []
    for number, block in enumerate(cut.events):
        place = settings[cut.calendars[number]] if cut.calendars else settings[0]
        found = draft(block, zones=place.zones, broken=number in cut.broken)
        if isinstance(found, Unread):
            unread.append(found)
        else:
            drafts[number] = found.called_off() if place.cancels else found
    events, unfollowed = resolve(list(drafts.values()), unread=unread, window=window)
    return Calendar(
        refused=None,
        events=tuple(events),
        quarantined=(*(one.quarantined for one in unread), *unfollowed),
        name=settings[0].name,
        uids=frozenset(draft.event.uid for draft in drafts.values()),
        plain=_plain(drafts),
    )


@dataclass(frozen=True)
class _Settings:
    """What one of the body's calendars says for all of its events."""

    zones: Zones
    name: str
    cancels: bool


def _settings(cut: Blocks, *, practice_zone: str) -> list[_Settings]:
    zones = Zones(blocks=cut.zones, practice_zone=practice_zone)
    heads = [_head(part) for part in BEGIN.split(cut.head)[1:]] or [{}]
    return [
        _Settings(
            zones=zones.floating_in(head.get("X-WR-TIMEZONE", "")),
            name=head.get("X-WR-CALNAME", ""),
            cancels=head.get("METHOD", "").upper() == "CANCEL",
        )
        for head in heads
    ]


def _plain(drafts: Mapping[int, Draft]) -> dict[str, int]:
    uids = Counter(draft.event.uid for draft in drafts.values())
    return {
        draft.event.uid: number
        for number, draft in drafts.items()
        if uids[draft.event.uid] == 1 and not (draft.rules or draft.added or draft.instance)
    }


def _head(head: bytes) -> dict[str, str]:
    found = (lines.parse(lines.decode(raw)) for raw in lines.BREAK.split(lines.unfold(head)))
    return {line.name: lines.plain(line.value, limit=200) for line in found if line is not None}
