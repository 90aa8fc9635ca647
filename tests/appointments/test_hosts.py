"""How often a host is asked, over all workers: a real Redis, and what happens without one."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from appointments import hosts
from appointments.fetch import Body, Failed, NotModified, Reason, Validators
from appointments.hosts import FAILURES, LEFT_ALONE, LONGEST_REST, TRYING, Turn

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
DOWN = Failed(Reason.UNREACHABLE)
SECOND = timedelta(seconds=1)


@pytest.fixture
def host(settings: Any) -> str:
    settings.FEED_REQUESTS_PER_MINUTE = 60
    return f"{uuid.uuid4()}.example:443"


def fail(host: str, times: int, now: datetime = NOW) -> None:
    for _ in range(times):
        hosts.answered(host, DOWN, before=Turn(), now=now)


class TestTokens:
    def test_a_minutes_worth_may_come_at_once_and_then_as_many_as_are_filled_in(self, host: str) -> None:
        turns = [hosts.turn(host, now=NOW) for _ in range(62)]
        assert [turn.now for turn in turns] == [True] * 60 + [False] * 2
        assert turns[60].wait == SECOND
        later = [hosts.turn(host, now=NOW + 3 * SECOND).now for _ in range(4)]
        assert later == [True, True, True, False]

    def test_no_more_than_a_minutes_worth_is_saved_up(self, host: str) -> None:
        hosts.turn(host, now=NOW)
        later = NOW + timedelta(minutes=5)
        assert sum(hosts.turn(host, now=later).now for _ in range(100)) == 60

    def test_each_host_has_a_bucket_of_its_own(self, host: str) -> None:
        for _ in range(61):
            hosts.turn(host, now=NOW)
        assert hosts.turn(f"other.{host}", now=NOW).now

    def test_workers_that_ask_at_once_share_it(self, host: str) -> None:
        with ThreadPoolExecutor(8) as workers:
            turns = list(workers.map(lambda _: hosts.turn(host, now=NOW), range(200)))
        assert sum(turn.now for turn in turns) == 60

    def test_a_worker_whose_time_is_a_little_behind_fills_nothing_in(self, host: str) -> None:
        for _ in range(60):
            hosts.turn(host, now=NOW)
        assert not hosts.turn(host, now=NOW - 30 * SECOND).now
        assert not hosts.turn(host, now=NOW).now

    def test_a_clock_that_was_set_back_locks_nobody_out(self, host: str) -> None:
        for _ in range(61):
            hosts.turn(host, now=NOW)
        assert hosts.turn(host, now=NOW - timedelta(days=1)).now


class TestBreaker:
    def test_a_host_that_fails_in_a_row_is_left_alone_then_tried_once(self, host: str) -> None:
        fail(host, FAILURES - 1)
        assert hosts.turn(host, now=NOW).now
        fail(host, 1)
        assert hosts.turn(host, now=NOW).wait == LEFT_ALONE
        later = NOW + LEFT_ALONE
        first = hosts.turn(host, now=later)
        assert first.now
        assert hosts.turn(host, now=later).wait == TRYING
        fail(host, 1, later)
        assert hosts.turn(host, now=later).wait == LEFT_ALONE

    def test_one_good_answer_opens_it_for_everybody(self, host: str) -> None:
        fail(host, FAILURES)
        later = NOW + LEFT_ALONE
        hosts.answered(host, NotModified(), before=hosts.turn(host, now=later), now=later)
        assert all(hosts.turn(host, now=later).now for _ in range(5))

    def test_a_row_is_broken_by_one_good_answer(self, host: str) -> None:
        for _ in range(5):
            fail(host, FAILURES - 1)
            good = Body(content=b"", validators=Validators())
            hosts.answered(host, good, before=hosts.turn(host, now=NOW), now=NOW)
        assert hosts.turn(host, now=NOW).now

    @pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.DENIED, Reason.TOO_LARGE])
    def test_a_feeds_own_trouble_is_none_of_its_host(self, host: str, reason: Reason) -> None:
        for _ in range(FAILURES + 1):
            hosts.answered(host, Failed(reason), before=Turn(), now=NOW)
        assert hosts.turn(host, now=NOW).now

    def test_one_that_tried_and_never_came_back_does_not_close_it(self, host: str) -> None:
        fail(host, FAILURES)
        later = NOW + LEFT_ALONE
        assert hosts.turn(host, now=later).now
        assert hosts.turn(host, now=later + TRYING).now


class TestBroker:
    @pytest.fixture
    def away(self, settings: Any) -> Iterator[None]:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        yield
        hosts.broker.away_until = 0.0

    def test_without_a_broker_nothing_is_limited_and_the_log_says_so(
        self, host: str, away: None, caplog: Any
    ) -> None:
        assert all(hosts.turn(host, now=NOW).now for _ in range(100))
        fail(host, FAILURES + 1)
        assert hosts.turn(host, now=NOW).now
        (line,) = [one for one in caplog.messages if "without a limit" in one]
        assert "ConnectionError" in line

    def test_nothing_in_it_names_a_host_and_nothing_stays(self, host: str, settings: Any) -> None:
        hosts.turn(host, now=NOW)
        client = redis.Redis.from_url(settings.REDIS_URL)
        keys = list(client.scan_iter("treffa:host:*"))
        assert keys
        assert not any(host.encode() in key or b"example" in key for key in keys)
        assert all(0 < client.ttl(key) <= 3600 for key in keys)


class TestAPauseThatTheHostAsksFor:
    def test_it_holds_for_all_its_feeds(self, host: str) -> None:
        throttled = Failed(Reason.THROTTLED, status=429, retry_after=120)
        hosts.answered(host, throttled, before=Turn(), now=NOW)
        assert hosts.turn(host, now=NOW + 20 * SECOND).wait == 100 * SECOND
        assert hosts.turn(f"other.{host}", now=NOW).now
        assert hosts.turn(host, now=NOW + 120 * SECOND).now

    def test_one_asked_with_a_failure_of_the_server_too(self, host: str) -> None:
        hosts.answered(host, Failed(Reason.SERVER_ERROR, status=503, retry_after=60), before=Turn(), now=NOW)
        assert hosts.turn(host, now=NOW).wait == 60 * SECOND

    def test_a_longer_one_is_not_made_shorter(self, host: str) -> None:
        for pause in (200, 10):
            answer = Failed(Reason.THROTTLED, status=429, retry_after=pause)
            hosts.answered(host, answer, before=Turn(), now=NOW)
        assert hosts.turn(host, now=NOW).wait == 200 * SECOND

    def test_a_day_is_the_feeds_own_affair(self, host: str) -> None:
        """One practice's link may be used up; the others' are not."""
        answer = Failed(Reason.THROTTLED, status=429, retry_after=86_400)
        hosts.answered(host, answer, before=Turn(), now=NOW)
        assert hosts.turn(host, now=NOW).wait == LONGEST_REST
        assert hosts.turn(host, now=NOW + LONGEST_REST).now

    def test_without_a_pause_nobody_rests(self, host: str) -> None:
        hosts.answered(host, Failed(Reason.THROTTLED, status=429), before=Turn(), now=NOW)
        assert hosts.turn(host, now=NOW).now
