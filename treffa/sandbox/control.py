"""The control API: JSON under /control, for tests, `make smoke` and the demo. `client.py` speaks it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from practices import clock
from treffa.sandbox.clamd import Clamd
from treffa.sandbox.doctolib.events import day_from, event_as_json, moment_from
from treffa.sandbox.doctolib.profiles import Quirk, Style
from treffa.sandbox.doctolib.service import Doctolib
from treffa.sandbox.faults import Switchboard
from treffa.sandbox.inbox import Inbox, Received, normal
from treffa.sandbox.mail import MailServer
from treffa.sandbox.people import Person
from treffa.sandbox.twilio.messages import as_twilio
from treffa.sandbox.twilio.service import Twilio
from treffa.sandbox.web import Request, Response, Router, json_response

OK: dict[str, Any] = {"ok": True}


class Control:
    def __init__(
        self,
        *,
        sandbox_url: str,
        doctolib: Doctolib,
        twilio: Twilio,
        mail: MailServer,
        clamd: Clamd,
        inbox: Inbox,
    ) -> None:
        self._url = sandbox_url
        self._doctolib, self._twilio, self._mail, self._clamd = doctolib, twilio, mail, clamd
        self._inbox = inbox

    def add_routes(self, router: Router) -> None:
        calendar = "/control/calendars/{key}"
        for method, path, handler in (
            ("POST", "/control/reset", self.reset),
            ("GET", "/control/messages", self.messages),
            ("GET", "/control/methods", self.methods),
            ("GET", "/control/calendars", self.calendars),
            ("GET", calendar, self.calendar),
            ("PUT", calendar, self.create_calendar),
            ("DELETE", calendar, self.remove_calendar),
            ("GET", f"{calendar}/feed", self.feed),
            ("PUT", f"{calendar}/body", self.set_body),
            ("DELETE", f"{calendar}/body", self.clear_body),
            ("PUT", f"{calendar}/fault", self.set_calendar_fault),
            ("DELETE", f"{calendar}/fault", self.clear_calendar_fault),
            ("POST", f"{calendar}/bookings", self.book),
            ("PUT", f"{calendar}/events/{{uid}}", self.put_event),
            ("PATCH", f"{calendar}/events/{{uid}}", self.change_event),
            ("DELETE", f"{calendar}/events/{{uid}}", self.remove_event),
            ("GET", "/control/twilio/messages", self.texts),
            ("GET", "/control/twilio/callbacks", self.callbacks),
            ("POST", "/control/twilio/inbound", self.inbound),
            ("PUT", "/control/twilio/contents/{sid}", self.set_content),
            ("GET", "/control/mails", self.mails),
        ):
            router.add(method, path, handler)
        for part, faults in (("twilio", self._twilio.faults), ("mail", self._mail.faults)):
            self._add_fault_routes(router, f"/control/{part}/faults", faults)
        router.add("GET", "/control/clamd/faults", self.clamd_faults)
        router.add("POST", "/control/clamd/faults", self.set_clamd_fault)
        router.add("DELETE", "/control/clamd/faults", self.clear_clamd_faults)

    def reset(self, request: Request) -> Response:
        self._doctolib.reset()
        self._twilio.reset()
        self._mail.reset()
        self._clamd.reset()
        return json_response(OK)

    def messages(self, request: Request) -> Response:
        """Everything one address (`to`) got, or everybody: texts and mails, oldest first."""
        received = self._inbox.received(address=request.parameter("to"))
        return json_response({"messages": [_received(message) for message in received if message.incoming]})

    # Calendars

    def methods(self, request: Request) -> Response:
        return json_response({"methods": self._doctolib.methods()})

    def calendars(self, request: Request) -> Response:
        return json_response({"calendars": [self._described(key) for key in self._doctolib.calendar_keys()]})

    def calendar(self, request: Request, key: str) -> Response:
        events = self._doctolib.events(key, now=_now(request))
        return json_response({**self._described(key), "events": [event_as_json(event) for event in events]})

    def create_calendar(self, request: Request, key: str) -> Response:
        data = request.json()
        self._doctolib.create_calendar(
            key,
            title=str(data.get("title", "")),
            style=Style(data.get("style", Style.NAME_AND_TYPE.value)),
            quirks=frozenset(Quirk(quirk) for quirk in data.get("quirks", [])),
        )
        return json_response(self._described(key), status=201)

    def remove_calendar(self, request: Request, key: str) -> Response:
        self._doctolib.remove_calendar(key)
        return json_response(OK)

    def feed(self, request: Request, key: str) -> Response:
        """The feed as of `at` (ISO 8601), without counting as asked for."""
        feed = self._doctolib.feed(key, now=_now(request))
        return Response(feed.body, content_type="text/calendar; charset=utf-8")

    def set_body(self, request: Request, key: str) -> Response:
        self._doctolib.set_body(key, request.body)
        return json_response(OK)

    def clear_body(self, request: Request, key: str) -> Response:
        self._doctolib.set_body(key, None)
        return json_response(OK)

    def set_calendar_fault(self, request: Request, key: str) -> Response:
        self._doctolib.calendar(key)
        self._doctolib.faults.clear(on=key)
        return _set_fault(self._doctolib.faults, {**request.json(), "on": key})

    def clear_calendar_fault(self, request: Request, key: str) -> Response:
        self._doctolib.faults.clear(on=key)
        return json_response(OK)

    def book(self, request: Request, key: str) -> Response:
        """An appointment of a person, written in the calendar's own style."""
        data = request.json()
        event = self._doctolib.book(
            key,
            uid=str(data.get("uid", "")),
            person=_person(data),
            booking=str(data["type"]),
            start=moment_from(data["start"]),
            minutes=int(data.get("minutes", 30)),
            note=str(data.get("note", "")),
        )
        return json_response(event_as_json(event), status=201)

    def put_event(self, request: Request, key: str, uid: str) -> Response:
        data = _with_moments(request.json())
        minutes = timedelta(minutes=int(data.pop("minutes", 30)))
        data.setdefault("end", data["start"] + minutes)
        return json_response(event_as_json(self._doctolib.put_event(key, uid=uid, **data)))

    def change_event(self, request: Request, key: str, uid: str) -> Response:
        changes = _with_moments(request.json())
        return json_response(event_as_json(self._doctolib.change_event(key, uid, **changes)))

    def remove_event(self, request: Request, key: str, uid: str) -> Response:
        self._doctolib.remove_event(key, uid)
        return json_response(OK)

    def _described(self, key: str) -> dict[str, Any]:
        calendar = self._doctolib.calendar(key)
        profile = calendar.profile
        return {
            "key": key,
            "url": f"{self._url}/doctolib/{key}.ics",
            "title": calendar.title,
            "style": calendar.style.value,
            "living": profile is not None,
            "practice": "" if profile is None else profile.practice,
            "practitioner": "" if profile is None else profile.practitioner,
            "requests": self._doctolib.counts(key),
            "faults": [fault.as_json() for fault in self._doctolib.faults.all() if fault.on == key],
        }

    # Texts and mails

    def texts(self, request: Request) -> Response:
        to = request.parameter("to")
        found = [message for message in self._twilio.messages() if not to or normal(message.to) == normal(to)]
        return json_response({"messages": [as_twilio(message) for message in found]})

    def callbacks(self, request: Request) -> Response:
        return json_response({"callbacks": [vars(attempt) for attempt in self._twilio.callbacks()]})

    def inbound(self, request: Request) -> Response:
        data = request.json()
        status = self._twilio.receive(
            sender=str(data["from"]), to=str(data["to"]), body=str(data["body"]), webhook=str(data["webhook"])
        )
        return json_response({"status": status})

    def set_content(self, request: Request, sid: str) -> Response:
        self._twilio.contents[sid] = str(request.json()["body"])
        return json_response(OK)

    def mails(self, request: Request) -> Response:
        to = request.parameter("to").lower()
        found = [mail for mail in self._mail.mails() if not to or mail.to.lower() == to]
        mails = [{**vars(mail), "at": mail.at.isoformat(), "links": mail.links} for mail in found]
        return json_response({"mails": mails})

    # Faults

    def _add_fault_routes(self, router: Router, path: str, faults: Switchboard) -> None:
        router.add("GET", path, lambda request: _faults(faults))
        router.add("POST", path, lambda request: _set_fault(faults, request.json()))
        router.add("DELETE", path, lambda request: _clear_faults(faults, request))

    def clamd_faults(self, request: Request) -> Response:
        down = [{"kind": "down", "on": "", "count": None}] if self._clamd.down else []
        return json_response({"faults": [*down, *(fault.as_json() for fault in self._clamd.faults.all())]})

    def set_clamd_fault(self, request: Request) -> Response:
        data = request.json()
        self._clamd.set_fault(str(data.pop("kind")), **data)
        return json_response(OK, status=201)

    def clear_clamd_faults(self, request: Request) -> Response:
        self._clamd.reset()
        return json_response(OK)


def _faults(faults: Switchboard) -> Response:
    return json_response({"faults": [fault.as_json() for fault in faults.all()]})


def _set_fault(faults: Switchboard, data: dict[str, Any]) -> Response:
    fault = faults.set(str(data.pop("kind")), **data)
    return json_response(fault.as_json(), status=201)


def _clear_faults(faults: Switchboard, request: Request) -> Response:
    faults.clear(on=request.parameter("on") or None)
    return json_response(OK)


def _now(request: Request) -> Any:
    return moment_from(request.parameter("at")) if "at" in request.query else clock.now()


def _with_moments(data: dict[str, Any]) -> dict[str, Any]:
    return {name: moment_from(value) if name in ("start", "end") else value for name, value in data.items()}


def _person(data: dict[str, Any]) -> Person:
    return Person(
        number=int(data.get("number", 0)),
        first_name=str(data["first_name"]),
        last_name=str(data["last_name"]),
        born=day_from(str(data.get("born") or "")),
        phone=str(data.get("phone", "")),
        email=str(data.get("email", "")),
    )


def _received(message: Received) -> dict[str, Any]:
    return {**vars(message), "at": message.at.isoformat(), "links": list(message.links)}
