"""The calendars that live by themselves, and how each of them writes its events down.

No public sample of Doctolib's practitioner feed exists, so the calendars differ in all that is known to differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Style(Enum):
    """Where an event says who comes and for what."""

    NAME_AND_TYPE = "name_and_type"
    """SUMMARY "Probefeld, Otto - MRT Knie links", contact lines in DESCRIPTION."""
    TYPE = "type"
    """SUMMARY is the type, the name is in DESCRIPTION."""
    NAME = "name"
    """SUMMARY is the name, the type is in DESCRIPTION."""
    PSEUDONYM = "pseudonym"
    """SUMMARY is a patient number and the type, there is no name at all."""


class Quirk(Enum):
    """Odd but legal habits of a calendar."""

    DURATION = "duration"
    """DURATION in place of DTEND."""
    UTC = "utc"
    """Times in UTC in place of DTSTART;TZID."""
    RECURRING_LUNCH = "recurring_lunch"
    """The lunch break is one event with an RRULE in place of one event a day."""
    CHURNING_UID = "churning_uid"
    """Every answer has new UIDs, as has been reported of Doctolib."""


@dataclass(frozen=True)
class Booking:
    """Something that can be booked. `variants` are written after the name, one of them each time."""

    name: str
    minutes: int
    weight: int = 1
    variants: tuple[str, ...] = ("",)


@dataclass(frozen=True, eq=False)
class CalendarProfile:
    """A living calendar. Each is there once, so that one is equal to itself only (and quickly hashed)."""

    key: str
    practice: str
    practitioner: str
    title: str
    style: Style
    bookings: tuple[Booking, ...]
    quirks: frozenset[Quirk] = frozenset()
    absence: str = "Urlaub"


SIDES = ("links", "rechts")

CT = (
    Booking("CT Abdomen mit KM", 30, 4),
    Booking("CT Thorax mit KM", 30, 4),
    Booking("CT Schädel nativ", 20, 2),
)
MRT_1 = (Booking("MRT Knie", 30, 4, SIDES), Booking("MRT LWS", 30, 4), Booking("MRT Kopf mit KM", 40, 3))
MRT_2 = (Booking("MRT Kopf mit KM", 40, 4), Booking("MRT LWS", 30, 3), Booking("MRT Knie", 30, 3, SIDES))
COLONOSCOPY = (Booking("Koloskopie", 45, 5), Booking("Koloskopie", 45, 2, ("mit Sedierung", "Vorsorge")))
GASTROSCOPY = (Booking("Gastroskopie", 30, 5), Booking("Gastroskopie", 30, 2, ("mit Sedierung",)))
NUCLEAR = (Booking("Myokard-Szintigrafie", 60, 5), Booking("Stressecho", 30, 3))
CARDIAC_CT = (Booking("Kardio-CT", 45, 4), Booking("Stressecho", 30, 3))

_CALENDARS = (
    CalendarProfile(
        key="radiologie-ct-1",
        practice="radiology",
        practitioner="CT 1",
        title="CT 1 - Radiologie am Sonnenbogen",
        style=Style.NAME_AND_TYPE,
        bookings=CT,
        absence="Wartung",
    ),
    CalendarProfile(
        key="radiologie-mrt-1",
        practice="radiology",
        practitioner="MRT 1",
        title="MRT 1 - Radiologie am Sonnenbogen",
        style=Style.TYPE,
        bookings=MRT_1,
        absence="Wartung",
    ),
    CalendarProfile(
        key="radiologie-mrt-2",
        practice="radiology",
        practitioner="MRT 2",
        title="MRT 2 - Radiologie am Sonnenbogen",
        style=Style.NAME,
        bookings=MRT_2,
        quirks=frozenset({Quirk.RECURRING_LUNCH}),
        absence="Wartung",
    ),
    CalendarProfile(
        key="gastro-koloskopie",
        practice="gastroenterology",
        practitioner="Koloskopie",
        title="Koloskopie - Gastropraxis Musterbrücke",
        style=Style.NAME_AND_TYPE,
        bookings=COLONOSCOPY,
    ),
    CalendarProfile(
        key="gastro-gastroskopie",
        practice="gastroenterology",
        practitioner="Gastroskopie",
        title="Gastroskopie - Gastropraxis Musterbrücke",
        style=Style.TYPE,
        bookings=GASTROSCOPY,
        quirks=frozenset({Quirk.DURATION}),
    ),
    CalendarProfile(
        key="kardio-szintigrafie",
        practice="cardiology",
        practitioner="Nuklearkardiologie",
        title="Nuklearkardiologie - Kardiologie im Beispielhof",
        style=Style.PSEUDONYM,
        bookings=NUCLEAR,
    ),
    CalendarProfile(
        key="kardio-ct",
        practice="cardiology",
        practitioner="Dr. med. Vera Vorlage",
        title="Dr. med. Vera Vorlage - Kardiologie im Beispielhof",
        style=Style.NAME,
        bookings=CARDIAC_CT,
        quirks=frozenset({Quirk.UTC}),
    ),
)


def calendars() -> tuple[CalendarProfile, ...]:
    """Every living calendar, the practices one after the other."""
    return _CALENDARS
