"""When a feed is polled, and what is kept of how its server answered."""

from typing import Any

import pytest

from appointments.models import Feed
from practices import tenancy
from practices.models import Practice
from tests.appointments.feeds import Calendar
from tests.appointments.test_operations import START, Run
from tests.appointments.test_operations import run as run

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
