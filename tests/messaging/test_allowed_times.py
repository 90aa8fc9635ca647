"""The whole schedule, minute by minute over the nights on which the clock changes, in four zones; days of rest; Doctolib's
own reminders; the cap a week."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import schedule
from prerequisites.working_days import Calendar

PLACES = {
    "Europe/Berlin": ("DE", "DE-BY"),
    "Europe/Paris": ("FR", ""),
    "Europe/Rome": ("IT", ""),
    "Europe/Zurich": ("CH", "CH-ZH"),
}
NIGHTS = (date(2026, 3, 28), date(2026, 10, 24))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)


def hours(zone: str, **details: object) -> schedule.Hours:
    country, region = PLACES[zone]
    calendar = Calendar(zone=zone, country=country, region=region)
    given = {"quiet_from": time(20), "quiet_until": time(8), "calendar": calendar, **details}
    return schedule.Hours(**given)  # type: ignore[arg-type]


def wrong(at: datetime, times: schedule.Hours, starts: list[datetime]) -> str:
    """Why nothing may be said at a moment, found without the schedule's own means."""
    wall = at.astimezone(ZoneInfo(times.calendar.zone))
    if wall.time() >= time(20) or wall.time() < time(8):
        return "quiet"
    if times.calendar.rests_on(wall.date()):
        return "day of rest"
    for start in starts:
        days = (start.astimezone(wall.tzinfo).date() - wall.date()).days
        inside = {7: (11, 19), 1: (11, 19), 2: (10, 16)}.get(days)
        if inside and time(inside[0]) < wall.time() < time(inside[1]):
            return "Doctolib"
    return ""


@pytest.mark.parametrize("zone", PLACES)
@pytest.mark.parametrize("night", NIGHTS)
def test_no_minute_of_a_changing_night_lets_anything_out_or_is_lost(zone: str, night: date) -> None:
    """From Saturday noon to Monday noon: nothing in quiet hours or on the Sunday, and all of it on Monday at eight."""
    times = hours(zone)
    begins = datetime.combine(night, time(12), ZoneInfo(zone)).astimezone(UTC)
    starts = [begins + timedelta(days=4, hours=2)]
    monday = datetime.combine(night + 2 * DAY, time(8), ZoneInfo(zone)).astimezone(UTC)
    for minute in range(48 * 60):
        now = begins + minute * MINUTE
        at = schedule.allowed_at(now=now, hours=times, starts=starts)
        assert at >= now and not wrong(at, times, starts)
        assert at == now or at in (monday, monday + 8 * HOUR)


@settings(max_examples=300, deadline=None)
@given(
    now=moments,
    zone=st.sampled_from(sorted(PLACES)),
    ahead=st.lists(st.timedeltas(HOUR, 20 * DAY), max_size=4),
    sent=st.lists(st.timedeltas(HOUR, 10 * DAY), max_size=6),
    cap=st.integers(0, 3),
)
def test_what_is_allowed_is_right_and_the_first_that_is(
    now: datetime, zone: str, ahead: list[timedelta], sent: list[timedelta], cap: int
) -> None:
    times = hours(zone, weekly_cap=cap)
    starts, before = [now + span for span in ahead], [now - span for span in sent]
    at = schedule.allowed_at(now=now, hours=times, starts=starts, sent=before)

    def too_often(moment: datetime) -> bool:
        return bool(cap) and sum(said > moment - 7 * DAY for said in before) >= cap

    assert at >= now and not wrong(at, times, starts) and not too_often(at)
    moment = now
    while moment < at:
        assert wrong(moment, times, starts) or too_often(moment)
        moment += 20 * MINUTE


def test_without_doctolibs_reminders_their_hours_are_free() -> None:
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    starts = [noon + DAY]
    assert schedule.allowed_at(now=noon, hours=hours("Europe/Berlin"), starts=starts) == noon + 6 * HOUR
    assert schedule.allowed_at(now=noon, hours=hours("Europe/Berlin", doctolib=False), starts=starts) == noon


@pytest.mark.parametrize(
    ("country", "region", "rests"), [("DE", "DE-BY", True), ("DE", "DE-BE", False), ("FR", "", False)]
)
def test_a_holiday_of_the_region_is_a_day_of_rest(country: str, region: str, rests: bool) -> None:
    epiphany = date(2026, 1, 6)
    assert Calendar(zone="Europe/Berlin", country=country, region=region).rests_on(epiphany) == rests


def test_a_saturday_is_no_day_of_rest() -> None:
    assert not Calendar(zone="Europe/Berlin", country="DE").rests_on(date(2026, 3, 7))


@given(span=st.timedeltas(timedelta(0), timedelta(days=60)))
def test_the_last_call_comes_after_the_reminder_and_a_day_before_the_deadline(span: timedelta) -> None:
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    last = schedule.last_call_at(requested_at=now, deadline=now + span)
    reminder = schedule.reminder_at(requested_at=now, deadline=now + span)
    if last is not None:
        assert reminder is not None and reminder + 12 * HOUR <= last == now + span - DAY
    else:
        assert span < 5 * DAY
