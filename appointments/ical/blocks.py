"""A calendar's bytes cut into its components, and their hashes. Pure.

Cutting and hashing costs a hundredth of parsing, so that a feed in which nothing changed costs next to
nothing. It is also the judge of completeness: what is cut off, an error page or empty is refused as a whole,
for a part of a calendar looks like a calendar in which the rest was cancelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import xxhash

from appointments.ical import lines

BOUNDARY = re.compile(rb"^(BEGIN|END):([^\r\n]*)\r?$", re.I | re.M)
FOLDED_BOUNDARY = re.compile(rb"^(?:BEGIN|END|BEGI|BEG|BE|B|EN|E)(?::[^\r\n]*)?\r?\n[ \t]", re.I | re.M)
# DTSTAMP is "now" at every fetch with many servers; both may be folded. A pattern that begins with a line feed is
# searched for at the speed of memory.
# It never goes back: what it would remember for that is a hundred times what it reads.
STAMP = re.compile(rb"\n(?i:DTSTAMP|LAST-MODIFIED)[;:][^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+")
LONE_RETURN = re.compile(rb"\r[^\n]")
# Some exporters write a remark behind the calendar's end.
ENDING = re.compile(rb"END:VCALENDAR[ \t]*(?:[\r\n]+X-[^\r\n]*)*\Z", re.I)
LONGEST_ENDING = 10_000
REGULAR_START = re.compile(rb"BEGIN:VCALENDAR\r?\n(?![ \t])")
# Every line that may be a BEGIN or an END, were it unfolded.
TOKEN_STARTS = (b"\nB", b"\nb", b"\nE", b"\ne")
TOKEN = re.compile(rb"\n(?:[Bb]|[Ee](?:[Nn]|\r?\n[ \t]))[^\n]*(?:\n[ \t])?")
# Zones first, then events one after the other: as nearly every server writes.
REGULAR = re.compile(
    rb"(?:\nBEGIN:VTIMEZONE\r?(?:\nBEGIN:(STANDARD|DAYLIGHT)\r?\nEND:\1\r?)*\nEND:VTIMEZONE\r?)*"
    rb"(?:\nBEGIN:VEVENT\r?(?:\nBEGIN:VALARM\r?\nEND:VALARM\r?)*\nEND:VEVENT\r?)+"
    rb"\nEND:VCALENDAR\r?"
)
END_OF_EVENT = (b"\nEND:VEVENT", b"\nEND:VEVENT\r")
# Lines of an event that nests nothing but alarms.
PROPERTIES_AND_ALARMS = re.compile(rb"(?:\nBEGIN:VALARM\r?\nEND:VALARM\r?)*")
MAX_BYTES = 100_000_000
# Lines that may begin or end something, in a body larger than this: half a million events. More take more memory than
# the one who cuts has to spare, which is the worker, not a child.
LARGE, MAX_TOKENS = 8_000_000, 1_000_000
# Lines whose stamps are masked, where they are many for the same reason.
MAX_LINES = 4_000_000
# Calendars nest three deep; each END looks for its BEGIN among those open.
DEEPEST = 20


class Refusal(StrEnum):
    """Why a body is not a complete calendar."""

    EMPTY = "empty"
    HTML = "html"
    NOT_A_CALENDAR = "not_a_calendar"
    CUT_OFF = "cut_off"
    UNBALANCED = "unbalanced"
    TOO_LARGE = "too_large"
    TOO_COSTLY = "too_costly"


class CalendarRefusedError(ValueError):
    """The body is not a complete calendar."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True)
class Blocks:
    """One body: its head (what lies outside of components), its zones, its events; each with BEGIN and END.

    `broken` holds the numbers of events whose inner components do not close: they alone are quarantined. `calendars`
    says of each event in which of the body's calendars it stands; it is empty where there is but one.
    """

    head: bytes
    zones: tuple[bytes, ...]
    events: tuple[bytes, ...]
    broken: frozenset[int]
    calendars: tuple[int, ...] = ()

    def only(self, numbers: Sequence[int]) -> Blocks:
        """The same with these events alone, in this order."""
        return replace(
            self,
            events=tuple(self.events[number] for number in numbers),
            broken=frozenset(place for place, number in enumerate(numbers) if number in self.broken),
            calendars=tuple(self.calendars[number] for number in numbers) if self.calendars else (),
        )


def block_hash(block: bytes) -> bytes:
    """16 bytes that stay the same while nothing but DTSTAMP and LAST-MODIFIED changes."""
    return digest(masked(block))


def masked(content: bytes) -> bytes:
    """Without DTSTAMP and LAST-MODIFIED. Most servers write one and the same moment to all events: gone in one go."""
    first = STAMP.search(content)
    if first is None or (len(content) > LARGE and content.count(b"\n") > MAX_LINES):
        return content
    end = content[first.end() : first.end() + 1]
    return STAMP.sub(b"", content.replace(first[0] + end, end))


def digest(content: bytes) -> bytes:
    """16 bytes that no two blocks share by chance. Who wants to can make two that do, but only fool the calendar that they
    write themselves, until it is next read anew."""
    return xxhash.xxh3_128_digest(content)


def digests(contents: Iterable[bytes]) -> list[bytes]:
    """`digest` of many, without a call for each."""
    return list(map(xxhash.xxh3_128_digest, contents))


def normal(body: bytes) -> bytes:
    """The body as UTF-8 or an 8 bit code page, without a byte order mark, its lines ended by a line feed."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body = _from_utf16(body).encode()
    body = body.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x00 \t\r\n")
    if b"\r\r\n" in body:
        body = body.replace(b"\r\r\n", b"\n")
    if LONE_RETURN.search(body) is not None:
        # Some end their lines by a carriage return alone.
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body


def _from_utf16(body: bytes) -> str:
    try:
        return body.decode("utf-16")
    except UnicodeDecodeError as error:
        # To replace them takes a hundred times as long as to read what is good.
        if len(body) > LARGE:
            raise CalendarRefusedError(Refusal.NOT_A_CALENDAR) from error
        return body.decode("utf-16", "replace")


def too_many_tokens(body: bytes) -> bool:
    return len(body) > LARGE and sum(map(body.count, TOKEN_STARTS)) > MAX_TOKENS


def _cut_regular(body: bytes) -> Blocks | None:
    """What the cutter makes of it, many times faster; None for a body that has to be walked."""
    if REGULAR_START.match(body) is None or REGULAR.fullmatch(b"".join(TOKEN.findall(body))) is None:
        return None
    first, last = body.find(b"\nBEGIN:VEVENT"), body.rfind(b"\nEND:VCALENDAR")
    if body[last:].strip(b"\x00 \t\r\n") != b"END:VCALENDAR":
        return None
    events = body[first:last].split(b"\nBEGIN:VEVENT")[1:]
    if not all(event.endswith(END_OF_EVENT) for event in events):
        return None
    outside = _Cutter(body[:first] + b"\nEND:VCALENDAR").cut()
    return replace(outside, events=tuple(b"BEGIN:VEVENT" + event for event in events))


def split(body: bytes) -> Blocks:
    """Cuts a body into its components. Raises CalendarRefusedError unless it is complete and balanced."""
    if len(body) > MAX_BYTES:
        raise CalendarRefusedError(Refusal.TOO_LARGE)
    body = normal(body)
    if too_many_tokens(body):
        raise CalendarRefusedError(Refusal.TOO_COSTLY)
    regular = _cut_regular(body)
    if regular is not None:
        return regular
    body = lines.unfold(body) if FOLDED_BOUNDARY.search(body) else body
    _judge_edges(body)
    return _Cutter(body).cut()


def _judge_edges(body: bytes) -> None:
    if not body.strip(b"\x00 \t\r\n"):
        raise CalendarRefusedError(Refusal.EMPTY)
    if body.startswith(b"<"):
        raise CalendarRefusedError(Refusal.HTML)
    if not body[:15].upper().startswith(b"BEGIN:VCALENDAR"):
        raise CalendarRefusedError(Refusal.NOT_A_CALENDAR)
    if ENDING.search(body.rstrip(b"\x00 \t\r\n")[-LONGEST_ENDING:]) is None:
        raise CalendarRefusedError(Refusal.CUT_OFF)


class _Cutter:
    """Walks the BEGIN and END lines of one body."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.stack: list[tuple[bytes, int]] = []
        self.head: list[bytes] = []
        self.zones: list[bytes] = []
        self.events: list[bytes] = []
        self.broken: set[int] = set()
        self.calendars: list[int] = []
        self.calendar = -1
        self.outside = 0

    def cut(self) -> Blocks:
        for found in BOUNDARY.finditer(self.body):
            name = found[2].strip(b" \t").upper()
            if found[1].upper() == b"BEGIN":
                self._begin(name, found.start())
            else:
                self._end(name, found.end())
        if self.stack:
            raise CalendarRefusedError(Refusal.UNBALANCED)
        return Blocks(
            head=b"\n".join(self.head),
            zones=tuple(self.zones),
            events=tuple(self.events),
            broken=frozenset(self.broken),
            calendars=tuple(self.calendars) if self.calendar else (),
        )

    def _begin(self, name: bytes, position: int) -> None:
        inside = len(self.stack)
        if (name == b"VCALENDAR") != (inside == 0) or (name == b"VEVENT" and inside != 1):
            raise CalendarRefusedError(Refusal.UNBALANCED)
        if inside == DEEPEST:
            raise CalendarRefusedError(Refusal.UNBALANCED)
        if inside == 0:
            self.calendar += 1
        elif inside == 1:
            self.head.append(self.body[self.outside : position])
        self.stack.append((name, position))

    def _end(self, name: bytes, position: int) -> None:
        depth = next((i for i in reversed(range(len(self.stack))) if self.stack[i][0] == name), None)
        if depth is None or (depth == 0 and len(self.stack) > 1):
            # An END too many within a component breaks that one only.
            if len(self.stack) < 2 or name == b"VCALENDAR":
                raise CalendarRefusedError(Refusal.UNBALANCED)
            self._mark_broken()
            return
        if depth < len(self.stack) - 1:
            self._mark_broken()
        start = self.stack[depth][1]
        del self.stack[depth:]
        if depth == 1:
            self._keep(name, self.body[start:position])
            self.outside = position
        elif depth == 0:
            self.head.append(self.body[self.outside : position])
            self.outside = position

    def _mark_broken(self) -> None:
        if len(self.stack) > 1 and self.stack[1][0] == b"VEVENT":
            self.broken.add(len(self.events))

    def _keep(self, name: bytes, block: bytes) -> None:
        if name == b"VEVENT":
            self.events.append(block)
            self.calendars.append(self.calendar)
        elif name == b"VTIMEZONE":
            self.zones.append(block)
