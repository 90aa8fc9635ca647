"""Calendars of up to 100 MB that were written to hang, to fill the memory or to crash whoever reads them."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

FULL = 99_000_000
HEAD, TAIL = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//zoo//EN\r\n", b"END:VCALENDAR\r\n"


def event(number: int, *lines: str) -> bytes:
    start = f"DTSTART:2026{number % 12 + 1:02}{number % 28 + 1:02}T080000Z"
    text = [
        "BEGIN:VEVENT",
        f"UID:{number}@zoo.test",
        "DTSTAMP:20260101T000000Z",
        start,
        *lines,
        "END:VEVENT",
        "",
    ]
    return "\r\n".join(text).encode()


def filled(piece: bytes, *, before: bytes = b"", after: bytes = b"", size: int = FULL) -> Iterator[bytes]:
    """A calendar that is filled up with one piece."""
    yield HEAD + before
    yield from (piece * (1_000_000 // len(piece)) for _ in range(size // 1_000_000))
    yield after + TAIL


def in_one_event(
    piece: bytes, *, before: bytes = b"", after: bytes = b"", size: int = FULL
) -> Iterator[bytes]:
    opened = b"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260701T080000Z\r\n"
    return filled(piece, before=opened + before, after=after + b"\r\nEND:VEVENT\r\n", size=size)


def good_events() -> Iterator[bytes]:
    yield HEAD
    said = (
        "DURATION:PT30M",
        "SUMMARY:Muster\\, Mia - MRT Knie",
        f"DESCRIPTION:{'Geburtsdatum: 01.02.1980 ' * 8}",
    )
    yield from (event(number, *said) for number in range(260_000))
    yield TAIL


def bombs(*lines: str, count: int = 10_000) -> Iterator[bytes]:
    yield HEAD
    yield from (event(number, *lines) for number in range(count))
    yield TAIL


def dates(count: int) -> str:
    return ",".join(
        f"{2000 + i // 336_000:04}{i // 28_000 % 12 + 1:02}{i // 1000 % 28 + 1:02}T{i // 60 % 24:02}{i % 60:02}00Z"
        for i in range(count)
    )


ZONE = (
    b"BEGIN:VTIMEZONE\r\nTZID:Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n%sTZOFFSETFROM:+0100\r\n"
    b"TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)

FILES: dict[str, Callable[[], Iterator[bytes]]] = {
    "one line": lambda: in_one_event(b"x" * 1_000_000, before=b"SUMMARY:"),
    "one line of parameters": lambda: in_one_event(b";A=1", before=b"SUMMARY", after=b":x"),
    "one parameter of values": lambda: in_one_event(b"a,", before=b"SUMMARY;A=", after=b":x"),
    "one quoted parameter never closed": lambda: in_one_event(b',"', before=b"SUMMARY;A=", after=b":x"),
    "one line of escapes": lambda: in_one_event(b"\\n\\,", before=b"SUMMARY:"),
    "one line of categories": lambda: in_one_event(b"a,", before=b"CATEGORIES:"),
    "events opened": lambda: filled(b"BEGIN:VEVENT\r\n"),
    "empty events": lambda: filled(b"BEGIN:VEVENT\nEND:VEVENT\n"),
    "folded lines": lambda: in_one_event(b"x\r\n ", before=b"SUMMARY:"),
    "folded ends": lambda: filled(b"BEGIN:VEVENT\r\nEN\r\n D:VEVENT\r\n"),
    "blank lines": lambda: in_one_event(b"\n"),
    "blank folds": lambda: in_one_event(b"\n\n\n\n\n\n\n\n\n "),
    "lone returns": lambda: in_one_event(b"\r"),
    "short lines": lambda: in_one_event(b"A:\n"),
    "lines without a name": lambda: in_one_event(b"=\n"),
    "nested": lambda: in_one_event(b"BEGIN:VALARM\r\n"),
    "nested and closed": lambda: in_one_event(
        b"BEGIN:VALARM\r\n", after=b"END:VALARM\r\n" * 71_428 * 49, size=49_000_000
    ),
    "ends": lambda: in_one_event(b"END:VALARM\r\n"),
    "other components": lambda: filled(b"BEGIN:X\nEND:X\n"),
    "good events": good_events,
    "series without end": lambda: bombs("RRULE:FREQ=HOURLY"),
    "series to the year 9999": lambda: bombs("RRULE:FREQ=DAILY;UNTIL=99991231T000000Z"),
    "series that never match": lambda: bombs("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "series that hardly match": lambda: bombs("RRULE:FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=29;BYMONTH=2;BYSETPOS=-1"),
    "series by all": lambda: bombs("RRULE:FREQ=YEARLY;BYYEARDAY=1,2,3,4,5,6,7,8;BYHOUR=1,2,3,4;BYMINUTE=1,2,3"),
    "series of long rules": lambda: bombs(f"RRULE:FREQ=DAILY;BYHOUR={','.join(['1'] * 4000)}", count=10_000),
    "a million dates added": lambda: in_one_event(b"A:\n", size=0, before=f"RDATE:{dates(1_000_000)}".encode()),
    "a million dates dropped": lambda: in_one_event(
        b"A:\n", size=0, before=f"RRULE:FREQ=DAILY\r\nEXDATE:{dates(1_000_000)}".encode()
    ),
    "dates added again and again": lambda: bombs(f"RDATE:{dates(500)}"),
    "a million attendees": lambda: in_one_event(b"ATTENDEE;CN=Mia Muster:mailto:mia@zoo.test\r\n"),
    "a hundred thousand changes of one": lambda: iter(
        [HEAD, event(0, "RRULE:FREQ=HOURLY")]
        + [event(0, f"RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T{n % 24:02}{n // 24 % 60:02}{n // 1440 % 60:02}Z") for n in range(86_400)]
        + [TAIL]
    ),
    "zones": lambda: filled(ZONE % b""),
    "a zone of rules": lambda: filled(b"RRULE:FREQ=YEARLY\r\n", before=b"BEGIN:VTIMEZONE\r\n", after=b"END:VTIMEZONE\r\n"),
    "zones of dates": lambda: filled(ZONE % (b"RDATE:20260101T000000\r\n" * 1_500)),
    "NUL bytes": lambda: filled(b"\0" * 1_000_000),
    "only NUL bytes": lambda: iter([b"\0" * FULL]),
    "UTF-16": lambda: iter([b"".join([HEAD, *(event(n) for n in range(300_000)), TAIL]).decode().encode("utf-16")]),
    "UTF-16 that is none": lambda: iter([b"\xff\xfe" + b"\x00\xd8" * (FULL // 2)]),
    "gzip": lambda: iter([gzip.compress(b"".join(filled(event(1))))]),
    "HTML": lambda: iter([b"<html>" * (FULL // 6)]),
    "too large": lambda: (b"x" * 1_000_000 for _ in range(101)),
}  # fmt: skip


def write(kind: str, path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(FILES[kind]())
