"""Rules by the minute, hour, day and week, step by step (RFC 5545, 3.3.10). Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from appointments.ical.rules import STEPS, WEEKDAYS, Rule

# In the time of one step so many times are offered, BYSETPOS taking them or not.
OFFERS_A_STEP = 4


def walk(
    rule: Rule, *, first: datetime, since: datetime, horizon: datetime, spend: Callable[[int], None]
) -> Iterator[datetime]:
    """The occurrences from `first` to the horizon, those long before `since` left out.

    Each step is spent, and what it offers too.
    """
    offers = _Offers(rule, first=first)
    step = STEPS[rule.frequency] * rule.interval
    begin = first
    if rule.frequency == "WEEKLY":
        begin = first - timedelta(days=(first.weekday() - WEEKDAYS.index(rule.parts.get("WKST", "MO"))) % 7)
    skipped = max(0, (since - begin) // step - 1)
    for number in range(skipped, (horizon - begin) // step + 1):
        spend(1)
        offered = offers.of(begin + number * step)
        spend(len(offered) // OFFERS_A_STEP)
        for candidate in offers.placed(offered):
            if first <= candidate <= horizon:
                yield candidate


class _Offers:
    """What a minute, an hour, a day or a week offers."""

    def __init__(self, rule: Rule, *, first: datetime) -> None:
        self.frequency = rule.frequency
        self.hours, self.minutes = (sorted(set(rule.numbers(name))) for name in ("BYHOUR", "BYMINUTE"))
        # A leap second is the minute's last second to us.
        self.seconds = sorted({min(second, 59) for second in rule.numbers("BYSECOND")})
        self.times = list(
            itertools.product(
                self.hours or [first.hour], self.minutes or [first.minute], self.seconds or [first.second]
            )
        )
        named = rule.parts.get("BYDAY", "")
        self.weekdays = {WEEKDAYS.index(day) for day in named.split(",")} if named else set()
        if rule.frequency == "WEEKLY" and not self.weekdays:
            self.weekdays = {first.weekday()}
        self.months = frozenset(rule.numbers("BYMONTH"))
        self.month_days = frozenset(rule.numbers("BYMONTHDAY"))
        self.year_days = frozenset(rule.numbers("BYYEARDAY"))
        self.places = rule.numbers("BYSETPOS")

    def of(self, period: datetime) -> list[datetime]:
        """In order."""
        days = [period]
        if self.frequency == "WEEKLY":
            days = [period + timedelta(days=number) for number in range(7)]
        return [
            day.replace(hour=hour, minute=minute, second=second)
            for day in days
            if self._day_fits(day)
            for hour, minute, second in self._times(day)
        ]

    def placed(self, offered: list[datetime]) -> list[datetime]:
        """Those of them that BYSETPOS takes."""
        if not self.places or not offered:
            return offered
        places = {place - 1 if place > 0 else place + len(offered) for place in self.places if place}
        return [offered[place] for place in sorted(places) if 0 <= place < len(offered)]

    def _times(self, day: datetime) -> list[tuple[int, int, int]]:
        """Hours and minutes limit those that are stepped by, and are added to longer steps."""
        if self.frequency in {"DAILY", "WEEKLY"}:
            return self.times
        if self.hours and day.hour not in self.hours:
            return []
        if self.frequency == "HOURLY":
            return list(
                itertools.product([day.hour], self.minutes or [day.minute], self.seconds or [day.second])
            )
        if self.minutes and day.minute not in self.minutes:
            return []
        return [(day.hour, day.minute, second) for second in self.seconds or [day.second]]

    def _day_fits(self, day: datetime) -> bool:
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if self.months and day.month not in self.months:
            return False
        if self.month_days:
            last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            if self.month_days.isdisjoint((day.day, day.day - last.day - 1)):
                return False
        if not self.year_days:
            return True
        number = day.timetuple().tm_yday
        length = datetime(day.year, 12, 31).timetuple().tm_yday  # noqa: DTZ001 - wall time
        return not self.year_days.isdisjoint((number, number - length - 1))
