"""A practice with several calendars in memory, for the tests."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from appointments import fetch
from appointments.models import Appointment, Feed
from appointments.operations import add_feed, sync_due_feeds
from practices import record, tenancy
from practices.models import RecordEntry
from tests.appointments.feeds import Entry
from tests.appointments.test_sync_properties import NUMBERS, STAFF, START, Server
from tests.factories import NOW, AppointmentTypeFactory, make_practice

LONG = "7d0e1f5c-0001-4c6e-9a4e-b1d5c2a8f0"


class Calendars:
    """Calendars of one practice by name, polled one by one or all together."""

    def __init__(self, *names: str) -> None:
        self.practice, self.now = make_practice(), NOW
        self.servers: dict[str, Server] = {}
        self.feeds: dict[str, Feed] = {}
        self._by_url: dict[str, Server] = {}
        with tenancy.scope(self.practice.pk):
            self.types = [
                AppointmentTypeFactory(name=name, keywords=[]) for name in ("MRT Knie", "CT Abdomen")
            ]
        for name in names:
            self.add(name)

    def add(self, name: str, entries: Collection[Entry] = ()) -> Feed:
        url = f"https://kalender-{next(NUMBERS)}.example/a.ics"
        self.servers[name] = self._by_url[url] = Server(entries=list(entries))
        with tenancy.scope(self.practice.pk):
            self.feeds[name] = add_feed(name=name, url=url, by=record.SYSTEM, now=self.now)
        return self.feeds[name]

    def book(self, *names: str, uid: str = "", start: datetime = START, **details: str) -> list[Entry]:
        """The same event in these calendars, with one UID or, without any, each with its own."""
        found = [Entry(uid=uid or f"uid-{next(NUMBERS)}", start=start, **details) for _ in names]
        for name, entry in zip(names, found, strict=True):
            self.servers[name].entries.append(entry)
        return found

    def poll(self, *names: str, times: int = 1) -> None:
        """Reads these calendars, or all, a few minutes later."""
        for _ in range(times):
            self.now += timedelta(minutes=6)
            wanted = [self.feeds[name].pk for name in names or self.feeds]
            with tenancy.scope(self.practice.pk):
                Feed.objects.exclude(state="paused").update(next_poll_at=self.now + timedelta(minutes=1))
                Feed.objects.filter(pk__in=wanted).exclude(state="paused").update(next_poll_at=self.now)
            sync_due_feeds(practice_id=self.practice.pk, now=self.now, ask=self.ask)

    def ask(self, url: str, *, validators: fetch.Validators, **given: Any) -> fetch.Response:
        return self._by_url[url](url, validators=validators, **given)

    def operate(self, do: Any, name: str, **given: Any) -> Any:
        with tenancy.scope(self.practice.pk):
            return do(feed_id=self.feeds[name].pk, by=STAFF, now=self.now, **given)

    def fresh(self, name: str) -> Feed:
        with tenancy.scope(self.practice.pk):
            return Feed.objects.get(pk=self.feeds[name].pk)

    def rows(self) -> list[Appointment]:
        with tenancy.scope(self.practice.pk):
            return list(Appointment.objects.select_related("patient", "type", "feed").order_by("id"))

    def prepared(self) -> list[tuple[str, str]]:
        """What has to be prepared: the calendar that leads, and when."""
        found = [row for row in self.rows() if not row.cancelled and row.same_as_id is None]
        return [(row.feed.name, f"{row.start:%d %H:%M}") for row in found]

    def events(self) -> list[str]:
        with tenancy.scope(self.practice.pk):
            return list(RecordEntry.objects.order_by("id").values_list("event", flat=True))
