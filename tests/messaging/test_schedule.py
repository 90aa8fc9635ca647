"""Quiet hours by the clock on the wall, over both nights on which it changes, and the reminder's moment."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import schedule

ZONES = ("Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Zurich", "Europe/Lisbon", "Europe/London")
NIGHTS = (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC))
moments = st.builds(
    lambda night, minutes: night + timedelta(minutes=minutes), st.sampled_from(NIGHTS), st.integers(0, 2880)
)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


def quiet(at: datetime, zone: str, start: time, end: time) -> bool:
    shown = at.astimezone(ZoneInfo(zone)).time()
    return start <= shown < end if start < end else start != end and (shown >= start or shown < end)


@settings(max_examples=600, deadline=None)
@given(now=moments, zone=st.sampled_from(ZONES), start=times, end=times)
def test_nothing_falls_into_the_quiet_hours_and_nothing_waits_longer_than_they_last(
    now: datetime, zone: str, start: time, end: time
) -> None:
    allowed = schedule.not_before(now=now, zone=zone, quiet_from=start, quiet_until=end)
    assert now <= allowed <= now + timedelta(hours=25)
    assert not quiet(allowed, zone, start, end)
    assert schedule.not_before(now=allowed, zone=zone, quiet_from=start, quiet_until=end) == allowed


@settings(max_examples=300, deadline=None)
@given(now=moments, zone=st.sampled_from(ZONES), start=times, end=times)
def test_outside_the_quiet_hours_nothing_waits_but_in_the_hour_that_comes_twice(
    now: datetime, zone: str, start: time, end: time
) -> None:
    twice = any(
        (now + timedelta(hours=shift)).astimezone(ZoneInfo(zone)).time()
        == now.astimezone(ZoneInfo(zone)).time()
        for shift in (-1, 1)
    )
    if not quiet(now, zone, start, end) and not twice:
        assert schedule.not_before(now=now, zone=zone, quiet_from=start, quiet_until=end) == now


@pytest.mark.parametrize("night", NIGHTS)
def test_every_minute_of_the_night_waits_for_the_same_morning(night: datetime) -> None:
    zone = ZoneInfo("Europe/Berlin")
    for minute in range(24 * 60):
        now = night + timedelta(minutes=minute)
        allowed = schedule.not_before(
            now=now, zone="Europe/Berlin", quiet_from=time(20), quiet_until=time(8)
        ).astimezone(zone)
        assert allowed == now or (
            allowed.time() == time(8) and timedelta() < allowed - now <= timedelta(hours=13)
        )


def test_equal_times_are_never_quiet() -> None:
    now = datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert schedule.not_before(now=now, zone="Europe/Berlin", quiet_from=time(8), quiet_until=time(8)) == now


@given(now=moments, span=st.timedeltas(timedelta(0), timedelta(days=60)))
def test_the_reminder_comes_between_request_and_deadline_or_not_at_all(
    now: datetime, span: timedelta
) -> None:
    at = schedule.reminder_at(requested_at=now, deadline=now + span)
    if span < schedule.SHORTEST_SPAN:
        assert at is None
    else:
        assert at is not None and now < at < now + span
        assert now + span - at <= schedule.LAST_DAYS


def test_the_pauses_double_up_to_an_hour_and_heed_what_the_provider_asks() -> None:
    now = NIGHTS[0]
    pauses = [schedule.retry_at(now=now, attempts=n) - now for n in range(1, 12)]
    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert pauses[-1] == timedelta(hours=1)
    asked = timedelta(minutes=10)
    assert schedule.retry_at(now=now, attempts=1, retry_after=asked) == now + asked
