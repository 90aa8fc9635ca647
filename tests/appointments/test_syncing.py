"""When a feed is polled, and what is kept of how its server answered."""

import gc
from datetime import timedelta
from typing import Any

import pytest

from appointments import syncing
from appointments.models import Feed
from appointments.operations import FeedReport, add_feed, sync_due_feeds
from practices import record, tenancy
from practices.models import Practice
from tests.appointments.feeds import Calendar
from tests.appointments.test_operations import START, STEP, Run
from tests.appointments.test_operations import run as run
from tests.factories import NOW

pytestmark = pytest.mark.django_db


class TestHealth:
    def answer(self, run: Run) -> tuple[Any, ...]:
        feed = run.fresh()
        assert feed.last_duration_ms is not None
        return feed.last_status, feed.last_bytes

    def test_a_feed_keeps_how_its_server_answered(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START)
        run.poll()
        assert self.answer(run) == (200, len(calendar.content()))
        calendar.status = 503
        run.poll()
        assert self.answer(run) == (503, 0)

    def test_a_server_that_gives_no_answer_has_no_status(
        self, run: Run, practice: Practice, settings: Any
    ) -> None:
        run.poll()
        settings.FEED_ALLOWED_ADDRESSES = []
        run.poll()
        assert self.answer(run) == (None, 0)

    def test_a_feed_that_was_never_polled_has_none(self, feed: Feed, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            fresh = Feed.objects.get(pk=feed.pk)
        assert (fresh.last_status, fresh.last_duration_ms, fresh.last_bytes) == (None, None, None)


class TestApplying:
    def test_rubbish_is_collected_again_after_a_poll_whatever_came_of_it(
        self, run: Run, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calendar.add("1", START)
        collecting = []

        def broken(**given: Any) -> Any:
            collecting.append(gc.isenabled())
            raise RuntimeError

        assert run.poll().counts.created == 1
        assert gc.isenabled()
        calendar.add("2", START)
        monkeypatch.setattr(syncing, "apply", broken)
        assert run.poll().reason == syncing.UNEXPECTED
        assert collecting == [False] and gc.isenabled()


class TestTurns:
    def test_a_feed_keeps_its_phase(self, run: Run) -> None:
        run.poll()
        first = run.fresh().next_poll_at
        assert timedelta(minutes=1) < first - NOW <= timedelta(minutes=6)
        run.now = first + timedelta(seconds=40)
        run.poll()
        assert run.fresh().next_poll_at == first + timedelta(minutes=5)

    def test_a_host_that_gets_too_many_requests_has_its_feeds_polled_a_little_later(
        self, run: Run, calendar: Calendar, settings: Any
    ) -> None:
        calendar.add("1", START)
        settings.FEED_REQUESTS_PER_MINUTE = 1
        run.poll()
        before, run.now = run.fresh(), NOW + timedelta(seconds=30)
        run.due()
        assert run.poll() == FeedReport(feed_id=run.feed.pk, outcome="deferred")
        after = run.fresh()
        assert timedelta(seconds=30) <= after.next_poll_at - (run.now - STEP) < timedelta(minutes=1)
        assert len(calendar.asked) == 1
        for name in ("state", "problem", "failures", "last_good_at", "last_status"):
            assert getattr(after, name) == getattr(before, name)
        run.now = after.next_poll_at
        assert run.poll().outcome == "unchanged"

    def test_a_host_that_is_down_is_left_alone_by_all_its_feeds(
        self, run: Run, practice: Practice, calendar: Calendar
    ) -> None:
        with tenancy.scope(practice.pk):
            for number in range(14):
                add_feed(
                    name=f"MRT {number}",
                    url=f"{calendar.url}?{number}",
                    by=record.SYSTEM,
                    now=NOW,
                    allowed_addresses=frozenset([calendar.address]),
                )
        calendar.status = 500
        reports = sync_due_feeds(practice_id=practice.pk, now=NOW).feeds
        assert [one.outcome for one in reports] == ["failed"] * 10 + ["deferred"] * 5
        assert len(calendar.asked) == 10
        calendar.status = 200
        with tenancy.scope(practice.pk):
            Feed.objects.update(next_poll_at=NOW)
        later = sync_due_feeds(practice_id=practice.pk, now=NOW + timedelta(minutes=2)).feeds
        assert {one.outcome for one in later} == {"applied"}

    def test_a_worker_that_died_leaves_its_feed_to_the_next(
        self, run: Run, practice: Practice, calendar: Calendar
    ) -> None:
        def dies(*args: Any, **options: Any) -> Any:
            raise SystemExit

        with pytest.raises(SystemExit):
            sync_due_feeds(practice_id=practice.pk, now=NOW, ask=dies)
        assert sync_due_feeds(practice_id=practice.pk, now=NOW + timedelta(seconds=50)).feeds == ()
        run.now = NOW + timedelta(minutes=6)
        assert run.poll().outcome == "applied"
