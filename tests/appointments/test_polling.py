"""When a feed is polled next: phases, pauses, and chance that can be told beforehand."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from appointments.polling import (
    AT_LEAST,
    LONGEST_PAUSE,
    POLL_EVERY,
    SPREAD,
    after_failure,
    after_waiting,
    next_poll,
)

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
ids = st.integers(min_value=1, max_value=2**63 - 1)
times = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))


@given(ids, times)
def test_a_feed_comes_every_five_minutes_and_keeps_its_phase(feed_id: int, now: datetime) -> None:
    first = next_poll(feed_id=feed_id, now=now)
    assert AT_LEAST < first - now <= AT_LEAST + POLL_EVERY
    # However late within the minute the tick finds it.
    for late in (timedelta(), timedelta(seconds=59)):
        second = next_poll(feed_id=feed_id, now=first + late)
        assert abs(second - first - POLL_EVERY) < timedelta(milliseconds=1)


def test_three_thousand_feeds_are_spread_over_the_five_minutes() -> None:
    minutes = [0] * 5
    for feed_id in range(1, 3001):
        at = next_poll(feed_id=feed_id, now=NOW)
        minutes[int((at - NOW - AT_LEAST) / timedelta(minutes=1)) % 5] += 1
    assert all(500 < count < 700 for count in minutes)


@given(ids, times, st.integers(min_value=1, max_value=1000))
def test_the_pause_doubles_with_every_failure_up_to_an_hour(
    feed_id: int, now: datetime, failures: int
) -> None:
    pause = after_failure(feed_id=feed_id, failures=failures, now=now) - now
    least = min(POLL_EVERY * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    assert least <= pause < least * (1 + SPREAD)


@given(ids, times, st.integers(min_value=0, max_value=86_400))
def test_it_is_never_shorter_than_the_server_asks(feed_id: int, now: datetime, asked: int) -> None:
    at = after_failure(feed_id=feed_id, failures=1, retry_after=asked, now=now)
    assert at - now >= max(timedelta(seconds=asked), POLL_EVERY)


def test_feeds_that_failed_together_do_not_come_back_together() -> None:
    back = {after_failure(feed_id=feed_id, failures=3, now=NOW) for feed_id in range(100)}
    assert len(back) == 100
    assert max(back) - min(back) > timedelta(minutes=1)


def test_chance_is_the_same_for_the_same_feed_at_the_same_time_and_another_at_another() -> None:
    def pause(now: datetime) -> timedelta:
        return after_failure(feed_id=7, failures=3, now=now) - now

    assert pause(NOW) == pause(NOW)
    assert pause(NOW) != pause(NOW + timedelta(minutes=5))


def test_feeds_whose_host_has_a_rest_come_a_little_later() -> None:
    wait = timedelta(seconds=40)
    back = [after_waiting(feed_id=feed_id, wait=wait, now=NOW) - NOW - wait for feed_id in range(100)]
    assert all(timedelta() <= one < timedelta(seconds=30) for one in back)
    assert len(set(back)) == 100
