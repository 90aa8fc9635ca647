"""A recurring event's rule, its parts checked (RFC 5545, 3.3.10). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

STEPS = {
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = frozenset(STEPS) | {"MONTHLY", "YEARLY"}
TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
NUMBERS = frozenset({*TIMES, "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
NAMES = NUMBERS | {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}
PART = re.compile(r"[A-Z]+=[A-Z0-9,+-]+")
MAX_TIMES_A_DAY = 100


class RuleError(ValueError):
    """A rule that is not followed; the message is the quarantine's reason."""


@dataclass(frozen=True)
class Rule:
    """One RRULE, its parts checked. `until` is local wall time, as the first occurrence is."""

    parts: Mapping[str, str]
    frequency: str
    interval: int
    count: int | None
    until: datetime | None

    @property
    def finite(self) -> bool:
        return self.count is not None or self.until is not None

    def numbers(self, name: str) -> tuple[int, ...]:
        return tuple(int(part) for part in self.parts[name].split(",")) if name in self.parts else ()


def parse(value: str, *, until: datetime | None) -> Rule:
    """Checks an RRULE's parts. `until` is its UNTIL, already in local wall time. Raises RuleError."""
    parts = _parts(value)
    frequency = parts.get("FREQ", "")
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":
        raise RuleError("recurrence_unsupported")
    if frequency not in FREQUENCIES or not set(parts) <= NAMES:
        raise RuleError("recurrence_unsupported")
    interval = _number(parts.get("INTERVAL", "1"))
    if not 1 <= interval <= 10_000:
        raise RuleError("recurrence_interval")
    count = _number(parts["COUNT"]) if "COUNT" in parts else None
    rule = Rule(parts=parts, frequency=frequency, interval=interval, count=count, until=until)
    _check(rule)
    return rule


def _parts(value: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in value.upper().replace(" ", "").strip(";").split(";"):
        name, _, content = part.partition("=")
        if PART.fullmatch(part) is None or name in parts:
            raise RuleError("recurrence_unreadable")
        parts[name] = content
    return parts


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise RuleError("recurrence_unreadable")
    return int(text)


def _check(rule: Rule) -> None:
    times = 1
    try:
        for name in NUMBERS:
            times *= len(set(rule.numbers(name))) or 1 if name in TIMES else 1
    except ValueError as error:
        raise RuleError("recurrence_unreadable") from error
    if rule.count == 0 or rule.parts.get("WKST", "MO") not in WEEKDAYS:
        raise RuleError("recurrence_unreadable")
    if times > MAX_TIMES_A_DAY or not _fits_together(rule):
        raise RuleError("recurrence_unsupported")


def _fits_together(rule: Rule) -> bool:
    """Whether these limits mean something in steps of this kind (RFC 5545, 3.3.10)."""
    parts = set(rule.parts)
    if rule.frequency == "WEEKLY" and {"BYMONTHDAY", "BYYEARDAY"} & parts:
        return False
    if rule.frequency in {"HOURLY", "MINUTELY"} and "BYSETPOS" in parts:
        return False
    if rule.frequency != "YEARLY" and "BYWEEKNO" in parts:
        return False
    return rule.frequency not in STEPS or set(rule.parts.get("BYDAY", "MO").split(",")) <= set(WEEKDAYS)
