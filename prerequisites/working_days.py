"""Which days a practice works, by the public holidays of its region. Pure.

A Saturday, a Sunday and a public holiday are no working days. A region that is not known has its country's holidays, a
country that is not known has none.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

ONE_DAY = timedelta(days=1)
SATURDAY = 5
SUNDAY = 6
# Of no use where days are counted: the libraries' years, and the calendar's, end somewhere.
MOST_DAYS = 1000


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A practice's days: `zone` is an IANA name, `country` ISO 3166-1, `region` ISO 3166-2 with or without the country
    ("DE-BY" or "BY"), empty for what all the country celebrates."""

    zone: str
    country: str = ""
    region: str = ""

    def works_on(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() < SATURDAY and not self.is_holiday(day)

    def is_holiday(self, day: date) -> bool:
        """Whether it is a public holiday."""
        return day in _holidays(self.country, self.region, day.year)

    def rests_on(self, day: date) -> bool:
        """Whether people are left alone: a Sunday or a public holiday."""
        return day.weekday() == SUNDAY or day in _holidays(self.country, self.region, day.year)

    def before(self, day: date, *, days: int, working: bool) -> date:
        """The day so many days before; of `working` days only these are counted, and what is found is one."""
        if not working or not days:
            return day - timedelta(days=days)
        for _ in range(min(days, MOST_DAYS)):
            day -= ONE_DAY
            while not self.works_on(day):
                day -= ONE_DAY
        return day

    def day_of(self, moment: datetime) -> date:
        """The practice's day of a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def time_of(self, moment: datetime) -> time:
        """The practice's time of day of a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).time()

    def moment(self, day: date, at: time) -> datetime:
        """The moment of a time of day, in UTC. One that the clock leaves out or has twice is its first."""
        return datetime.combine(day, at, ZoneInfo(self.zone)).astimezone(UTC)


@cache
def _holidays(country: str, region: str, year: int) -> frozenset[date]:
    for subdivision in (region.rpartition("-")[2] or None, None):
        try:
            return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
        except NotImplementedError:
            continue
    return frozenset()
