"""The staff's pages say in which calendars an appointment stands, and show what is prepared once, once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from practices import tenancy
from practices.models import Practice
from prerequisites.models import Case, Readiness
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing_clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice)


@pytest.fixture
def case(practice: Practice, now: datetime) -> Case:
    """A case whose appointment stands in the room's calendar as well."""
    with tenancy.scope(practice.pk):
        case: Case = factories.CaseFactory(
            appointment__start=now + timedelta(hours=2),
            appointment__end=now + timedelta(hours=3),
            appointment__feed__name="Dr. Weber",
        )
        also(case, "Raum 7")
    return case


def also(case: Case, name: str) -> Appointment:
    appointment = case.appointment
    twin: Appointment = factories.AppointmentFactory(
        feed__name=name,
        patient=appointment.patient,
        type=appointment.type,
        start=appointment.start,
        end=appointment.end,
        same_as=appointment,
        needs_planning=False,
    )
    return twin


def test_the_board_and_the_case_name_both_calendars(staff: Client, case: Case) -> None:
    board, page = staff.get("/").content.decode(), staff.get(f"/cases/{case.pk}/").content.decode()
    assert "Dr. Weber · Raum 7" in board
    assert "stands in several calendars: Dr. Weber, Raum 7" in page


def test_ten_of_them_cost_as_many_queries_as_one(
    staff: Client, practice: Practice, case: Case, now: datetime
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            staff.get("/")
        return len(captured)

    one = queries()
    with tenancy.scope(practice.pk):
        for number in range(9):
            another = factories.CaseFactory(
                appointment__start=now + timedelta(hours=2),
                appointment__end=now + timedelta(hours=3),
                appointment__type=case.appointment.type,
                appointment__patient=case.appointment.patient,
                plan=case.plan,
            )
            also(another, f"Raum {number}")
    assert queries() == one


def test_what_is_prepared_elsewhere_says_so_and_leads_there(
    staff: Client, practice: Practice, case: Case, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        twin = Appointment.objects.get(same_as=case.appointment)
        old = factories.CaseFactory(
            appointment=twin, plan=case.plan, readiness=Readiness.CLOSED, closed_at=now
        )
    page = staff.get(f"/cases/{old.pk}/").content.decode()
    assert "is prepared there" in page and f'href="/cases/{case.pk}/"' in page
    assert f"/cases/{old.pk}/" not in staff.get("/").content.decode()
