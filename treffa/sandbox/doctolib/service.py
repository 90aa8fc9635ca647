"""Calendars over HTTP: the living ones, and such as a test creates and fills by hand."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from practices import clock
from treffa.sandbox.doctolib import ics, living
from treffa.sandbox.doctolib.answers import FAULTS, Feed, answer_with_fault
from treffa.sandbox.doctolib.events import Event, describe, event_as_json, event_from
from treffa.sandbox.doctolib.profiles import CalendarProfile, Quirk, Style, calendars
from treffa.sandbox.faults import Switchboard
from treffa.sandbox.people import Person, everybody, international
from treffa.sandbox.store import Store
from treffa.sandbox.web import NotFoundError, Request, Response

DOCUMENTS, TOUCHED = "calendar", datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Contact:
    """Somebody who has an appointment, and the addresses that the sandbox receives for them."""

    name: str
    phone: str
    """International, or empty."""
    email: str
    born: str = ""
    """As the practice's card says it ("24.10.1973"), or empty. Patients of Treffa are asked for it."""

    @classmethod
    def of(cls, person: Person) -> Contact:
        born = f"{person.born:%d.%m.%Y}" if person.born else ""
        return cls(name=person.name, phone=international(person.phone), email=person.email, born=born)


@dataclass
class Calendar:
    """A calendar as it is kept: of a living one only what was added by hand."""

    key: str
    title: str
    style: Style = Style.NAME_AND_TYPE
    profile: CalendarProfile | None = None
    quirks: frozenset[Quirk] = frozenset()
    events: dict[str, Event] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    touched_at: datetime = TOUCHED
    body: bytes | None = None
    """Served as it is in place of everything else."""


class Doctolib:
    def __init__(self, *, store: Store, seed: str, density: float) -> None:
        self.faults = Switchboard(kinds=FAULTS)
        self._store, self._seed, self._density = store, seed, density
        self._lock = threading.RLock()
        self._counts: dict[str, Counter[str]] = {}
        self._calendars: dict[str, Calendar] = {}
        self._load()

    # Calendars

    def calendar_keys(self) -> list[str]:
        with self._lock:
            return list(self._calendars)

    def calendar(self, key: str) -> Calendar:
        """NotFoundError if there is no such calendar."""
        try:
            return self._calendars[key]
        except KeyError:
            raise NotFoundError(f"There is no calendar {key!r}.") from None

    def create_calendar(
        self,
        key: str,
        *,
        title: str = "",
        style: Style = Style.NAME_AND_TYPE,
        quirks: frozenset[Quirk] = frozenset(),
    ) -> Calendar:
        """A new, empty calendar; one that exists under this key is emptied. A living one cannot be replaced."""
        if key in {profile.key for profile in calendars()}:
            raise ValueError(f"{key} is a living calendar.")
        calendar = Calendar(key=key, title=title or key, style=style, quirks=quirks, touched_at=clock.now())
        with self._lock:
            self._calendars[key] = calendar
            self._counts.pop(key, None)
            self._keep(calendar)
        return calendar

    def remove_calendar(self, key: str) -> None:
        with self._lock:
            self.calendar(key)
            del self._calendars[key]
            self._store.remove(kind=DOCUMENTS, id=key)

    def set_body(self, key: str, body: bytes | None) -> None:
        """Serve exactly these bytes, whatever they are; None goes back to the events."""
        with self._lock:
            calendar = self.calendar(key)
            calendar.body = body
            self._touch(calendar)

    # Events

    def book(
        self,
        key: str,
        *,
        person: Person,
        booking: str,
        start: datetime,
        minutes: int = 30,
        note: str = "",
        uid: str = "",
    ) -> Event:
        """An appointment, written as the calendar's style has it."""
        style = self.calendar(key).style
        words = describe(style=style, person=person, booking=booking, note=note)
        contact = Contact.of(person)
        return self.put_event(
            key,
            uid=uid,
            start=start,
            end=start + timedelta(minutes=minutes),
            summary=words.summary,
            description=words.description,
            contact=contact,
        )

    def put_event(
        self, key: str, *, start: datetime, end: datetime, summary: str, uid: str = "", contact: Contact | None = None,
        **fields: Any,
    ) -> Event:  # fmt: skip
        """Add an event, or replace the one with this uid (its SEQUENCE goes up by one)."""
        now = clock.now()
        with self._lock:
            calendar = self.calendar(key)
            uid = uid or f"{uuid.uuid4()}@doctolib.example"
            old = calendar.events.get(uid)
            if calendar.profile is not None and Quirk.UTC in calendar.profile.quirks:
                fields.setdefault("time_zone", "UTC")
            event = Event(uid=uid, start=start, end=end, summary=summary, created=now, modified=now, **fields)
            if old is not None:
                event = replace(event, created=old.created, sequence=old.sequence + 1)
            calendar.events[uid] = event
            if contact is not None:
                calendar.contacts[uid] = contact
            self._touch(calendar)
        return event

    def change_event(self, key: str, uid: str, **changes: Any) -> Event:
        """Change fields of an event. A new start without a new end keeps the duration."""
        with self._lock:
            calendar, event = self._event(key, uid)
            if "start" in changes and "end" not in changes:
                changes["end"] = changes["start"] + (event.end - event.start)
            changed = replace(event, modified=clock.now(), sequence=event.sequence + 1, **changes)
            calendar.events[uid] = changed
            self._touch(calendar)
        return changed

    def cancel_event(self, key: str, uid: str) -> Event:
        """The event stays in the feed with STATUS:CANCELLED."""
        return self.change_event(key, uid, status="CANCELLED")

    def remove_event(self, key: str, uid: str) -> None:
        """The event vanishes without a word."""
        with self._lock:
            calendar, event = self._event(key, uid)
            del calendar.events[event.uid]
            calendar.contacts.pop(uid, None)
            self._touch(calendar)

    def contacts(self) -> list[Contact]:
        """Everybody who may be written to: of the calendars filled by hand first, then of the living ones."""
        with self._lock:
            found = [
                contact for calendar in self._calendars.values() for contact in calendar.contacts.values()
            ]
        for practice in dict.fromkeys(profile.practice for profile in calendars()):
            found += [Contact.of(person) for person in everybody(practice)]
        return found

    # Over HTTP

    def events(self, key: str, *, now: datetime) -> tuple[Event, ...]:
        """What stands in the calendar at `now`; events added by hand are there as they are at present."""
        return self._snapshot(self.calendar(key), now).events

    def feed(self, key: str, *, now: datetime, share: float = 1.0, churn: bool = False) -> Feed:
        """The feed as of `now`. `share` leaves that part of the events, `churn` gives each a new UID."""
        with self._lock:
            calendar = self.calendar(key)
            standing = self._snapshot(calendar, now)
            quirks = calendar.quirks if calendar.profile is None else calendar.profile.quirks
        if calendar.body is not None:
            return Feed(
                calendar.body, f'"{hashlib.sha256(calendar.body).hexdigest()[:32]}"', calendar.touched_at
            )
        events = standing.events[: round(len(standing.events) * share)]
        if churn or Quirk.CHURNING_UID in quirks:
            events = tuple(replace(event, uid=f"{uuid.uuid4()}@doctolib.example") for event in events)
        body = ics.render(title=calendar.title, events=events, now=now, durations=Quirk.DURATION in quirks)
        tag = hashlib.sha256(f"{calendar.title}{events!r}".encode()).hexdigest()[:32]
        return Feed(body, f'"{tag}"', standing.changed_at)

    def counts(self, key: str) -> dict[str, int]:
        """How often each HTTP method was asked of a calendar."""
        self.calendar(key)
        with self._lock:
            return dict(self._counts.get(key, Counter()))

    def methods(self) -> dict[str, int]:
        """The same over all calendars, those that are not there included."""
        with self._lock:
            return dict(sum(self._counts.values(), Counter()))

    def handle(self, request: Request, key: str) -> Response:
        """One request for `/doctolib/<key>.ics`."""
        with self._lock:
            self._counts.setdefault(key, Counter())[request.method] += 1
        if request.method != "GET":
            return Response(b"This calendar can only be read.", status=405, headers={"Allow": "GET"})
        if key not in self._calendars:
            return Response(b"No such calendar.", status=404)
        fault = self.faults.take(key, kinds=FAULTS)
        if fault is not None:
            return answer_with_fault(self, fault, key, request)
        return self.answer(request, self.feed(key, now=clock.now()))

    def answer(self, request: Request, feed: Feed) -> Response:
        """200 with the feed, or 304 if the client has it already."""
        headers = {
            "ETag": feed.etag,
            "Last-Modified": format_datetime(feed.modified.astimezone(UTC), usegmt=True),
        }
        headers["Cache-Control"] = "private, max-age=0, must-revalidate"
        if _is_known(request, feed):
            return Response(status=304, headers=headers)
        return Response(feed.body, content_type="text/calendar; charset=utf-8", headers=headers)

    def reset(self) -> None:
        """Back to the living calendars alone, as nobody had ever asked for them."""
        with self._lock:
            self.faults.clear()
            self._counts.clear()
            self._store.clear(DOCUMENTS)
            self._load()

    # Inside

    def _snapshot(self, calendar: Calendar, now: datetime) -> living.Snapshot:
        by_hand = tuple(calendar.events.values())
        if calendar.profile is None:
            return living.Snapshot(events=by_hand, changed_at=calendar.touched_at)
        standing = living.snapshot(profile=calendar.profile, seed=self._seed, density=self._density, now=now)
        return living.Snapshot(
            events=(*standing.events, *by_hand), changed_at=max(standing.changed_at, calendar.touched_at)
        )

    def _event(self, key: str, uid: str) -> tuple[Calendar, Event]:
        calendar = self.calendar(key)
        if uid not in calendar.events:
            raise NotFoundError(f"There is no event {uid!r} in {key!r} that was put there by hand.")
        return calendar, calendar.events[uid]

    def _touch(self, calendar: Calendar) -> None:
        calendar.touched_at = clock.now()
        self._keep(calendar)

    def _keep(self, calendar: Calendar) -> None:
        self._store.put(kind=DOCUMENTS, id=calendar.key, data=_as_document(calendar))

    def _load(self) -> None:
        self._calendars = {
            profile.key: Calendar(key=profile.key, title=profile.title, style=profile.style, profile=profile)
            for profile in calendars()
        }
        for document in self._store.all(DOCUMENTS):
            self._restore(document)

    def _restore(self, document: dict[str, Any]) -> None:
        key = document["key"]
        calendar = self._calendars.setdefault(key, Calendar(key=key, title=document["title"]))
        calendar.style = Style(document["style"])
        calendar.quirks = frozenset(Quirk(quirk) for quirk in document["quirks"])
        calendar.events = {event["uid"]: event_from(event) for event in document["events"]}
        calendar.contacts = {uid: Contact(**contact) for uid, contact in document["contacts"].items()}
        calendar.touched_at = datetime.fromisoformat(document["touched_at"])
        calendar.body = None if document["body"] is None else document["body"].encode("latin-1")


def _as_document(calendar: Calendar) -> dict[str, Any]:
    return {
        "key": calendar.key,
        "title": calendar.title,
        "style": calendar.style.value,
        "quirks": sorted(quirk.value for quirk in calendar.quirks),
        "events": [event_as_json(event) for event in calendar.events.values()],
        "contacts": {uid: vars(contact) for uid, contact in calendar.contacts.items()},
        "touched_at": calendar.touched_at.isoformat(),
        "body": None if calendar.body is None else calendar.body.decode("latin-1"),
    }


def _is_known(request: Request, feed: Feed) -> bool:
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return "*" in tags or feed.etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.headers.get("If-Modified-Since")
    if since is None:
        return False
    return feed.modified.replace(microsecond=0) <= parsedate_to_datetime(since)
