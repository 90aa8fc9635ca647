"""An event of a calendar, and the words in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from treffa.sandbox.doctolib.profiles import Style
from treffa.sandbox.people import Person

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Event:
    """One VEVENT. `start` and `end` are aware; an all-day event counts by their dates, the end's not included."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    created: datetime
    modified: datetime
    description: str = ""
    status: str = "CONFIRMED"
    sequence: int = 0
    all_day: bool = False
    rule: str = ""
    time_zone: str = "Europe/Berlin"
    """An IANA name, "UTC", or empty for a floating time."""


@dataclass(frozen=True)
class Words:
    summary: str
    description: str


def describe(*, style: Style, person: Person, booking: str, note: str = "") -> Words:
    """What a calendar of this style writes about an appointment. Lines with nothing to say are left out."""
    patient_number = f"P-{person.number:05d}"
    lines = {
        "Patient": person.name if style in (Style.TYPE, Style.NAME_AND_TYPE) else "",
        "Patientennummer": patient_number if style is Style.PSEUDONYM else "",
        "Termin": booking if style is Style.NAME else "",
        "Geburtsdatum": _german(person.born),
        "Telefon": person.phone,
        "E-Mail": person.email,
        "Notiz": note,
    }
    summaries = {
        Style.NAME_AND_TYPE: f"{person.last_name}, {person.first_name} - {booking}",
        Style.TYPE: booking,
        Style.NAME: person.name,
        Style.PSEUDONYM: f"{patient_number} {booking}",
    }
    description = "\n".join(f"{label}: {value}" for label, value in lines.items() if value)
    return Words(summary=summaries[style], description=description)


def event_from(document: dict[str, Any]) -> Event:
    """The reverse of `event_as_json`."""
    moments = {name: moment_from(document[name]) for name in ("start", "end", "created", "modified")}
    return Event(**{**document, **moments})


def event_as_json(event: Event) -> dict[str, Any]:
    values = dict(vars(event))
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def moment_from(text: str) -> datetime:
    """ISO 8601; a date is its midnight, and what names no zone is Berlin's time."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)


def day_from(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _german(day: date | None) -> str:
    return "" if day is None else f"{day:%d.%m.%Y}"
