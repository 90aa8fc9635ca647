"""`bench fleet`: what polling thousands of feeds costs a worker, over HTTP, by the task of the sync stage.

Each feed is of a practice of its own. A feed's turn comes every tenth of a second, as it does when 3,000 are polled
every five minutes. One feed is imported, the others are copies of it. What a phase measured is counted afterwards in the database: a poll that did something else, or
nothing, is an error.
"""

import resource
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q

from appointments.models import Appointment, AppointmentType, Feed
from appointments.operations import add_feed
from practices import apart, record, tenancy
from treffa import pipeline
from treffa.bench.copies import Original
from treffa.bench.outside import outside_world
from treffa.bench.practice import Calendar, begins_at, open_practice
from treffa.bench.timing import peak_mb, seconds
from treffa.sandbox.client import SandboxClient

Result = dict[str, float]

KEY = "flotte"
TURN = timedelta(seconds=0.1)
ROUND = timedelta(minutes=10)
FLEET, EVERY_SECONDS = 3000, 300


class NotPolledError(Exception):
    """The polls did not do what the benchmark is about; the text says what they did."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the database says of the last poll of each feed: HTTP status and bytes, and what is in the calendar."""

    status: int
    bytes: int
    booked: int
    moved: int


def run(*, feeds: int, events: int, now: datetime) -> Result:
    """CPU seconds of the worker and its reading child a feed; from it the cores that 3,000 feeds every 5 minutes need."""
    with _outside_world() as sandbox:
        fleet = _Fleet(sandbox, feeds=feeds, events=events, now=now)
        taken_in = seconds(fleet.take_in)
        spent = {
            "304": fleet.poll(Seen(status=304, bytes=0, booked=events, moved=0)),
            "unchanged": fleet.poll_whole(moved=()),
            "1pct": fleet.poll_whole(moved=fleet.calendar.share(1)),
        }
    return {
        "feeds": feeds,
        "events": events,
        "bytes": fleet.bytes,
        "taken_in_s": round(taken_in, 2),
        **{f"cpu_per_feed_{name}_ms": round(cpu * 1000, 3) for name, cpu in spent.items()},
        **{f"cpu_for_3000_{name}": round(cpu * FLEET / EVERY_SECONDS, 4) for name, cpu in spent.items()},
        "peak_mb": peak_mb(),
    }


class _Fleet:
    """Practices with a feed each, all of one calendar; `now` goes on with every poll."""

    def __init__(self, sandbox: SandboxClient, *, feeds: int, events: int, now: datetime) -> None:
        self.sandbox, self.now = sandbox, now
        self.calendar = Calendar(events=events, begins=begins_at(now))
        self.url = sandbox.create_calendar(KEY).url
        self.bytes = 0
        self.practices = [self._practice() for _ in range(feeds)]

    def _practice(self) -> int:
        practice_id = open_practice(now=self.now)
        with tenancy.scope(practice_id):
            AppointmentType.objects.create(practice_id=practice_id, name="CT Abdomen", keywords=[])
            allowed = frozenset(settings.FEED_ALLOWED_ADDRESSES)
            add_feed(name="CT 1", url=self.url, by=record.SYSTEM, now=self.now, allowed_addresses=allowed)
        return practice_id

    def take_in(self) -> None:
        """The first practice imports the calendar; the others' are copies of what it has then."""
        self._serve(moved=())
        first, *others = self.practices
        expected = Seen(status=200, bytes=self.bytes, booked=self.calendar.events, moved=0)
        self._poll([first], expected)
        original = Original(first)
        for practice_id in others:
            original.copy_to(practice_id, now=self.now)

    def poll_whole(self, *, moved: Collection[int]) -> float:
        """CPU seconds a feed, over bodies with a new DTSTAMP on every event and some events moved."""
        self._serve(moved=moved)
        events = self.calendar.events
        return self.poll(Seen(status=200, bytes=self.bytes, booked=events, moved=len(moved)))

    def poll(self, expected: Seen) -> float:
        """CPU seconds a feed of one round. NotPolledError if any saw something else."""
        return self._poll(self.practices, expected)

    def _poll(self, practices: Sequence[int], expected: Seen) -> float:
        before, asked = _cpu(), self._asked()
        for practice_id in practices:
            self.now += TURN
            pipeline.advance(stage="sync", practice_id=practice_id, now=self.now)
        spent = (_cpu() - before) / len(practices)
        seen = [self._seen(practice_id) for practice_id in practices]
        wrong = [one for one in seen if one != expected]
        if wrong:
            raise NotPolledError(f"{len(wrong)} of {len(seen)} polls saw {wrong[0]}, expected {expected}")
        if self._asked() - asked != len(practices):
            raise NotPolledError(f"{self._asked() - asked} requests for {len(practices)} polls")
        self.now += ROUND
        return spent

    def _serve(self, *, moved: Collection[int]) -> None:
        body = self.calendar.body(at=self.now, moved=moved)
        self.bytes = len(body)
        self.sandbox.set_body(KEY, body)

    def _asked(self) -> int:
        (calendar,) = (one for one in self.sandbox.calendars() if one.key == KEY)
        return calendar.requests.get("GET", 0)

    def _seen(self, practice_id: int) -> Seen:
        with tenancy.scope(practice_id):
            feed = Feed.objects.defer("blocks").get()
            counts = Appointment.objects.aggregate(
                booked=Count("pk", filter=~Q(status="cancelled")),
                moved=Count("pk", filter=Q(moved_from__isnull=False)),
            )
        return Seen(status=feed.last_status or 0, bytes=feed.last_bytes or 0, **counts)


def _cpu() -> float:
    """Seconds that this process and its reading child have spent so far; the outside world's are not ours."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime + apart.spent()


@contextmanager
def _outside_world() -> Iterator[SandboxClient]:
    """A sandbox whose address feeds may have."""
    before = settings.FEED_ALLOWED_ADDRESSES
    with outside_world() as url:
        try:
            settings.FEED_ALLOWED_ADDRESSES = [url.removeprefix("http://")]
            yield SandboxClient(url)
        finally:
            settings.FEED_ALLOWED_ADDRESSES = before
