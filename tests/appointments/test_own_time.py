"""What a calendar says that is no appointment is kept to be shown, as long as it is to come."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from appointments.models import Feed, OwnTime
from appointments.operations import remove_feed
from practices import record, tenancy
from tests.appointments.feeds import Calendar, Entry
from tests.appointments.test_operations import START, Run
from tests.appointments.test_operations import run as run

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOBODY: dict[str, Any] = {"name": "", "born": "", "phone": ""}


def own(run: Run) -> list[tuple[str, list[datetime]]]:
    with tenancy.scope(run.practice.pk):
        return list(OwnTime.objects.order_by("text", "starts").values_list("text", "starts"))


def lunch(calendar: Calendar, uid: str, start: datetime = START, **details: Any) -> Entry:
    return calendar.add(uid, start, **{**NOBODY, "type": "Mittagspause", **details})


def test_what_is_no_appointment_is_kept_with_its_words_and_its_times(run: Run, calendar: Calendar) -> None:
    calendar.add("1", START)
    lunch(calendar, "2")
    lunch(calendar, "3", START + DAY, extra="RRULE:FREQ=DAILY;COUNT=3")
    run.poll()
    days = [START + n * DAY for n in (1, 2, 3)]
    assert own(run) == [("Mittagspause", [START]), ("Mittagspause", days)]


def test_it_stays_without_being_read_again_and_goes_with_its_entry(run: Run, calendar: Calendar) -> None:
    first, second = lunch(calendar, "1"), lunch(calendar, "2", START + DAY)
    series = lunch(calendar, "3", type="Urlaub", extra="RRULE:FREQ=DAILY;COUNT=2")
    run.poll()
    calendar.add("4", START)
    run.poll()
    assert len(own(run)) == 3
    calendar.entries.remove(first)
    run.poll()
    assert own(run) == [("Mittagspause", [START + DAY]), ("Urlaub", [START, START + DAY])]
    calendar.entries.remove(series)
    run.poll()
    assert own(run) == [("Mittagspause", [START + DAY])]
    second.start += DAY
    run.poll()
    assert own(run) == [("Mittagspause", [START + 2 * DAY])]


def test_an_entry_that_became_an_appointment_is_no_longer_among_it(run: Run, calendar: Calendar) -> None:
    entry = lunch(calendar, "1")
    run.poll()
    entry.name, entry.born, entry.type = "Probefeld, Otto", "14.03.1947", "MRT Knie"
    run.poll()
    assert own(run) == []
    assert len(run.appointments()) == 1


def test_what_is_over_or_called_off_is_not_among_it(run: Run, calendar: Calendar) -> None:
    lunch(calendar, "1", run.now - DAY)
    lunch(calendar, "2", status="CANCELLED")
    soon = lunch(calendar, "3", run.now + timedelta(minutes=1))
    run.poll()
    assert own(run) == [("Mittagspause", [soon.start])]
    run.now += DAY
    calendar.add("4", START)
    run.due()
    run.poll()
    assert own(run) == []


def test_it_goes_with_its_calendar(run: Run, calendar: Calendar) -> None:
    lunch(calendar, "1")
    run.poll()
    with tenancy.scope(run.practice.pk):
        assert remove_feed(feed_id=Feed.objects.get().pk, by=record.SYSTEM, now=run.now)
    assert own(run) == []
