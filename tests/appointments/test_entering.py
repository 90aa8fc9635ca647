"""A calendar does not take back what a person said, and what it says otherwise is kept for somebody to look at."""

from datetime import timedelta

import pytest

from appointments.entering import news
from appointments.models import Feed, Patient
from appointments.operations import set_contact
from practices import record, tenancy
from practices.models import Practice
from tests.appointments.feeds import Calendar
from tests.appointments.test_operations import Run
from tests.factories import NOW

pytestmark = pytest.mark.django_db
FIRST, ENTERED, OTHER = "+4915254599371", "+4915254599380", "+4915254599390"


@pytest.fixture
def run(practice: Practice, feed: Feed, calendar: Calendar) -> Run:
    """One appointment, read."""
    calendar.add("a", NOW + timedelta(days=3), phone="01525 4599371")
    run = Run(practice, feed)
    run.poll()
    return run


def enter(run: Run, *, phone: str, email: str = "") -> None:
    with tenancy.scope(run.practice.pk):
        set_contact(patient_id=patient(run).pk, phone=phone, email=email, by=record.SYSTEM, now=run.now)


def patient(run: Run) -> Patient:
    with tenancy.scope(run.practice.pk):
        return Patient.objects.get()


def test_a_corrected_number_survives_a_move_of_the_appointment(run: Run, calendar: Calendar) -> None:
    enter(run, phone=ENTERED)
    calendar.entries[0].start += timedelta(hours=1)
    run.poll()
    assert patient(run).phone == ENTERED
    assert news(patient(run)) == {}, "the old number is no news"


def test_a_number_that_was_taken_away_does_not_come_back(run: Run, calendar: Calendar) -> None:
    enter(run, phone="", email="otto@post.example")
    calendar.entries[0].start += timedelta(hours=1)
    calendar.add("b", NOW + timedelta(days=9), phone="01525 4599371")
    run.poll()
    assert (patient(run).phone, news(patient(run))) == ("", {})


def test_another_number_than_the_one_entered_is_news_until_somebody_looked(
    run: Run, calendar: Calendar
) -> None:
    enter(run, phone=ENTERED)
    calendar.entries[0].phone = "01525 4599390"
    run.poll()
    assert (patient(run).phone, news(patient(run))) == (ENTERED, {"phone": OTHER})
    enter(run, phone=ENTERED)
    calendar.entries[0].start += timedelta(hours=1)
    run.poll()
    assert news(patient(run)) == {}, "the same is not news again"


def test_another_number_in_a_new_booking_is_news_and_not_lost(run: Run, calendar: Calendar) -> None:
    calendar.add("b", NOW + timedelta(days=9), phone="01525 4599390")
    run.poll()
    assert (patient(run).phone, news(patient(run))) == (FIRST, {"phone": OTHER})


def test_nobody_having_said_anything_the_calendar_has_the_last_word(run: Run, calendar: Calendar) -> None:
    calendar.add("b", NOW + timedelta(days=9), phone="01525 4599390")
    run.poll()
    calendar.entries[0].phone = "01525 4599390"
    run.poll()
    assert (patient(run).phone, news(patient(run))) == (OTHER, {})


def test_what_nobody_entered_is_filled_in(run: Run, calendar: Calendar) -> None:
    enter(run, phone=FIRST)
    calendar.entries[0].email = "otto@post.example"
    run.poll()
    assert (patient(run).email, news(patient(run))) == ("otto@post.example", {})
