"""Events -> the bytes of an iCalendar feed (RFC 5545: CRLF, lines folded at 75 bytes, texts escaped)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from treffa.sandbox.doctolib.events import Event

LINE_LIMIT = 75

BERLIN_ZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE""".splitlines()


def render(*, title: str, events: Iterable[Event], now: datetime, durations: bool = False) -> bytes:
    """The feed as fetched at `now`: DTSTAMP is the time of the fetch, as real feeds have it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Treffa sandbox//Calendar//DE",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escape(title)}",
        "X-WR-TIMEZONE:Europe/Berlin",
        *BERLIN_ZONE,
    ]
    for event in events:
        lines.extend(_event_lines(event, now, durations))
    lines.append("END:VCALENDAR")
    return b"".join(_fold(line) for line in lines)


def _event_lines(event: Event, now: datetime, durations: bool) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_utc(now)}"
    yield _time("DTSTART", event.start, event)
    if durations and not event.all_day:
        yield f"DURATION:PT{int((event.end - event.start).total_seconds() // 60)}M"
    else:
        yield _time("DTEND", event.end, event)
    if event.rule:
        yield f"RRULE:{event.rule}"
    yield f"SUMMARY:{_escape(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_escape(event.description)}"
    yield f"STATUS:{event.status}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"CREATED:{_utc(event.created)}"
    yield f"LAST-MODIFIED:{_utc(event.modified)}"
    yield "END:VEVENT"


def _time(name: str, value: datetime, event: Event) -> str:
    if event.all_day:
        return f"{name};VALUE=DATE:{value:%Y%m%d}"
    if event.time_zone == "UTC":
        return f"{name}:{_utc(value)}"
    if not event.time_zone:
        return f"{name}:{value:%Y%m%dT%H%M%S}"
    return f"{name};TZID={event.time_zone}:{value.astimezone(ZoneInfo(event.time_zone)):%Y%m%dT%H%M%S}"


def _utc(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _fold(line: str) -> bytes:
    """Cut into pieces of at most 75 bytes, never inside a character."""
    rest, pieces, room = line.encode(), [], LINE_LIMIT
    while len(rest) > room:
        cut = room
        while rest[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(rest[:cut])
        rest, room = rest[cut:], LINE_LIMIT - 1
    return b"\r\n ".join([*pieces, rest]) + b"\r\n"
