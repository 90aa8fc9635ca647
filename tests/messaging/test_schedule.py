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


def comes_again(at: datetime, zone: str) -> bool:
    """An hour that the clock shows a second time: what was quiet before it stays so."""
    return bool(at.astimezone(ZoneInfo(zone)).fold)


@settings(max_examples=400, deadline=None)
@given(now=moments, zone=st.sampled_from(ZONES), start=times, end=times)
def test_nothing_falls_into_the_quiet_hours_and_nothing_waits_without_need(
    now: datetime, zone: str, start: time, end: time
) -> None:
    allowed = schedule.not_before(now=now, zone=zone, quiet_from=start, quiet_until=end)
    assert now <= allowed and not quiet(allowed, zone, start, end)
    assert all(
        quiet(moment, zone, start, end) or comes_again(moment, zone)
        for minute in range(0, int((allowed - now) / timedelta(minutes=1)), 5)
        for moment in [now + timedelta(minutes=minute)]
    )


@pytest.mark.parametrize("night", NIGHTS)
def test_a_window_within_the_changing_hour_is_found(night: datetime) -> None:
    allowed = schedule.not_before(
        now=night, zone="Europe/Lisbon", quiet_from=time(1, 15), quiet_until=time(1)
    )
    assert not quiet(allowed, "Europe/Lisbon", time(1, 15), time(1))
    assert allowed - night <= timedelta(hours=37)


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
