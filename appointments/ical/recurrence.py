"""The occurrences of a recurring event, capped in number and in work. Pure.

dateutil tries every candidate up to the year 9999, whatever UNTIL says, while a rule does not match: a hostile
one keeps it busy for minutes. So: no rules by the second; rules by the minute, hour, day and week are walked here, up
to a horizon; dateutil gets those by the month and year, where that costs half a second at the worst; and a feed as a
whole has a budget, of which every step takes its part.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

from appointments.ical.rules import STEPS, Rule, RuleError
from appointments.ical.walking import walk

# What a rule may be limited by beside its times.
LIMITS = frozenset({"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYDAY"})
# Those that go together and surely meet, if each of them does.
MEETING = ({"BYDAY", "BYMONTH", "BYSETPOS"}, {"BYMONTH", "BYMONTHDAY"}, {"BYYEARDAY"}, {"BYWEEKNO"})
DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
MAX_OCCURRENCES = 1_000
MAX_FINITE = 30_000
ENDLESS = relativedelta(years=2)
# In steps of a walk.
FEED_BUDGET = 500_000
# A quarter of a feed's budget is the most that one rule is followed for.
RULE_BUDGET = 125_000
# A rule that may never match: half a second of dateutil, so ten of them for a feed.
DOUBTFUL = 50_000
FIRST_YEAR = 30
# In the time of one step dateutil passes so many days.
DAYS_A_STEP = 8


class _SpentError(Exception):
    """One rule has had its part."""


@dataclass
class Budget:
    """The steps that may still be taken for one feed."""

    left: int = FEED_BUDGET

    def charge(self, amount: int) -> None:
        if amount > self.left:
            raise RuleError("recurrence_budget")
        self.left -= amount


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
    limit = MAX_FINITE if rule.finite and window is None else MAX_OCCURRENCES
    kept: list[datetime] = []
    try:
        starts = _starts(rule, first=first, horizon=horizon, window=window, spend=_purse(budget))
        kept.extend(itertools.islice(starts, limit))
        too_many = next(starts, None) is not None
    except _SpentError:
        # Within a window an occurrence may be missing; without one what is there is the beginning.
        if window is not None:
            raise RuleError("recurrence_budget") from None
        too_many = True
    except (ValueError, TypeError, OverflowError, IndexError, ZeroDivisionError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError("recurrence_unreadable") from error
    if window is None and rule.count is not None and rule.until is None:
        too_many = len(kept) < rule.count
    return kept, too_many


def _starts(
    rule: Rule,
    *,
    first: datetime,
    horizon: datetime,
    window: tuple[datetime, datetime] | None,
    spend: Callable[[int], None],
) -> Iterator[datetime]:
    if rule.frequency in STEPS:
        # What counts has to be counted from the first on.
        since = window[0] if window is not None and rule.count is None else first
        found = walk(rule, first=first, since=since, horizon=horizon, spend=spend)
    else:
        found = _ask(rule, first, horizon, spend)
    counted = itertools.islice(found, rule.count)
    return counted if window is None else (start for start in counted if start >= window[0])


def _purse(budget: Budget) -> Callable[[int], None]:
    """What takes a rule's steps from the feed's budget, up to the part of one rule. Raises _SpentError, RuleError."""
    left = RULE_BUDGET

    def spend(amount: int) -> None:
        nonlocal left
        left -= amount
        if left < 0:
            raise _SpentError
        budget.charge(amount)

    return spend


def _horizon(rule: Rule, *, first: datetime, window: tuple[datetime, datetime] | None) -> datetime:
    """The last moment at which an occurrence may start."""
    latest = datetime(9990, 1, 1)  # noqa: DTZ001 - wall time
    if window is not None:
        latest = window[1]
    elif not rule.finite:
        latest = min(latest, first + ENDLESS)
    return latest if rule.until is None else min(latest, rule.until)


def _ask(rule: Rule, first: datetime, horizon: datetime, spend: Callable[[int], None]) -> Iterator[datetime]:
    """dateutil's answer for a rule by the month or year."""
    spend(FIRST_YEAR if _meets(rule) else DOUBTFUL)
    text = ";".join(f"{name}={part}" for name, part in rule.parts.items() if name not in {"UNTIL", "COUNT"})
    end = f"{horizon.year:04d}{horizon:%m%dT%H%M%S}"
    before = first
    for start in rrulestr(f"RRULE:{text};UNTIL={end}", dtstart=first):
        spend((start - before).days // DAYS_A_STEP + 1)
        before = start
        yield start


def _meets(rule: Rule) -> bool:
    """Whether a rule by the month or year surely matches every few years."""
    limits = LIMITS & set(rule.parts)
    if not limits:
        return True
    if rule.frequency == "MONTHLY" and "BYMONTH" in limits and rule.interval > 1:
        return False
    within_month = rule.frequency == "MONTHLY" or "BYMONTH" in limits
    most = {
        "BYMONTH": 12,
        "BYMONTHDAY": 28,
        "BYYEARDAY": 365,
        "BYWEEKNO": 52,
        "BYSETPOS": 4 if "BYDAY" in limits else 1,
    }
    days = [DAY.fullmatch(day) for day in rule.parts.get("BYDAY", "MO").split(",")]
    return (
        any(limits <= together for together in MEETING)
        and all(
            any(1 <= abs(number) <= most[name] for number in rule.numbers(name))
            for name in limits - {"BYDAY"}
        )
        and any(day and abs(int(day[1] or 1)) <= (4 if within_month else 52) for day in days)
    )
