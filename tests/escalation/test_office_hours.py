"""Office hours by the wall clock, minute by minute over the nights on which it leaps."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalation.office_hours import OfficeHours
from prerequisites.working_days import Calendar

MINUTE = timedelta(minutes=1)
# Both nights of each zone; Lord Howe's clock leaps by half an hour.
NIGHTS = [
    ("Europe/Berlin", datetime(2026, 3, 28, 20, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, 20, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 9, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 9, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 23, 16, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 10, 29, 16, tzinfo=UTC)),
]
# An ordinary day, windows that begin or end in the leap, and one that lies in it.
WINDOWS = [
    (time(8), time(17)),
    (time(2, 15), time(6)),
    (time(0, 30), time(2, 30)),
    (time(2, 10), time(2, 50)),
    (time(0, 10), time(0, 50)),
]


def office(zone: str, opens: time, closes: time, *, days: range = range(7)) -> OfficeHours:
    return OfficeHours(calendar=Calendar(zone=zone), opens=opens, closes=closes, days=frozenset(days))


def minutes(begins: datetime, *, hours: int) -> Iterator[datetime]:
    return (begins + number * MINUTE for number in range(hours * 60))


@pytest.mark.parametrize(("zone", "begins"), NIGHTS[:2], ids=lambda value: str(value)[:20])
@pytest.mark.parametrize(("opens", "closes"), WINDOWS[:3])
def test_a_sample_of_the_nights_leads_every_minute_to_the_first_open_one(
    zone: str, begins: datetime, opens: time, closes: time
) -> None:
    every_minute_leads_to_the_first_open_one(office(zone, opens, closes), begins, span=36)


@pytest.mark.chaos
@pytest.mark.parametrize(("zone", "begins"), NIGHTS, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize(("opens", "closes"), WINDOWS)
def test_every_minute_of_a_night_on_which_the_clock_leaps_leads_to_the_first_open_one(
    zone: str, begins: datetime, opens: time, closes: time
) -> None:
    every_minute_leads_to_the_first_open_one(office(zone, opens, closes), begins, span=60)


def every_minute_leads_to_the_first_open_one(hours: OfficeHours, begins: datetime, *, span: int) -> None:
    following: datetime | None = None
    for at in reversed(list(minutes(begins, hours=span))):
        wall = at.astimezone(ZoneInfo(hours.calendar.zone)).time()
        assert hours.is_open(at) is (hours.opens <= wall < hours.closes)
        following = at if hours.is_open(at) else following
        if following is not None:
            assert hours.next_open(at) == following


@pytest.mark.parametrize(("zone", "begins"), NIGHTS, ids=lambda value: str(value)[:20])
def test_every_minute_has_an_open_one_before_it(zone: str, begins: datetime) -> None:
    hours = office(zone, time(8), time(17))
    for at in minutes(begins, hours=36):
        before = hours.last_open(at)
        assert before <= at and hours.is_open(before)
        assert before == at or at - before < timedelta(hours=17)


def test_weekends_and_holidays_are_passed_over_both_ways() -> None:
    calendar = Calendar(zone="Europe/Berlin", country="DE", region="DE-BY")
    hours = OfficeHours(calendar=calendar)
    good_friday = datetime(2026, 4, 3, 10, tzinfo=UTC)
    assert hours.next_open(good_friday) == datetime(2026, 4, 7, 6, tzinfo=UTC)
    assert hours.last_open(good_friday) == datetime(2026, 4, 2, 14, tzinfo=UTC)


def test_a_practice_that_is_never_there_leaves_a_moment_where_it_is() -> None:
    hours = office("Europe/Berlin", time(8), time(17), days=range(0))
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert hours.next_open(at) == hours.last_open(at) == at
