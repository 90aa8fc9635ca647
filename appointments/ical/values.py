"""Times, days and durations of a calendar. Pure.

A value is read strictly and by hand: icalendar would turn `DTSTART;TZID=X:20130903` into a midnight and an
unknown zone into a time without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

from appointments.ical.zones import Zones

STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?", re.ASCII
)
# No further is a feed's own zone followed.
LAST_YEAR = 2200
UNTIL = re.compile(r"(?:^|;)\s*UNTIL\s*=([^;]*)", re.I)


class UnreadableError(ValueError):
    """A value that can't be read; the message is the quarantine's reason."""


@dataclass(frozen=True)
class Moment:
    """A point in time as the feed wrote it: wall time in a zone, or a day (midnight, floating zone)."""

    local: datetime
    zone: tzinfo
    day: date | None = None
    problems: tuple[str, ...] = ()

    @property
    def followed(self) -> bool:
        """Whether its zone is one of the feed's own, which dateutil follows change by change from the first on."""
        return not isinstance(self.zone, ZoneInfo) and self.zone is not UTC

    @cached_property
    def utc(self) -> datetime:
        """In a gap of the clock the offset before it holds; of an hour that comes twice, the first.

        Raises OverflowError for what is further away than a feed's own clock is followed.
        """
        if self.followed and self.local.year > LAST_YEAR:
            raise OverflowError
        instant = self.local.replace(tzinfo=self.zone).astimezone(UTC)
        if not self.followed:
            return instant
        # In a gap dateutil, which holds the feeds' own zones, takes the offset after it.
        there = instant.astimezone(self.zone)
        if there.replace(tzinfo=None) == self.local:
            return instant
        return self.local.replace(tzinfo=UTC) - (there.utcoffset() or timedelta())

    @cached_property
    def key(self) -> str:
        """The same for the same moment, however it was written."""
        return f"{self.day:%Y%m%d}" if self.day else f"{self.utc:%Y%m%dT%H%M%SZ}"

    def at(self, local: datetime) -> Moment:
        """Another wall time in the same zone; of a day another day."""
        if self.day:
            return Moment(datetime.combine(local, time()), self.zone, local.date(), self.problems)
        return Moment(local, self.zone, None, self.problems)

    def like(self, instant: datetime) -> datetime:
        """An aware instant as wall time of this zone, naive; far away, where only an end may be, in UTC."""
        if self.followed and instant.year > LAST_YEAR:
            return instant.astimezone(UTC).replace(tzinfo=None)
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def beside(self, other: Moment) -> datetime:
        """Its wall time where the other one is; a day is the same day everywhere."""
        alike = self.day or other.day or self.zone == other.zone
        return self.local if alike else other.like(self.utc)

    def later(self, span: timedelta) -> Moment:
        """Days count on the calendar, hours and minutes on the clock's true time."""
        days = timedelta(days=span.days)
        moved = self.at(self.local + days)
        if self.day or span == days:
            return moved
        return moved.at(moved.like(moved.utc + (span - days)))


def moment(value: str, parameters: Mapping[str, str], *, zones: Zones) -> Moment:
    """A DATE or DATE-TIME. Raises UnreadableError or UnknownZoneError."""
    value = value.strip()
    found = STAMP.fullmatch(value.upper())
    if found is None:
        raise UnreadableError("date_unreadable" if value else "date_missing")
    zone_name = parameters.get("TZID")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        says_day = parameters.get("VALUE", "").upper() == "DATE"
        if found[4] is None or (says_day and found[4] + found[5] == "0000"):
            return _day(day, parameters, zones=zones)
        # A leap second is the minute's last second to us.
        local = datetime.combine(day, time(int(found[4]), int(found[5]), min(int(found[6]), 59)))
    except ValueError as error:
        raise UnreadableError("date_unreadable") from error
    problems = ("time_in_day",) if says_day else ()
    if found[7]:
        return Moment(local=local, zone=UTC, problems=(*problems, "zone_on_utc") if zone_name else problems)
    return Moment(local=local, zone=zones.zone(zone_name), problems=problems)


def _day(day: date, parameters: Mapping[str, str], *, zones: Zones) -> Moment:
    problems = []
    if parameters.get("VALUE", "").upper() != "DATE":
        problems.append("day_without_value")
    if "TZID" in parameters:
        problems.append("zone_on_day")
    zone = zones.floating or zones.practice
    return Moment(local=datetime.combine(day, time()), zone=zone, day=day, problems=tuple(problems))


def duration(value: str) -> timedelta:
    """A DURATION. Raises UnreadableError."""
    found = DURATION.fullmatch(value.strip().upper())
    if found is None or not any(found.groups()[1:]):
        raise UnreadableError("duration_unreadable")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found[1] == "-" else span


def until(rule: str, *, start: Moment, zones: Zones) -> datetime | None:
    """A rule's UNTIL as wall time of the first occurrence's zone; a day alone includes that day.

    Of a series of days Google writes the last day's end as if days were in UTC.
    """
    found = UNTIL.search(rule)
    if found is None:
        return None
    written = found[1].strip().upper()
    if start.day is not None and written.endswith("T235959Z"):
        written = written.removesuffix("T235959Z")
    last = moment(written, {}, zones=zones)
    if last.day is not None:
        return datetime.combine(last.day, time(23, 59, 59))
    return start.like(last.utc) if written.endswith("Z") else last.local
