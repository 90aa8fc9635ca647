"""The occurrences of a recurring event, capped in number and in work. Pure.

dateutil tries every candidate up to the year 9999, whatever UNTIL says, while a rule does not match: a hostile
one keeps it busy for minutes. So: no rules by the second or minute; rules by the hour, day and week are walked
here, up to a horizon; dateutil gets those by the month and year, where that costs half a second at the worst;
and a feed as a whole has a budget, charged before the work.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

STEPS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
FREQUENCIES = frozenset(STEPS) | {"MONTHLY", "YEARLY"}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
PART = re.compile(r"[A-Z]+=[A-Z0-9,+-]+")
MAX_OCCURRENCES = 1_000
MAX_FINITE = 30_000
MAX_TIMES_A_DAY = 100
ENDLESS = relativedelta(years=2)
FEED_BUDGET = 500_000
# A quarter of a feed's budget is the most that one rule is followed for.
RULE_BUDGET = 125_000
# A rule of several limits that may never meet: half a second of dateutil, so ten of them for a feed.
DOUBTFUL = 50_000


class RuleError(ValueError):
    """A rule that is not followed; the message is the quarantine's reason."""


@dataclass
class Budget:
    """The candidates that may still be tried for one feed."""

    left: int = FEED_BUDGET

    def charge(self, amount: int) -> None:
        if amount > self.left:
            raise RuleError("recurrence_budget")
        self.left -= amount


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
    parts = dict(_parts(value))
    frequency = parts.get("FREQ", "")
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":
        raise RuleError("recurrence_unsupported")
    if frequency not in FREQUENCIES or ("BYSETPOS" in parts and frequency in STEPS):
        raise RuleError("recurrence_unsupported")
    interval = _number(parts.get("INTERVAL", "1"))
    if not 1 <= interval <= 10_000:
        raise RuleError("recurrence_interval")
    count = _number(parts["COUNT"]) if "COUNT" in parts else None
    rule = Rule(parts=parts, frequency=frequency, interval=interval, count=count, until=until)
    _check(rule)
    return rule


def _parts(value: str) -> Iterator[tuple[str, str]]:
    for part in value.upper().replace(" ", "").strip(";").split(";"):
        if PART.fullmatch(part) is None:
            raise RuleError("recurrence_unreadable")
        name, _, content = part.partition("=")
        yield name, content


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise RuleError("recurrence_unreadable")
    return int(text)


def _check(rule: Rule) -> None:
    times = 1
    try:
        for name in TIMES:
            times *= len(set(rule.numbers(name))) or 1
        for name in ("BYMONTH", "BYMONTHDAY", "BYYEARDAY"):
            rule.numbers(name)
    except ValueError as error:
        raise RuleError("recurrence_unreadable") from error
    if rule.frequency == "WEEKLY" and {"BYMONTHDAY", "BYYEARDAY"} & set(rule.parts):
        raise RuleError("recurrence_unsupported")
    days = rule.parts.get("BYDAY", "MO").split(",")
    if times > MAX_TIMES_A_DAY or (rule.frequency in STEPS and not set(days) <= set(WEEKDAYS)):
        raise RuleError("recurrence_unsupported")


def expand(
    rule: Rule, *, first: datetime, window: tuple[datetime, datetime] | None, budget: Budget
) -> tuple[list[datetime], bool]:
    """The starts of a rule's occurrences in local wall time (naive), oldest first, and whether there were too many.

    With a window (local, naive) those that start in it, at most MAX_OCCURRENCES; without one all of a finite
    rule (at most MAX_FINITE), else the first MAX_OCCURRENCES or two years, whichever ends sooner. Raises RuleError
    where that is more work than is allowed.
    """
    horizon = _horizon(rule, first=first, window=window)
    if horizon < first:
        return [], False
    cost = _cost(rule, span=horizon - first)
    cut = window is None and rule.until is not None and cost > RULE_BUDGET
    if cut:
        horizon = first + timedelta(days=(horizon - first).days * RULE_BUDGET // cost)
        cost = RULE_BUDGET
    budget.charge(cost)
    try:
        found = (
            _walk(rule, first=first, horizon=horizon)
            if rule.frequency in STEPS
            else _ask(rule, first, horizon)
        )
        starts: Iterator[datetime] = itertools.islice(found, rule.count)
        if window is not None:
            starts = (start for start in starts if start >= window[0])
        limit = MAX_FINITE if rule.finite and window is None else MAX_OCCURRENCES
        kept = list(itertools.islice(starts, limit))
        too_many = cut or next(starts, None) is not None
        if window is None and rule.count is not None and rule.until is None:
            too_many = len(kept) < rule.count
    except (ValueError, TypeError, OverflowError, IndexError, ZeroDivisionError) as error:
        raise RuleError("recurrence_unreadable") from error
    budget.charge(2 * len(kept))
    return kept, too_many


def _cost(rule: Rule, *, span: timedelta) -> int:
    days = span.days + 1
    if rule.frequency in STEPS:
        return days * (24 if rule.frequency == "HOURLY" else 1) // rule.interval + 1
    limits = {"BYSETPOS", "BYDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTHDAY", "BYMONTH"} & set(rule.parts)
    months, month_days = rule.numbers("BYMONTH"), rule.numbers("BYMONTHDAY")
    meets = len(limits) < 2 or (
        limits == {"BYMONTH", "BYMONTHDAY"}
        and any(1 <= m <= 12 for m in months)
        and any(d <= 28 for d in month_days)
    )
    ordinary = limits <= {"BYDAY", "BYMONTH"} or limits == {"BYDAY", "BYSETPOS"}
    return days if meets or ordinary else days + DOUBTFUL


def _horizon(rule: Rule, *, first: datetime, window: tuple[datetime, datetime] | None) -> datetime:
    """The last moment at which an occurrence may start."""
    latest = datetime(9990, 1, 1)  # noqa: DTZ001 - wall time
    if window is not None:
        latest = window[1]
    elif not rule.finite:
        latest = min(latest, first + ENDLESS)
    if rule.until is not None:
        latest = min(latest, rule.until)
    if window is None and rule.until is None and rule.count is not None:
        # A count says how many, not until when: a rule that never matches must end all the same.
        latest = min(latest, max(first + ENDLESS, first + timedelta(days=min(rule.count, 400) * 366)))
    return latest


def _ask(rule: Rule, first: datetime, horizon: datetime) -> Iterator[datetime]:
    """dateutil's answer for a rule by the month or year."""
    text = ";".join(f"{name}={part}" for name, part in rule.parts.items() if name not in {"UNTIL", "COUNT"})
    end = f"{horizon.year:04d}{horizon:%m%dT%H%M%S}"
    return iter(rrulestr(f"RRULE:{text};UNTIL={end}", dtstart=first))


def _walk(rule: Rule, *, first: datetime, horizon: datetime) -> Iterator[datetime]:
    """A rule by the hour, day or week, step by step (RFC 5545, 3.3.10; weeks begin with WKST)."""
    step = STEPS[rule.frequency] * rule.interval
    begin = first
    if rule.frequency == "WEEKLY":
        week_start = WEEKDAYS.index(rule.parts.get("WKST", "MO"))
        begin = first - timedelta(days=(first.weekday() - week_start) % 7)
    for number in range((horizon - begin) // step + 1):
        for candidate in _candidates(rule, begin + number * step, first=first):
            if first <= candidate <= horizon and _day_fits(rule, candidate):
                yield candidate


def _candidates(rule: Rule, period: datetime, *, first: datetime) -> Iterator[datetime]:
    """The moments that one hour, day or week offers, in order."""
    if rule.frequency == "HOURLY":
        hours: tuple[int, ...] = (period.hour,)
        if rule.numbers("BYHOUR") and period.hour not in rule.numbers("BYHOUR"):
            return
    else:
        hours = rule.numbers("BYHOUR") or (first.hour,)
    days = [period]
    if rule.frequency == "WEEKLY":
        wanted = rule.parts.get("BYDAY", WEEKDAYS[first.weekday()]).split(",")
        days = [day for i in range(7) if WEEKDAYS[(day := period + timedelta(days=i)).weekday()] in wanted]
    minutes, seconds = (
        rule.numbers("BYMINUTE") or (first.minute,),
        rule.numbers("BYSECOND") or (first.second,),
    )
    for day, hour, minute, second in itertools.product(days, sorted(hours), sorted(minutes), sorted(seconds)):
        yield day.replace(hour=hour, minute=minute, second=min(second, 59))


def _day_fits(rule: Rule, day: datetime) -> bool:
    """The limits on days that hours, days and weeks may carry."""
    if "BYDAY" in rule.parts and WEEKDAYS[day.weekday()] not in rule.parts["BYDAY"].split(","):
        return False
    if "BYMONTH" in rule.parts and day.month not in rule.numbers("BYMONTH"):
        return False
    if month_days := rule.numbers("BYMONTHDAY"):
        left = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        if day.day not in month_days and day.day - left.day - 1 not in month_days:
            return False
    year_days = rule.numbers("BYYEARDAY")
    return not year_days or day.timetuple().tm_yday in year_days
