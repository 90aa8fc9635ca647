"""A practice with one feed that a server of this machine answers for."""

from collections.abc import Iterator
from typing import Any

import pytest

from appointments.models import Feed
from appointments.operations import add_feed
from practices import record, tenancy
from practices.models import Practice
from tests.appointments.feeds import Calendar, serve
from tests.factories import NOW, AppointmentTypeFactory, make_practice


@pytest.fixture
def calendar(settings: Any) -> Iterator[Calendar]:
    with serve() as calendar:
        settings.FEED_ALLOWED_ADDRESSES = [calendar.address]
        yield calendar


@pytest.fixture
def practice(db: None) -> Practice:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        AppointmentTypeFactory(name="MRT Knie", keywords=[])
        AppointmentTypeFactory(name="CT Abdomen", keywords=[])
    return practice


@pytest.fixture
def feed(practice: Practice, calendar: Calendar) -> Feed:
    with tenancy.scope(practice.pk):
        return add_feed(
            name="MRT 1",
            url=calendar.url,
            by=record.SYSTEM,
            now=NOW,
            allowed_addresses=frozenset([calendar.address]),
        )
