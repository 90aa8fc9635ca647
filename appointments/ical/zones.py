"""Which zone a time of a calendar is in. Pure.

The order (a practice's patients must not come an hour late): a trailing Z, an IANA name, CLDR's Windows
names, the feed's own VTIMEZONE; floating times take X-WR-TIMEZONE or the practice's zone. What is still
unknown is never guessed: the event is quarantined. A known IANA name beats a VTIMEZONE of that name, which
may lie.
"""

from __future__ import annotations

import copy
import re
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo

from icalendar import Timezone
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from appointments.ical import lines

RULE = re.compile(r"(?im)^RRULE[^:\r\n]*:(.*)$")
# A few days a year, as "the Sunday among the 8th to the 14th".
TAME_RULE = re.compile(
    r"(?=.*;BYMONTH=|(?!.*;BY(?:DAY|MONTHDAY)=))"
    r"FREQ=YEARLY(;((UNTIL|COUNT|WKST)=[^;]*|INTERVAL=1|BYDAY=[+-]?\d?[A-Z]{2}|BYMONTHDAY=-?\d\d?(,-?\d\d?){0,6}"
    r"|(BYMONTH|BYHOUR|BYMINUTE|BYSECOND)=\d\d?|(BYWEEKNO|BYYEARDAY)=[+-]?\d{1,3}))*",
    re.I,
)
# Where a clock changed most often there are some thirty.
MAX_RULES = 40
WINDOWS = {name.casefold(): iana for name, iana in WINDOWS_TO_OLSON.items()}
MAX_ZONE_BYTES = 64_000
# Files beside the zones: this machine's own clock, and the one of a machine whose clock nobody has set.
NOWHERE = frozenset({"localtime", "Factory", "posixrules"})


class UnknownZoneError(ValueError):
    """A name that nobody knows."""


# Looked up once, when this is imported: each calendar is read in a fork, which would look again.
IANA: Mapping[str, str] = {name.casefold(): name for name in zoneinfo.available_timezones() - NOWHERE}
# Read for the same reason, and held: where the practices are.
AT_HAND = tuple(map(zoneinfo.ZoneInfo, ("Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Zurich")))


def named(name: str) -> tzinfo | None:
    """The zone of an IANA or Windows name."""
    key = name.strip().strip('"/').strip().casefold()
    iana = IANA.get(key) or WINDOWS.get(key)
    return zoneinfo.ZoneInfo(iana) if iana else None


def own(block: bytes) -> tuple[str, tzinfo] | None:
    """A VTIMEZONE of the feed as (name, zone), or None if it cannot be had without risk.

    dateutil walks such a rule from its first day: only yearly ones are let in, and no more than a country has; a rule by
    the second would hang.
    """
    text = lines.decode(lines.unfold(block))
    rules = RULE.findall(text)
    if len(block) > MAX_ZONE_BYTES or len(rules) > MAX_RULES:
        return None
    if not all(TAME_RULE.fullmatch(rule.strip()) for rule in rules):
        return None
    try:
        component = Timezone.from_ical(text.encode())
        if not isinstance(component, Timezone):
            return None
        zone: tzinfo = component.to_tz(lookup_tzid=False)
        datetime(2026, 7, 1, tzinfo=zone).utcoffset()
        return str(component["TZID"]).strip(), zone
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return None


class Zones:
    """The zones that one feed may name, and the one of its times that name none."""

    def __init__(self, *, blocks: tuple[bytes, ...], practice_zone: str) -> None:
        # icalendar keeps the zones of every feed that it read: another feed's bad zone would become this
        # one's.
        tzp.use_default()
        self._own = {name.casefold(): zone for name, zone in filter(None, map(own, blocks))}
        practice = named(practice_zone)
        if practice is None:
            raise UnknownZoneError(practice_zone)
        self.practice = practice
        self.floating: tzinfo | None = practice

    def floating_in(self, calendar_zone: str) -> Zones:
        """The same for another of the feed's calendars."""
        other = copy.copy(self)
        other.floating = self._find(calendar_zone) if calendar_zone else self.practice
        return other

    def _find(self, name: str) -> tzinfo | None:
        return named(name) or self._own.get(name.strip().strip('"').casefold()) or self._trailing(name)

    def _trailing(self, name: str) -> tzinfo | None:
        """The IANA name at the end of a globally unique one: /example.org/Olson_1/Europe/Berlin."""
        parts = name.strip("/").split("/") if name.startswith("/") else []
        return next((zone for i in range(1, len(parts) - 1) if (zone := named("/".join(parts[i:])))), None)

    def zone(self, name: str | None) -> tzinfo:
        """The zone of a TZID, of floating times without one. Raises UnknownZoneError."""
        found = self._find(name) if name else self.floating
        if found is None:
            raise UnknownZoneError(name or "X-WR-TIMEZONE")
        return found

    def midnight(self, day: date) -> datetime:
        """When a day begins in the practice, in UTC."""
        return datetime.combine(day, time(), self.floating or self.practice).astimezone(UTC)
