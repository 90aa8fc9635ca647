"""When somebody is at the practice, pure: the hours of its working days. Times are aware UTC, the hours the wall clock's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prerequisites.working_days import Calendar

ONE_DAY = timedelta(days=1)
# What is shifted back to a day before is due an hour before it ends, so that there is time to act on it.
TIME_TO_ACT = timedelta(hours=1)
# The longest that a practice's holidays may take: beyond that a moment is left where it was.
MOST_DAYS = 60


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """Open from `opens` until `closes` on `days` (0 is Monday) that are no public holiday in the calendar's region."""

    calendar: Calendar
    opens: time = time(8)
    closes: time = time(17)
    days: frozenset[int] = frozenset(range(5))

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there."""
        wall = at.astimezone(ZoneInfo(self.calendar.zone))
        return self._works_on(wall.date()) and self.opens <= wall.time() < self.closes

    def next_open(self, at: datetime) -> datetime:
        """The first moment at or after `at` at which somebody is there."""
        if self.is_open(at):
            return at
        today = self.calendar.day_of(at)
        for day in (today + ONE_DAY * number for number in range(MOST_DAYS)):
            later = [moment for moment in self._openings(day) if moment > at]
            if later:
                return min(later)
        return at

    def last_open(self, at: datetime) -> datetime:
        """`at` itself where somebody is there, else the last hour of the working day before."""
        if self.is_open(at):
            return at
        today = self.calendar.day_of(at)
        for day in (today - ONE_DAY * number for number in range(MOST_DAYS)):
            closing = self.calendar.moment(day, self.closes) - TIME_TO_ACT
            for moment in (closing, *self._openings(day)):
                if moment <= at and self.is_open(moment):
                    return moment
        return at

    def _works_on(self, day: date) -> bool:
        return day.weekday() in self.days and not self.calendar.is_holiday(day)

    def _openings(self, day: date) -> Iterator[datetime]:
        """The moments of a day at which it opens: twice where the hour comes twice, and at the leap of the clock where that
        leads into office hours."""
        if not self._works_on(day):
            return
        wall = ZoneInfo(self.calendar.zone)
        opens = (datetime.combine(day, self.opens.replace(fold=fold), wall) for fold in (0, 1))
        for moment in (*(one.astimezone(UTC) for one in opens), *_leaps(day, wall)):
            if self.is_open(moment) and self.calendar.day_of(moment) == day:
                yield moment


def _leaps(day: date, wall: ZoneInfo) -> Iterator[datetime]:
    """The moment, to the minute, at which the clock leaps on a day, if it does."""
    earlier, later = (datetime.combine(day, time(12), UTC) + ONE_DAY * days for days in (-1, 1))
    old = earlier.astimezone(wall).utcoffset()
    if later.astimezone(wall).utcoffset() == old:
        return
    while later - earlier > timedelta(minutes=1):
        middle = (earlier + (later - earlier) / 2).replace(second=0, microsecond=0)
        if middle.astimezone(wall).utcoffset() == old:
            earlier = middle
        else:
            later = middle
    yield later
