"""A calendar that costs too much to read costs its own feed a poll, and no other."""

from datetime import timedelta
from typing import Any

import pytest

from appointments import ical, queries, reading
from appointments.models import Appointment, Feed
from appointments.operations import add_feed, sync_due_feeds
from practices import apart, record, tenancy
from practices.models import Practice
from tests.appointments.feeds import Calendar, Entry
from tests.factories import NOW

START = NOW + timedelta(days=3)


def many(count: int) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for number in range(count):
        lines += Entry(uid=f"{number}", start=START + timedelta(minutes=number)).lines(0)
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def test_a_calendar_comes_out_of_the_child_as_it_would_without_one() -> None:
    unread = b"DTSTART;TZID=Nowhere:20260305T090000\r\n"
    body = many(30).replace(b"UID:7\r\n", b"").replace(b"DTSTART:20260305T090000Z\r\n", unread)
    window = ical.Window(start=NOW, end=NOW + timedelta(days=30))
    found = reading.read(body, zone="Europe/Berlin", window=window)
    assert found == ical.read(body, zone="Europe/Berlin", window=window)
    assert (len(found.events), len(found.quarantined)) == (29, 1)
    assert reading.read(b"<html>", zone="Europe/Berlin", window=None).refused is ical.Refusal.HTML


@pytest.mark.parametrize(("seconds", "memory"), [(0.2, 1 << 30), (20.0, 20 << 20)], ids=["time", "memory"])
def test_what_takes_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, seconds: float, memory: int) -> None:
    monkeypatch.setattr(reading, "SECONDS", seconds)
    monkeypatch.setattr(reading, "MEMORY_BYTES", memory)
    body = many(30_000)
    assert reading.read(body, zone="Europe/Berlin", window=None).refused is ical.Refusal.TOO_COSTLY


@pytest.mark.django_db
def test_one_feed_that_is_too_costly_holds_up_no_other(
    practice: Practice, feed: Feed, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.scope(practice.pk):
        add_feed(
            name="MRT 2",
            url=f"{calendar.url}?2",
            by=record.SYSTEM,
            now=NOW,
            allowed_addresses=frozenset([calendar.address]),
        )
    calendar.add("1", START)
    bodies = iter([many(30_000), calendar.content()])
    monkeypatch.setattr(calendar, "content", lambda: next(bodies))
    monkeypatch.setattr(reading, "SECONDS", 1.0)
    first, second = sync_due_feeds(practice_id=practice.pk, now=NOW).feeds
    assert (first.outcome, first.reason) == ("failed", "too_costly")
    assert (second.outcome, second.counts.created) == ("applied", 1)
    with tenancy.scope(practice.pk):
        assert Appointment.objects.count() == 1
        (problem,) = queries.feed_problems(now=NOW)
        assert problem.code == "too_costly"
        assert problem.feed.next_poll_at >= NOW + timedelta(minutes=5)


def test_an_error_of_ours_in_the_child_is_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(apart.RaisedError, match=r"^UnknownZoneError$"):
        reading.read(many(1), zone="Nowhere/At_All", window=None)


def test_the_zones_of_one_feed_are_unknown_to_the_next(calendar: Calendar) -> None:
    """icalendar keeps the zones of all calendars that a process has read."""
    zone = (
        b"BEGIN:VTIMEZONE\r\nTZID:Praxiszeit\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        b"TZOFFSETFROM:+0700\r\nTZOFFSETTO:+0700\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    )
    named: Any = many(1).replace(b"DTSTART:20260305T090000Z", b"DTSTART;TZID=Praxiszeit:20260305T090000")
    known = reading.read(named.replace(b"BEGIN:VEVENT", zone, 1), zone="Europe/Berlin", window=None)
    assert [f"{event.start:%H:%M}" for event in known.events] == ["02:00"]
    unknown = reading.read(named, zone="Europe/Berlin", window=None)
    assert [one.reason for one in unknown.quarantined] == ["unknown_zone"]
