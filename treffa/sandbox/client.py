"""A client of the control API, for `make smoke`, the demo and tests that run the sandbox as a process of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT = 15


@dataclass(frozen=True)
class CalendarInfo:
    key: str
    url: str
    title: str
    style: str
    living: bool
    practice: str
    practitioner: str
    requests: dict[str, int]
    """How often each HTTP method was asked of it."""


@dataclass(frozen=True)
class EventInfo:
    uid: str
    start: datetime
    end: datetime
    summary: str
    description: str
    status: str
    sequence: int


@dataclass(frozen=True)
class Message:
    """A text or a mail as the patient got it."""

    id: str
    channel: str
    """sms, whatsapp or email."""
    to: str
    sender: str
    at: datetime
    subject: str
    text: str
    status: str
    links: tuple[str, ...]


class SandboxError(Exception):
    """The sandbox refused what was asked; the text says why."""


class SandboxClient:
    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    # Calendars

    def calendars(self) -> list[CalendarInfo]:
        return [_calendar(data) for data in self._get("/control/calendars")["calendars"]]

    def create_calendar(self, key: str, *, title: str = "", style: str = "name_and_type") -> CalendarInfo:
        """A new, empty calendar. Styles: name_and_type, type, name, pseudonym."""
        return _calendar(
            self._send("PUT", f"/control/calendars/{quote(key)}", {"title": title, "style": style})
        )

    def events(self, key: str) -> list[EventInfo]:
        return [_event(data) for data in self._get(f"/control/calendars/{quote(key)}")["events"]]

    def book(
        self,
        key: str,
        *,
        first_name: str,
        last_name: str,
        type: str,
        start: datetime,
        minutes: int = 30,
        born: date | None = None,
        phone: str = "",
        email: str = "",
        note: str = "",
        uid: str = "",
    ) -> EventInfo:
        """An appointment, written as the calendar's style has it. Works for living calendars too."""
        data = {
            "first_name": first_name,
            "last_name": last_name,
            "type": type,
            "start": start.isoformat(),
            "minutes": minutes,
            "born": "" if born is None else born.isoformat(),
            "phone": phone,
            "email": email,
            "note": note,
            "uid": uid,
        }
        return _event(self._send("POST", f"/control/calendars/{quote(key)}/bookings", data))

    def put_event(
        self,
        key: str,
        uid: str,
        *,
        start: datetime,
        end: datetime,
        summary: str,
        description: str = "",
        all_day: bool = False,
        rule: str = "",
    ) -> EventInfo:
        """An event word by word; one with this uid is replaced."""
        data = {
            "start": start.isoformat(),
            "end": end.isoformat(),
            "summary": summary,
            "description": description,
            "all_day": all_day,
            "rule": rule,
        }
        return _event(self._send("PUT", _event_path(key, uid), data))

    def move(self, key: str, uid: str, *, start: datetime) -> EventInfo:
        """The duration stays."""
        return _event(self._send("PATCH", _event_path(key, uid), {"start": start.isoformat()}))

    def cancel(self, key: str, uid: str) -> EventInfo:
        """The event stays with STATUS:CANCELLED."""
        return _event(self._send("PATCH", _event_path(key, uid), {"status": "CANCELLED"}))

    def remove(self, key: str, uid: str) -> None:
        """The event vanishes without a word."""
        self._send("DELETE", _event_path(key, uid))

    def set_body(self, key: str, body: bytes) -> None:
        """Serve exactly these bytes."""
        self._call("PUT", f"/control/calendars/{quote(key)}/body", body=body)

    def clear_body(self, key: str) -> None:
        self._send("DELETE", f"/control/calendars/{quote(key)}/body")

    def set_calendar_fault(self, key: str, kind: str, *, count: int | None = None, **details: object) -> None:
        self._send("PUT", f"/control/calendars/{quote(key)}/fault", {"kind": kind, "count": count, **details})

    def clear_calendar_fault(self, key: str) -> None:
        self._send("DELETE", f"/control/calendars/{quote(key)}/fault")

    def methods(self) -> dict[str, int]:
        """How often each HTTP method was asked of any calendar; of a good client GET is the only one."""
        return dict(self._get("/control/methods")["methods"])

    # Messages

    def messages(self, to: str = "") -> list[Message]:
        """What one address got, or everybody: texts and mails, oldest first."""
        return [_message(data) for data in self._get("/control/messages", to=to)["messages"]]

    def wait_for_message(
        self, to: str, *, containing: str = "", after: int = 0, seconds: float = 30
    ) -> Message:
        """The first message to `to` beyond the first `after` that contains a text. TimeoutError if none comes."""
        until = time.monotonic() + seconds
        while True:
            for message in self.messages(to)[after:]:
                if containing in message.subject + message.text:
                    return message
            if time.monotonic() > until:
                raise TimeoutError(f"No message {containing!r} for this address within {seconds} s.")
            time.sleep(0.2)

    def inbound(self, *, sender: str, to: str, body: str, webhook: str) -> int:
        """The patient writes to a sender; returns the HTTP status of the product's webhook."""
        data = {"from": sender, "to": to, "body": body, "webhook": webhook}
        return int(self._send("POST", "/control/twilio/inbound", data)["status"])

    def texts(self, to: str = "") -> list[dict[str, Any]]:
        """The message resources as Twilio shows them, oldest first."""
        return list(self._get("/control/twilio/messages", to=to)["messages"])

    def callbacks(self) -> list[dict[str, Any]]:
        """Every try to post a callback: url, fields, http_status, error."""
        return list(self._get("/control/twilio/callbacks")["callbacks"])

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        return list(self._get("/control/mails", to=to)["mails"])

    def set_content(self, sid: str, body: str) -> None:
        """The text of a WhatsApp template: "Guten Tag {{1}}"."""
        self._send("PUT", f"/control/twilio/contents/{quote(sid)}", {"body": body})

    # Faults

    def set_fault(
        self, part: str, kind: str, *, on: str = "", count: int | None = None, **details: object
    ) -> None:
        """Switch a fault of `twilio`, `mail` or `clamd` on, for the next `count` uses or until it is cleared."""
        data: dict[str, object] = {"kind": kind, "count": count, **details}
        if on:
            data["on"] = on
        self._send("POST", f"/control/{part}/faults", data)

    def clear_faults(self, part: str) -> None:
        self._send("DELETE", f"/control/{part}/faults")

    def reset(self) -> None:
        self._send("POST", "/control/reset")

    # HTTP

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        return self._call("GET", path, query={name: value for name, value in query.items() if value})

    def _send(self, method: str, path: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._call(method, path, data=data or {})

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        data: dict[str, Any] | None = None,
        body: bytes | None = None,
    ) -> dict[str, Any]:
        answer = self._session.request(
            method, self._url + path, params=query, json=data, data=body, timeout=TIMEOUT
        )
        if not answer.ok:
            raise SandboxError(f"{method} {path}: {answer.status_code} {answer.text}")
        result: dict[str, Any] = answer.json()
        return result


def _event_path(key: str, uid: str) -> str:
    return f"/control/calendars/{quote(key)}/events/{quote(uid, safe='')}"


def _calendar(data: dict[str, Any]) -> CalendarInfo:
    return CalendarInfo(**{name: data[name] for name in CalendarInfo.__dataclass_fields__})


def _event(data: dict[str, Any]) -> EventInfo:
    fields = {name: data[name] for name in EventInfo.__dataclass_fields__}
    return EventInfo(
        **{
            **fields,
            "start": datetime.fromisoformat(data["start"]),
            "end": datetime.fromisoformat(data["end"]),
        }
    )


def _message(data: dict[str, Any]) -> Message:
    fields = {name: data[name] for name in Message.__dataclass_fields__}
    return Message(**{**fields, "at": datetime.fromisoformat(data["at"]), "links": tuple(data["links"])})
