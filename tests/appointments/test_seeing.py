"""An event that says nothing new but its time means who and what it meant."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from appointments import seeing
from appointments.matching import Understood, understand
from appointments.models import AppointmentType
from practices import tenancy
from tests.appointments.feeds import Calendar
from tests.appointments.test_operations import START, Run
from tests.appointments.test_operations import run as run

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The summaries of the events that had to be understood."""
    summaries: list[str] = []

    def noted(event: Any, **options: Any) -> Understood:
        summaries.append(event.summary)
        return understand(event, **options)

    monkeypatch.setattr(seeing, "understand", noted)
    yield summaries


def test_an_appointment_that_moved_in_the_same_words_keeps_its_patient_and_its_type(
    run: Run, calendar: Calendar, understood: list[str]
) -> None:
    entry = calendar.add("1", START)
    calendar.add("2", START + HOUR, name="Muster, Mia", born="02.02.1980")
    run.poll()
    before = run.appointments()[0]
    understood.clear()
    entry.start = START + 3 * HOUR
    assert run.poll().counts.moved == 1
    after = run.appointments()[-1]
    assert (after.pk, after.patient_id, after.type_id) == (before.pk, before.patient_id, before.type_id)
    assert (after.start, after.moved_from, after.needs_planning) == (START + 3 * HOUR, START, True)
    assert understood == []


def test_one_that_says_anything_else_is_understood_anew(
    run: Run, calendar: Calendar, understood: list[str]
) -> None:
    entry = calendar.add("1", START)
    calendar.add("2", START + HOUR, name="Muster, Mia", born="02.02.1980")
    run.poll()
    understood.clear()
    entry.start, entry.phone = START + 3 * HOUR, "0151 23456789"
    run.poll()
    patient = run.appointments()[-1].patient
    assert patient is not None and patient.phone == "+4915123456789"
    assert len(understood) == 1


def test_what_moved_while_the_practice_learnt_a_type_gets_it(
    run: Run, calendar: Calendar, understood: list[str]
) -> None:
    entry = calendar.add("1", START, type="Röhre")
    run.poll()
    assert run.appointments()[0].type is None
    with tenancy.scope(run.practice.pk):
        made = AppointmentType.objects.create(practice_id=run.practice.pk, name="Röhre", keywords=["Röhre"])
    entry.start = START + HOUR
    run.poll()
    (found,) = run.appointments()
    assert (found.type_id, found.start) == (made.pk, START + HOUR)


def test_two_that_change_their_uids_while_one_moves_stay_who_they_are(run: Run, calendar: Calendar) -> None:
    """The words of each are another's under the UID that it has now."""
    first = calendar.add("1", START)
    second = calendar.add("2", START + HOUR, name="Muster, Mia", born="02.02.1980")
    run.poll()
    names = {one.pk: one.patient.name for one in run.appointments() if one.patient}
    first.uid, second.uid, first.start = "2", "1", START + 5 * HOUR
    run.poll()
    again = {one.pk: one.patient.name for one in run.appointments() if one.patient}
    assert again == names


@pytest.mark.parametrize(
    "extra", ["LOCATION:Raum 2", "CATEGORIES:CT", "ATTENDEE;CN=Vera Vorlage:mailto:vera@praxis.example"]
)
def test_one_that_says_something_beside_its_texts_is_understood_anew(
    run: Run, calendar: Calendar, understood: list[str], extra: str
) -> None:
    entry = calendar.add("1", START)
    run.poll()
    understood.clear()
    entry.start, entry.extra = START + HOUR, extra
    assert run.poll().counts.moved == 1
    assert len(understood) == 1


def test_one_that_is_called_off_at_another_time_is_cancelled(run: Run, calendar: Calendar) -> None:
    entry = calendar.add("1", START)
    run.poll()
    entry.start, entry.status = START + HOUR, "CANCELLED"
    assert run.poll().counts.cancelled == 1


def test_in_the_same_words_the_version_is_the_new_one(run: Run, calendar: Calendar) -> None:
    entry = calendar.add("1", START, extra="SEQUENCE:1")
    run.poll()
    entry.start, entry.extra = START + HOUR, "SEQUENCE:4"
    run.poll()
    (found,) = run.appointments()
    assert (found.start, found.sequence) == (START + HOUR, 4)
