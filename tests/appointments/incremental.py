"""Two practices with the same calendar: one reads what changed, the other forgets all before each poll and reads it
whole. What both make of it must be the same, whatever happens in between."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from appointments.cancelling import cancel
from appointments.fetch import Body, Validators
from appointments.models import (
    Appointment,
    AppointmentType,
    Feed,
    FeedState,
    OwnTime,
    Patient,
    QuarantinedEvent,
)
from appointments.operations import (
    FeedReport,
    add_feed,
    assign_type,
    confirm_missing,
    dismiss_missing,
    poll_now,
    sync_due_feeds,
)
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from tests.factories import NOW, AppointmentTypeFactory, make_practice

MINUTES = timedelta(minutes=6)
PEOPLE = (
    ("Probefeld\\, Otto", "14.03.1947"),
    ("Muster\\, Mia", "02.02.1980"),
    ("Beispiel\\, Béatrice", ""),
)
TYPES = ("MRT Knie", "CT Abdomen", "Röhre Bein", "")
# Days from the first poll: long over, over, soon, and beyond the window until that has moved on.
DAYS = (-45, -29, -2, 1, 2, 3, 4, 5, 399, 402)
UNUSUAL = (
    "RRULE:FREQ=DAILY;COUNT=4",
    "RRULE:FREQ=WEEKLY",
    "RDATE:20260310T090000Z",
    "DTSTART:unlesbar",
    "STATUS:CANCELLED",
    "SEQUENCE:3",
    "RRULE:FREQ=SECONDLY",
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event as the calendar writes it."""

    uid: str
    day: int
    hour: int = 9
    person: int = 0
    type: int = 0
    extra: str = ""
    note: str = ""
    instance: int | None = None
    absence: bool = False

    @property
    def start(self) -> datetime:
        return NOW.replace(hour=self.hour, minute=0, second=0) + timedelta(days=self.day)

    def lines(self, stamp: datetime) -> list[str]:
        name, born = PEOPLE[self.person]
        summary = " - ".join(filter(None, (name, TYPES[self.type])))
        texts = {"Geburtsdatum": born, "Notiz": self.note}
        told = "\\n".join(f"{label}: {text}" for label, text in texts.items() if text)
        instance = self.start if self.instance is None else self.start - timedelta(days=self.instance)
        return [
            "BEGIN:VEVENT",
            f"UID:{self.uid}",
            f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{self.start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{self.start + timedelta(minutes=30):%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{'Mittagspause' if self.absence else summary}",
            *([f"DESCRIPTION:{told}"] if told and not self.absence else []),
            *([f"RECURRENCE-ID:{instance:%Y%m%dT%H%M%SZ}"] if self.instance is not None else []),
            *([self.extra] if self.extra else []),
            "END:VEVENT",
        ]


class Side:
    """One of the two practices."""

    def __init__(self, *, forgets: bool) -> None:
        self.forgets = forgets
        self.practice: Practice = make_practice(name="vergesslich" if forgets else "gedächtnisstark")
        with tenancy.scope(self.practice.pk):
            for name in TYPES[:2]:
                AppointmentTypeFactory(name=name, keywords=[])
            url = "https://kalender.example/geheim.ics"
            self.feed: Feed = add_feed(name="MRT 1", url=url, by=record.SYSTEM, now=NOW)

    def poll(self, body: bytes, *, now: datetime, meanwhile: Callable[[], None] = lambda: None) -> FeedReport:
        def ask(url: str, **options: Any) -> Body:
            meanwhile()
            return Body(content=body, validators=Validators())

        with tenancy.scope(self.practice.pk):
            if self.forgets:
                Feed.objects.update(blocks=b"")
            Feed.objects.update(next_poll_at=now)
        (report,) = sync_due_feeds(practice_id=self.practice.pk, now=now, ask=ask).feeds
        return report

    def memory(self) -> tuple[str, bytes]:
        with tenancy.scope(self.practice.pk):
            feed = Feed.objects.get()
            return feed.head_hash, bytes(feed.blocks)

    def state(self) -> dict[str, Any]:
        """All that there is, ids replaced by their rank."""
        with tenancy.scope(self.practice.pk):
            patients = list(Patient.objects.order_by("id"))
            rows = list(Appointment.objects.order_by("id"))
            types = dict(AppointmentType.objects.values_list("id", "name"))
            people = {one.pk: place for place, one in enumerate(patients)}
            places = {row.pk: place for place, row in enumerate(rows)}
            feed = Feed.objects.get()
            return {
                "appointments": [_row(row, places, people, types) for row in rows],
                "patients": [(one.name, one.birth_date, one.phone, one.email) for one in patients],
                "quarantined": sorted(
                    QuarantinedEvent.objects.values_list("fingerprint", "reason", "excerpt", "seen_at")
                ),
                "own": sorted(
                    (bytes(one.uid), one.text, one.all_day, one.starts, one.end)
                    for one in OwnTime.objects.all()
                ),
                "feed": (feed.state, feed.problem, feed.failures, feed.events, feed.body_hash),
                "missing": [places[pk] for pk in feed.missing_ids],
                "record": list(RecordEntry.objects.order_by("id").values_list("event", flat=True)),
            }


def _row(row: Appointment, places: dict[int, int], people: dict[int, int], types: dict[int, str]) -> Any:
    told = {
        one.attname: getattr(row, one.attname)
        for one in Appointment._meta.concrete_fields
        if one.attname not in {"id", "practice_id", "feed_id", "patient_id", "type_id"}
    }
    told["uid"] = f"released:{places[row.pk]}" if row.uid.startswith("released:") else row.uid
    told["patient"] = people.get(row.patient_id or 0)
    told["type"] = types.get(row.type_id or 0)
    return told


@dataclass
class Twins:
    """Both practices, their calendar, and what may happen to it."""

    now: datetime = NOW
    events: list[Event] = field(default_factory=list)
    head: str = "METHOD:PUBLISH"
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(forgets=False), Side(forgets=True)))
    booked: int = 0

    def body(self) -> bytes:
        lines = [line for event in self.events for line in event.lines(self.now)]
        all_lines = ["BEGIN:VCALENDAR", "VERSION:2.0", self.head, *lines, "END:VCALENDAR"]
        return ("\r\n".join(all_lines) + "\r\n").encode()

    def poll(self, *, cut_off: int = 0) -> tuple[FeedReport, FeedReport]:
        body = self.body()
        body = body[: len(body) * cut_off // 100] if cut_off else body
        ours, theirs = (side.poll(body, now=self.now) for side in self.sides)
        self.now += MINUTES
        return ours, theirs

    def agree(self, *, cut_off: int = 0) -> FeedReport:
        ours, theirs = self.poll(cut_off=cut_off)
        first, second = (side.state() for side in self.sides)
        for name in first:
            assert first[name] == second[name], (name, first[name], second[name])
        assert replace(ours, feed_id=0) == replace(theirs, feed_id=0)
        return ours

    def book(self, **details: Any) -> Event:
        self.booked += 1
        event = Event(**{"uid": f"{self.booked}", **details})
        self.events.append(event)
        return event

    def change(self, place: int, **details: Any) -> None:
        if self.events:
            place %= len(self.events)
            self.events[place] = replace(self.events[place], **details)

    def remove(self, place: int) -> None:
        if self.events:
            self.events.pop(place % len(self.events))

    def copy(self, place: int, **details: Any) -> None:
        if self.events:
            self.events.append(replace(self.events[place % len(self.events)], **details))

    def churn(self) -> None:
        self.events = [replace(event, uid=f"{event.uid}'") for event in self.events]

    def both(self, work: Callable[[Side], Any]) -> None:
        for side in self.sides:
            with tenancy.scope(side.practice.pk):
                work(side)

    def decide(self, *, confirmed: bool) -> None:
        decide = confirm_missing if confirmed else dismiss_missing
        self.both(lambda side: decide(feed_id=side.feed.pk, by=record.SYSTEM, now=self.now))

    def assign(self, text: str) -> None:
        def work(side: Side) -> None:
            known = AppointmentType.objects.get(name=TYPES[0])
            assign_type(text=text, type_id=known.pk, by=record.SYSTEM, now=self.now)

        self.both(work)

    def rule(self, **rules: Any) -> None:
        self.both(lambda side: Feed.objects.update(rules=rules))

    def poll_now(self) -> None:
        self.both(lambda side: poll_now(feed_id=side.feed.pk, now=self.now))

    def cancel_elsewhere(self, place: int) -> None:
        def work(side: Side) -> None:
            ids = list(Appointment.objects.order_by("id").values_list("id", flat=True))
            if ids:
                cancel(ids=[ids[place % len(ids)]], reason="said", actor=record.SYSTEM, now=self.now)

        self.both(work)

    @property
    def frozen(self) -> bool:
        with tenancy.scope(self.sides[0].practice.pk):
            return Feed.objects.get().state == FeedState.FROZEN
