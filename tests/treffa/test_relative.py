"""Times as staff say them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from treffa.dashboard import relative

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _berlin_in_english() -> object:
    with timezone.override("Europe/Berlin"), translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(hours=8), "today, 18:00"),
        (timedelta(hours=-16), "yesterday, 18:00"),
        (timedelta(days=1), "tomorrow, 10:00"),
        (timedelta(days=3), "Thu 5 Mar, 10:00"),
        (timedelta(days=-80), "Fri 12 Dec 2025, 10:00"),
        (timedelta(days=28), "Mon 30 Mar, 11:00"),  # summer time has begun
    ],
)
def test_moment(distance: timedelta, said: str) -> None:
    assert relative.moment(NOW + distance, now=NOW) == said


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(hours=2), "by today, 12:00"),
        (timedelta(days=1, hours=2), "by tomorrow, 12:00"),
        (timedelta(days=3), "in 3 days, by Thu 5 Mar"),
        (timedelta(hours=-16), "since yesterday, 18:00"),
        (timedelta(0), "since today, 10:00"),
    ],
)
def test_deadline(distance: timedelta, said: str) -> None:
    assert relative.deadline(NOW + distance, now=NOW) == said


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=24), "24 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=11), "yesterday, 23:00"),
    ],
)
def test_ago(distance: timedelta, said: str) -> None:
    assert relative.ago(NOW - distance, now=NOW) == said


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(seconds=20), "in 1 minute"),
        (timedelta(hours=2, minutes=30), "in 2 hours"),
        (timedelta(hours=15), "tomorrow"),
        (timedelta(days=5), "in 5 days"),
        (timedelta(hours=-1), "over"),
    ],
)
def test_until(distance: timedelta, said: str) -> None:
    assert relative.until(NOW + distance, now=NOW) == said
