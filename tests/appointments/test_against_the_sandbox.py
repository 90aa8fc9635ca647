"""The living calendars of the sandbox, each with its own style and quirks, read as a practice's feed is."""

from collections.abc import Iterator

import pytest

from appointments import ical
from appointments.matching import Kind, Rules, TypeIndex, TypeWords, Understood, understand
from appointments.syncing import window_at
from tests.factories import NOW
from treffa.sandbox import sandbox
from treffa.sandbox.doctolib.profiles import CalendarProfile, Style, calendars


@pytest.fixture(scope="module")
def doctolib() -> Iterator[sandbox.Doctolib]:
    with sandbox.start() as running:
        yield running.doctolib


def read(doctolib: sandbox.Doctolib, profile: CalendarProfile) -> list[tuple[ical.Event, Understood]]:
    body = doctolib.feed(profile.key, now=NOW).body
    calendar = ical.read(body, zone="Europe/Berlin", window=window_at(NOW))
    assert (calendar.refused, calendar.quarantined) == (None, ())
    names = dict.fromkeys(booking.name for booking in profile.bookings)
    types = TypeIndex(TypeWords(number, name) for number, name in enumerate(names, 1))
    return [(event, understand(event, rules=Rules(), types=types)) for event in calendar.events]


@pytest.mark.parametrize("profile", calendars(), ids=lambda profile: profile.key)
def test_every_appointment_has_its_type_and_its_person(
    doctolib: sandbox.Doctolib, profile: CalendarProfile
) -> None:
    found = read(doctolib, profile)
    booked = [(event, said) for event, said in found if said.kind is Kind.APPOINTMENT]
    assert len(booked) > 20
    for event, said in booked:
        assert said.type_id is not None, event.summary
        assert said.name, event.summary
        assert ("Telefon:" in event.description) == bool(said.phone), event.description
        assert ("E-Mail:" in event.description) == bool(said.email), event.description
        assert ("Geburtsdatum:" in event.description) == (said.birth_date is not None)
        if profile.style in (Style.NAME, Style.NAME_AND_TYPE):
            shown = event.summary.split(" - ")[0] if profile.style is Style.NAME_AND_TYPE else event.summary
            assert sorted(said.name.split()) == sorted(shown.replace(",", "").split())


@pytest.mark.parametrize("profile", calendars(), ids=lambda profile: profile.key)
def test_no_absence_is_taken_for_an_appointment(doctolib: sandbox.Doctolib, profile: CalendarProfile) -> None:
    absences = [event for event, said in read(doctolib, profile) if said.kind is Kind.ABSENCE]
    assert absences
    assert not any("Geburtsdatum" in event.description for event in absences)
    own = ("mittag", "besprechung", "fortbildung", "urlaub", "wartung", "pause", "gesperrt", "notfallslot")
    assert all(any(word in event.summary.casefold() for word in own) for event in absences)
