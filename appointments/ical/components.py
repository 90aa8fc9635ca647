"""One VEVENT: its bytes in, a draft of the event out, or the reason why it can't be read. Pure."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from appointments.ical import lines, values
from appointments.ical.lines import Line
from appointments.ical.rules import Rule, RuleError, parse
from appointments.ical.values import Moment, UnreadableError
from appointments.ical.zones import UnknownZoneError, Zones

ONE_DAY = timedelta(days=1)
SHOWN = ("DTSTART", "SUMMARY")
TEXTS = ("SUMMARY", "DESCRIPTION", "LOCATION", "ATTENDEE", "CATEGORIES")
MAX_DATES = 20_000


@dataclass(frozen=True)
class Attendee:
    """A person of an event: the address without `mailto:` or `tel:`."""

    name: str
    address: str


@dataclass(frozen=True)
class Event:
    """One event, or one occurrence of a recurring one.

    `start` and `end` are UTC; of an all-day event they are the midnights of the floating zone, `day` its
    first day and `last_day` the day after its last. `recurrence_id` is "" for a single event, else the
    occurrence's original start. `status` is upper case ("" if none). `problems` are codes of what was put
    right while reading.
    """

    uid: str
    recurrence_id: str
    start: datetime
    end: datetime
    all_day: bool
    status: str
    sequence: int
    summary: str
    description: str = ""
    location: str = ""
    categories: tuple[str, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    last_modified: datetime | None = None
    day: date | None = None
    last_day: date | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quarantined:
    """An event that could not be read: the reason's code, its UID if any, and lines that help to find it."""

    reason: str
    uid: str
    excerpt: str


@dataclass(frozen=True)
class Unread:
    """What is left of an event that could not be read: the occurrence that it stood for, if that is known, so that
    nobody takes the series' word for it."""

    quarantined: Quarantined
    instance: Moment | None = None
    onwards: bool = False


@dataclass(frozen=True)
class Added:
    """An RDATE; `end` is None unless it is a period."""

    start: Moment
    end: Moment | None = None


@dataclass(frozen=True)
class Draft:
    """An event before its recurrence is followed."""

    event: Event
    start: Moment
    instance: Moment | None
    onwards: bool
    rules: tuple[Rule, ...]
    added: tuple[Added, ...]
    dropped: tuple[Moment, ...]
    block: bytes

    @property
    def recurring(self) -> bool:
        return bool(self.rules or self.added) and self.instance is None

    def called_off(self) -> Draft:
        return replace(self, event=replace(self.event, status="CANCELLED"))


def lost(block: bytes, reason: str) -> Quarantined:
    found = [line for line in lines.lines(block) if isinstance(line, Line)]
    uid = next((line.value for line in found if line.name == "UID"), "")
    shown = [f"{line.name}: {lines.plain(line.value, limit=120)}" for line in found if line.name in SHOWN]
    return Quarantined(reason=reason, uid=_uid(uid), excerpt="\n".join(shown)[:300])


def _uid(value: str) -> str:
    uid = lines.plain(value, limit=100_000)
    return uid if len(uid) <= 255 else f"sha256:{hashlib.sha256(uid.encode()).hexdigest()}"


def draft(block: bytes, *, zones: Zones, broken: bool = False) -> Draft | Unread:
    """One event's block, read; or the reason why it can't be. A `broken` one is not whole."""
    reader = _Reader(block, zones=zones)
    if broken:
        return reader.unread("unbalanced")
    try:
        return reader.draft()
    except UnknownZoneError:
        return reader.unread("unknown_zone")
    except (UnreadableError, RuleError) as error:
        return reader.unread(str(error))
    except OverflowError:
        return reader.unread("date_out_of_range")


class _Reader:
    """Reads one VEVENT."""

    def __init__(self, block: bytes, *, zones: Zones) -> None:
        self.zones = zones
        self.problems: list[str] = []
        self.found: dict[str, list[Line]] = {}
        for line in lines.lines(block):
            if isinstance(line, Line):
                self.found.setdefault(line.name, []).append(line)
            else:
                self.problem("line_unreadable")
        self.block = block

    def problem(self, code: str) -> None:
        if code not in self.problems:
            self.problems.append(code)

    def first(self, name: str) -> Line | None:
        found = self.found.get(name)
        return found[0] if found else None

    def text(self, name: str, *, limit: int) -> str:
        line = self.first(name)
        return lines.plain(line.value, limit=limit) if line else ""

    def moment(self, line: Line) -> Moment:
        moment = values.moment(line.value, line.parameters, zones=self.zones)
        for code in moment.problems:
            self.problem(code)
        return moment

    def draft(self) -> Draft:
        starts = self.found.get("DTSTART", [])
        if len(starts) != 1:
            raise UnreadableError("start_missing" if not starts else "start_twice")
        start = self.moment(starts[0])
        end = self.end(start)
        instance, onwards = self.instance(start)
        rules, added = self.rules(start), tuple(self.added(start))
        if instance is not None and (rules or added):
            self.problem("recurrence_of_instance")
        return Draft(
            event=self.event(start, end, instance),
            start=start,
            instance=instance,
            onwards=onwards,
            rules=rules,
            added=added,
            dropped=tuple(self.dropped(start)),
            block=self.block,
        )

    def unread(self, reason: str) -> Unread:
        quarantined = lost(self.block, reason)
        try:
            instance, onwards = self.instance(None)
            # A day out of reach is found only when it is looked at.
            return Unread(quarantined, instance if instance and instance.key else None, onwards)
        except (UnknownZoneError, UnreadableError, RuleError, OverflowError):
            return Unread(quarantined)

    def event(self, start: Moment, end: Moment, instance: Moment | None) -> Event:
        summary = self.text("SUMMARY", limit=500)
        uid = _uid(self.text("UID", limit=100_000))
        if not uid:
            self.problem("uid_missing")
            texts = (line.value for name in TEXTS for line in self.found.get(name, []))
            key = "|".join((start.utc.isoformat(), end.utc.isoformat(), *texts))
            uid = f"content:{hashlib.sha256(key.encode()).hexdigest()}"
        if "DTSTAMP" not in self.found:
            self.problem("stamp_missing")
        return Event(
            uid=uid,
            recurrence_id=instance.key if instance else "",
            start=start.utc,
            end=end.utc,
            all_day=start.day is not None,
            day=start.day,
            last_day=end.day,
            status=self.text("STATUS", limit=20).upper(),
            sequence=self.sequence(),
            summary=summary,
            description=self.text("DESCRIPTION", limit=10_000),
            location=self.text("LOCATION", limit=500),
            categories=self.categories(),
            attendees=tuple(self.attendees()),
            last_modified=self.last_modified(),
            problems=tuple(self.problems),
        )

    def end(self, start: Moment) -> Moment:
        """DTEND, else DURATION, else what the standard says: a day, or nothing at all."""
        line, lasting = self.first("DTEND"), self.first("DURATION")
        fallback = start.later(ONE_DAY if start.day else timedelta())
        try:
            if line is not None:
                end = self.moment(line)
            elif lasting is not None:
                end = start.later(values.duration(lasting.value))
            else:
                return fallback
        except (UnreadableError, UnknownZoneError, OverflowError):
            self.problem("end_unreadable")
            return fallback
        if (end.day is None) != (start.day is None):
            self.problem("end_unlike_start")
            return fallback
        if end.utc < start.utc or (start.day and end.utc == start.utc):
            if end.utc < start.utc:
                self.problem("end_before_start")
            return fallback
        return end

    def instance(self, start: Moment | None) -> tuple[Moment | None, bool]:
        """The occurrence that this one replaces, and whether the later ones too."""
        line = self.first("RECURRENCE-ID")
        if line is None:
            return None, False
        reach = line.parameters.get("RANGE", "THISANDFUTURE").upper()
        if reach != "THISANDFUTURE":
            raise RuleError("recurrence_unsupported")
        moment = self.moment(line)
        if start is not None and start.day is None:
            if moment.day is not None:
                # A day alone names the occurrence of that day only if the series is of days.
                self.problem("instance_unlike_start")
            elif start.zone is not UTC:
                moment = self.on_clock_of(start, moment, line)
        return moment, "RANGE" in line.parameters

    def on_clock_of(self, start: Moment, moment: Moment, line: Line) -> Moment:
        """Without a zone of its own it means the clock that the series goes by."""
        floating = moment.day is None and "TZID" not in line.parameters and moment.zone is not UTC
        return replace(moment, zone=start.zone) if floating else moment

    def rules(self, start: Moment) -> tuple[Rule, ...]:
        if "EXRULE" in self.found:
            raise RuleError("recurrence_unsupported")
        return tuple(
            parse(line.value, until=values.until(line.value, start=start, zones=self.zones))
            for line in self.found.get("RRULE", [])
        )

    def listed(self, name: str) -> Iterator[Line]:
        """Each of the values of all lines of a name, as a line of its own."""
        found = self.found.get(name, [])
        if sum(line.value.count(",") + 1 for line in found) > MAX_DATES:
            raise UnreadableError("dates_too_many")
        for line in found:
            yield from (line._replace(value=part.strip()) for part in line.value.split(",") if part.strip())

    def added(self, start: Moment) -> Iterator[Added]:
        for line in self.listed("RDATE"):
            begin, is_period, end = line.value.partition("/")
            moment = self.moment(line._replace(value=begin))
            if (moment.day is None) != (start.day is None):
                self.problem("addition_unlike_start")
            yield Added(moment, self.period_end(moment, end.strip(), line) if is_period else None)

    def period_end(self, begin: Moment, written: str, line: Line) -> Moment | None:
        """None, and so the series' length, if it would be before the beginning."""
        if written.upper().lstrip("+-").startswith("P"):
            end = begin.later(values.duration(written))
        else:
            end = self.moment(line._replace(value=written))
        if end.utc < begin.utc:
            self.problem("end_before_start")
            return None
        return end

    def dropped(self, start: Moment) -> Iterator[Moment]:
        for line in self.listed("EXDATE"):
            yield self.on_clock_of(start, self.moment(line), line)

    def sequence(self) -> int:
        text = self.text("SEQUENCE", limit=20)
        if text and not (text.isascii() and text.isdecimal()):
            self.problem("sequence_unreadable")
            return 0
        return min(int(text or 0), 2**31 - 1)

    def categories(self) -> tuple[str, ...]:
        found = (part for line in self.found.get("CATEGORIES", []) for part in lines.listed(line.value))
        return tuple(filter(None, (lines.plain(part, limit=100) for part in itertools.islice(found, 20))))

    def attendees(self) -> Iterator[Attendee]:
        for line in self.found.get("ATTENDEE", [])[:20]:
            address = lines.plain(line.value, limit=255)
            for scheme in ("mailto:", "tel:"):
                if address.lower().startswith(scheme):
                    address = address[len(scheme) :]
            yield Attendee(name=lines.plain(line.parameters.get("CN", ""), limit=255), address=address)

    def last_modified(self) -> datetime | None:
        line = self.first("LAST-MODIFIED")
        try:
            return values.moment(line.value, line.parameters, zones=self.zones).utc if line else None
        except (UnreadableError, UnknownZoneError, OverflowError):
            return None
