"""The pages on which a person sees what patients got, and taps the links as they would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from django.template import Context, Engine

from practices import clock
from treffa.sandbox.doctolib.events import BERLIN, day_from, moment_from
from treffa.sandbox.doctolib.profiles import calendars
from treffa.sandbox.doctolib.service import Contact, Doctolib
from treffa.sandbox.inbox import Inbox, Line, Received, normal
from treffa.sandbox.links import Piece, pieces
from treffa.sandbox.people import Person, international
from treffa.sandbox.web import NotFoundError, Request, Response, Router, redirect

HERE = Path(__file__).parent
STATIC = {
    "sandbox.css": "text/css; charset=utf-8",
    "poll.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PRACTICES = {
    "radiology": "Radiologie am Sonnenbogen",
    "gastroenterology": "Gastropraxis Musterbrücke",
    "cardiology": "Kardiologie im Beispielhof",
}
CHANNELS = {"sms": "SMS", "whatsapp": "WhatsApp", "email": "E-mail"}
STATUSES = {
    "queued": "Sending",
    "sent": "Sent",
    "delivered": "Delivered",
    "undelivered": "Not delivered",
    "failed": "Not sent",
    "received": "",
}


@dataclass(frozen=True)
class Bubble:
    """A message as the phone shows it."""

    message: Received
    time: str
    channel: str
    status: str
    failed: bool
    pieces: list[Piece]


@dataclass(frozen=True)
class Day:
    name: str
    bubbles: list[Bubble]


@dataclass(frozen=True)
class Row:
    """A phone or mailbox in the list."""

    name: str
    address: str
    href: str
    last: Bubble
    when: str
    number: str


class Pages:
    def __init__(self, *, inbox: Inbox, doctolib: Doctolib, sandbox_url: str, public_url: str) -> None:
        self._inbox, self._doctolib = inbox, doctolib
        self._sandbox_url, self._public_url = sandbox_url, public_url
        self._engine = Engine(dirs=[str(HERE / "templates")])

    def add_routes(self, router: Router) -> None:
        router.add("GET", "/", self.overview)
        router.add("GET", "/phones/{address}", self.phone)
        router.add("GET", "/book", self.booking_form)
        router.add("POST", "/book", self.book)
        router.add("GET", "/static/{name}", self.static)

    def overview(self, request: Request) -> Response:
        now = clock.now()
        groups = [
            {"name": PRACTICES[practice], "calendars": [self._calendar(profile.key) for profile in profiles]}
            for practice, profiles in groupby(calendars(), key=lambda profile: profile.practice)
        ]
        rows = [_row(line, now) for line in self._inbox.lines()]
        return self._page("overview.html", {"rows": rows, "groups": groups, "by_hand": self._by_hand()})

    def phone(self, request: Request, address: str) -> Response:
        """One person's phone and mailbox, whichever of the two addresses was asked for."""
        address = normal(address)
        contact = self._inbox.contact(address)
        phone, email = _addresses(address, contact)
        texts = self._inbox.received(address=phone) if phone else []
        mails = self._inbox.received(address=email) if email else []
        if not texts and not mails and contact is None:
            raise NotFoundError("Nobody has this address, and nothing was sent to it.")
        now = clock.now()
        values = {
            "name": contact.name if contact else address,
            "born": contact.born if contact else "",
            "phone": phone,
            "email": email,
            "days": _days(texts, now),
            "mails": [_bubble(message, now, with_day=True) for message in reversed(mails)],
            "clock": f"{now.astimezone(BERLIN):%H:%M}",
        }
        return self._page("phone.html", values)

    def booking_form(self, request: Request) -> Response:
        """A patient books, for the person who tries Treffa: in three days at ten, to begin with."""
        start = (clock.now().astimezone(BERLIN) + timedelta(days=3)).replace(hour=10, minute=0)
        return self._page("book.html", {"offers": _offers(), "start": f"{start:%Y-%m-%dT%H:%M}"})

    def book(self, request: Request) -> Response:
        form = {name: value.strip() for name, value in request.form().items()}
        key, _, booking = form["offer"].partition("/")
        first_name, _, last_name = form["name"].rpartition(" ")
        person = Person(
            number=70_000 + len(self._doctolib.contacts()),
            first_name=first_name,
            last_name=last_name,
            born=day_from(form.get("born", "")),
            phone=form.get("phone", ""),
            email=form.get("email", ""),
        )
        self._doctolib.book(key, person=person, booking=booking, start=moment_from(form["start"]))
        address = international(person.phone) or person.email
        return redirect(f"/phones/{quote(address, safe='+@')}" if address else "/")

    def static(self, request: Request, name: str) -> Response:
        if name not in STATIC:
            raise NotFoundError("There is no such file.")
        headers = {"Cache-Control": "max-age=60", "X-Content-Type-Options": "nosniff"}
        return Response((HERE / "static" / name).read_bytes(), content_type=STATIC[name], headers=headers)

    def _page(self, template: str, values: Mapping[str, object]) -> Response:
        now = clock.now().astimezone(BERLIN)
        shared = {"public_url": self._public_url, "now": f"{now:%A, %d %B %Y, %H:%M}"}
        # Only texts go into the templates: numbers and dates would ask for Django's settings.
        context = Context({**shared, **values}, use_l10n=False, use_tz=False)
        body = self._engine.get_template(template).render(context).encode()
        headers = {
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(body, content_type="text/html; charset=utf-8", headers=headers)

    def _calendar(self, key: str) -> dict[str, object]:
        calendar, counts = self._doctolib.calendar(key), self._doctolib.counts(key)
        asked = sum(counts.values())
        return {
            "name": calendar.profile.practitioner if calendar.profile else calendar.title,
            "url": f"{self._sandbox_url}/doctolib/{key}.ics",
            "asked": "not fetched yet"
            if not asked
            else "fetched once"
            if asked == 1
            else f"fetched {asked} times",
            "fault": ", ".join(fault.kind for fault in self._doctolib.faults.all() if fault.on == key),
        }

    def _by_hand(self) -> list[dict[str, object]]:
        return [
            self._calendar(key)
            for key in self._doctolib.calendar_keys()
            if self._doctolib.calendar(key).profile is None
        ]


def _offers() -> list[dict[str, str]]:
    """Everything that can be booked, by the value and the text of an option."""
    return [
        {"value": f"{profile.key}/{name}", "text": f"{name} ({profile.title})"}
        for profile in calendars()
        for name in dict.fromkeys(booking.name for booking in profile.bookings)
    ]


def _addresses(address: str, contact: Contact | None) -> tuple[str, str]:
    if contact is not None:
        return contact.phone, contact.email.lower()
    return ("", address) if "@" in address else (address, "")


def _row(line: Line, now: datetime) -> Row:
    newest = line.received[0]
    number = len(line.received)
    return Row(
        name=line.contact.name if line.contact else "",
        address=", ".join(line.addresses),
        href=f"/phones/{quote(line.addresses[0], safe='+@')}",
        last=_bubble(newest, now),
        when=_when(newest.at, now),
        number=f"{number} message{'s' if number > 1 else ''}",
    )


def _days(texts: list[Received], now: datetime) -> list[Day]:
    by_day = groupby(texts, key=lambda message: _day_name(message.at, now))
    return [Day(name, [_bubble(message, now) for message in messages]) for name, messages in by_day]


def _bubble(message: Received, now: datetime, *, with_day: bool = False) -> Bubble:
    return Bubble(
        message=message,
        time=_when(message.at, now) if with_day else f"{message.at.astimezone(BERLIN):%H:%M}",
        channel=CHANNELS[message.channel],
        status=STATUSES.get(message.status, message.status),
        failed=message.status in ("undelivered", "failed"),
        pieces=pieces(message.text),
    )


def _when(moment: datetime, now: datetime) -> str:
    local = moment.astimezone(BERLIN)
    return f"{local:%H:%M}" if local.date() == now.astimezone(BERLIN).date() else f"{local:%a %d %b, %H:%M}"


def _day_name(moment: datetime, now: datetime) -> str:
    local, today = moment.astimezone(BERLIN), now.astimezone(BERLIN).date()
    if local.date() == today:
        return "Today"
    return "Yesterday" if (today - local.date()).days == 1 else f"{local:%A, %d %B}"
