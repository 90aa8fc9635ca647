"""A calendar that can't be read changes nothing and stands on the board in plain words, until it can be read again."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments.models import Appointment
from appointments.operations import add_feed, sync_due_feeds
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from tests import factories
from tests.appointments.feeds import Calendar, serve
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db

Spoil = Callable[[Calendar], object]
LATER = timedelta(hours=2)


def served(body: bytes) -> Spoil:
    return lambda calendar: setattr(calendar, "body", body)


def answered(status: int) -> Spoil:
    return lambda calendar: setattr(calendar, "status", status)


def cut_off(calendar: Calendar) -> None:
    calendar.body = calendar.content()[:-60]


SPOILT = {
    "down": (answered(500), "Doctolib reports an error of its own."),
    "overloaded": (answered(503), "Doctolib asks us to wait."),
    "gone": (answered(404), "Doctolib no longer knows this link."),
    "html": (
        served(b"<!doctype html><html><body>Login</body></html>"),
        "There is a web page behind the link",
    ),
    "empty": (served(b""), "The answer was empty."),
    "something else": (served(b"PK\x03\x04 archive"), "What is behind the link is not a calendar."),
    "cut off": (cut_off, "The calendar arrived incomplete."),
}


@pytest.fixture
def calendar(settings: Any) -> Iterator[Calendar]:
    with serve() as calendar:
        settings.FEED_ALLOWED_ADDRESSES = [calendar.address]
        yield calendar


@pytest.fixture
def practice(calendar: Calendar, now: datetime) -> Practice:
    """Three appointments were read from its calendar this morning."""
    practice = factories.make_practice()
    for day in range(3):
        calendar.add(f"event-{day}", now + timedelta(days=5 + day))
    with tenancy.scope(practice.pk):
        factories.AppointmentTypeFactory(name="MRT Knie", keywords=[])
        allowed = frozenset([calendar.address])
        add_feed(name="MRT 1", url=calendar.url, by=record.SYSTEM, now=now, allowed_addresses=allowed)
    sync_due_feeds(practice_id=practice.pk, now=now)
    return practice


def appointments(practice: Practice) -> list[dict[str, Any]]:
    with tenancy.scope(practice.pk):
        return list(Appointment.objects.order_by("pk").values())


def board(client: Client, practice: Practice, *, at: datetime) -> str:
    with time_machine.travel(at, tick=False):
        return sign_in(client, practice).get("/").content.decode()


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_calendar_changes_nothing_and_stands_on_the_board(
    kind: str, client: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    spoil, said = SPOILT[kind]
    before = appointments(practice)
    assert len(before) == 3
    spoil(calendar)
    for poll in range(1, 4):
        sync_due_feeds(practice_id=practice.pk, now=now + poll * LATER)
    assert appointments(practice) == before
    html = board(client, practice, at=now + 3 * LATER)
    assert "Calendar “MRT 1” was last read" in html
    assert said in html
    assert "The appointments stay as they were. Treffa keeps trying." in html


def test_a_calendar_that_nobody_serves_any_more_changes_nothing_either(
    client: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    before = appointments(practice)
    with tenancy.scope(practice.pk):
        allowed = frozenset(["127.0.0.1:9"])
        add_feed(
            name="MRT 2", url="http://127.0.0.1:9/x.ics", by=record.SYSTEM, now=now, allowed_addresses=allowed
        )
    sync_due_feeds(practice_id=practice.pk, now=now + LATER)
    assert appointments(practice) == before
    html = board(client, practice, at=now + LATER)
    assert "Calendar “MRT 2” has never been read" in html


def test_what_was_wrong_leaves_the_board_once_the_calendar_is_read_again(
    client: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    calendar.status = 503
    sync_due_feeds(practice_id=practice.pk, now=now + LATER)
    calendar.status = 200
    sync_due_feeds(practice_id=practice.pk, now=now + 2 * LATER)
    assert "was last read" not in board(client, practice, at=now + 2 * LATER)
    with tenancy.scope(practice.pk):
        events = list(RecordEntry.objects.order_by("pk").values_list("event", flat=True))
    assert events[-2:] == ["feed.failed", "feed.recovered"]
