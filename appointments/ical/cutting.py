"""A body cut into events that are known by their hashes, so that only those that changed need be looked at. Pure.

Nearly every server writes its events one directly after the other. Such a body is cut at what stands between two of
them, and what an event holds is not even looked at: one whose hash is known was judged when it was first read. One that
is new has to be judged before anything is believed of the whole (`Cut.sound`); if it nests what it may not, the body is
walked line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from appointments.ical import blocks
from appointments.ical.blocks import Blocks, CalendarRefusedError

BEGIN, END = b"BEGIN:VEVENT", b"END:VEVENT"
BOM = b"\xef\xbb\xbf"
BLANK = b"\x00 \t\r\n"


@dataclass(frozen=True)
class Cut:
    """`outside` are the head and the zones; `hashes` are those of `events`, by number. Events that were `judged` are
    whole; the others lack their BEGIN, and `end` is what they lack behind."""

    outside: Blocks
    events: Sequence[bytes]
    hashes: Sequence[bytes]
    end: bytes = b""
    judged: bool = False

    def only(self, numbers: Sequence[int]) -> Blocks:
        """The calendar with these events alone, in this order."""
        if self.judged:
            return self.outside.only(numbers)
        events = tuple(b"".join((BEGIN, self.events[number], self.end)) for number in numbers)
        return replace(self.outside, events=events)

    def sound(self, numbers: Iterable[int]) -> bool:
        """Whether each of these is one event, whole, and nothing else."""
        return self.judged or all(_is_one_event(self.events[number]) for number in numbers)


class Body:
    """The bytes of an answer, and beside them the same without what is new at every fetch."""

    def __init__(self, content: bytes) -> None:
        self.content = content.removeprefix(BOM)
        self.masked = blocks.masked(self.content)

    @cached_property
    def hash(self) -> str:
        """Stays the same while nothing but DTSTAMP and LAST-MODIFIED changes."""
        return blocks.digest(self.masked).hex()

    def cut_quickly(self) -> Cut | None:
        """Its events, not judged; None for a body that has to be walked."""
        content = self.content
        if blocks.REGULAR_START.match(content) is None:
            return None
        if len(content) > blocks.LARGE and content.count(b"\n" + BEGIN) > blocks.MAX_TOKENS // 2:
            return None
        cut, masked = _pieces(content), _pieces(self.masked)
        if cut is None or masked is None or len(cut.events) != len(masked.events):
            return None
        try:
            outside = blocks.split(cut.head + b"\nEND:VCALENDAR\n")
        except CalendarRefusedError:
            return None
        if outside.events:
            return None
        hashes = blocks.digests(masked.events)
        return Cut(outside=outside, events=cut.events, hashes=hashes, end=cut.end)

    def cut(self) -> Cut:
        """Its events, walked line by line. Raises CalendarRefusedError unless it is complete and balanced."""
        whole = blocks.split(self.content)
        hashes = [blocks.digest(_inside(blocks.masked(event))) for event in whole.events]
        return Cut(outside=whole, events=whole.events, hashes=hashes, judged=True)


class _Pieces(NamedTuple):
    head: bytes
    events: list[bytes]
    end: bytes


def _pieces(body: bytes) -> _Pieces | None:
    """What is before the events, what each holds between BEGIN:VEVENT and `end`; None if something is behind them."""
    first = body.find(b"\n" + BEGIN)
    end = (b"\r\n" if body[first - 1 : first] == b"\r" else b"\n") + END
    events = body.split(end + end.removesuffix(END) + BEGIN)
    events[-1], ended, behind = events[-1].rpartition(end)
    if first < 1 or not ended or behind.strip(BLANK) != b"END:VCALENDAR":
        return None
    events[0] = events[0][first + 1 + len(BEGIN) :]
    return _Pieces(head=body[:first], events=events, end=end)


def _inside(block: bytes) -> bytes:
    """What a whole event holds, as `_pieces` cuts it."""
    whole = block.removeprefix(BEGIN).removesuffix(b"\r").removesuffix(END)
    return whole.removesuffix(b"\n").removesuffix(b"\r")


def _is_one_event(inside: bytes) -> bool:
    first = inside.lstrip(b"\r\n")[:1]
    if not inside.startswith((b"\r\n", b"\n")) or not first.strip(b" \t"):
        return False
    if blocks.LONE_RETURN.search(inside) is not None or blocks.too_many_tokens(inside):
        return False
    return blocks.PROPERTIES_AND_ALARMS.fullmatch(b"".join(blocks.TOKEN.findall(inside))) is not None
