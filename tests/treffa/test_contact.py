"""A contact entered in seconds: on the board's row and on the case, with mistakes, twice at once, against the calendar."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments.entering import seen
from appointments.models import Patient
from practices import tenancy
from practices.models import Practice, Role
from prerequisites import readiness
from prerequisites.models import Case, Readiness
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice)


@pytest.fixture
def case(practice: Practice, now: datetime) -> Case:
    """The case of somebody who can't be written to."""
    with tenancy.scope(practice.pk):
        made: Case = factories.RequirementFactory(
            case__appointment__patient__phone="", case__appointment__patient__email=""
        ).case
        readiness.refresh(case_ids=[made.pk], now=now)
    return made


def patient(case: Case) -> Patient:
    with tenancy.scope(case.practice_id):
        return Patient.objects.get(pk=case.appointment.patient_id)


def enter(staff: Client, case: Case, *, board: bool = True, **given: str) -> str:
    data = {"phone": "", "email": "", **({"board": "?"} if board else {}), **given}
    return staff.post(f"/cases/{case.pk}/contact/", data, follow=True).content.decode()


def test_the_boards_row_takes_a_contact(staff: Client, practice: Practice, case: Case) -> None:
    html = staff.get("/").content.decode()
    assert f'action="/cases/{case.pk}/contact/"' in html
    answer = staff.post(
        f"/cases/{case.pk}/contact/", {"phone": "01525 4599371", "email": "", "board": "?when=week&s=xyz"}
    )
    assert answer["Location"] == f"/?when=week#case-{case.pk}"
    assert patient(case).phone == "+4915254599371"
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.WAITING
    assert "row-contact" not in staff.get("/").content.decode()


def test_htmx_gets_the_board_alone_with_the_row_in_focus(staff: Client, case: Case) -> None:
    data = {"phone": "", "email": "otto@post.example", "board": "?when=later"}
    answer = staff.post(f"/cases/{case.pk}/contact/", data, headers={"hx-request": "true"})
    html = answer.content.decode()
    assert html.strip().startswith('<div class="page__inner" id="board"')
    assert f'id="open-{case.pk}" autofocus' in html
    assert "Contact saved: Otto Probefeld." in html


@pytest.mark.parametrize("board", [True, False])
def test_all_mistakes_are_said_at_once_and_what_was_typed_stays(
    staff: Client, case: Case, board: bool
) -> None:
    html = enter(staff, case, board=board, phone="0171 12", email="otto@")
    form = html.partition(f'action="/cases/{case.pk}/contact/"')[2].partition("</form>")[0]
    assert "no phone number" in form
    assert "no e-mail address" in form
    assert 'value="0171 12"' in form
    assert 'value="otto@"' in form
    assert form.count('aria-invalid="true"') == 2
    assert f'id="id_{case.pk}_phone_error"' in form
    assert not patient(case).reachable


@pytest.mark.parametrize("board", [True, False])
def test_nothing_at_all_is_no_contact(staff: Client, case: Case, board: bool) -> None:
    assert "A phone number or an e-mail address is needed." in enter(staff, case, board=board, phone=" ")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+43 664 1234567", "+436641234567"),
        ("0041 79 123 45 67", "+41791234567"),
        ("0171/2345678", "+491712345678"),
    ],
)
def test_numbers_from_elsewhere_are_taken(staff: Client, case: Case, typed: str, number: str) -> None:
    enter(staff, case, phone=typed)
    assert patient(case).phone == number


def test_a_landline_is_kept_and_said_to_get_no_text_messages(staff: Client, case: Case) -> None:
    html = enter(staff, case, phone="030 23125499")
    assert "This is a landline" in html
    assert "Add a mobile number" in html
    assert "landline: no text messages" in staff.get(f"/cases/{case.pk}/").content.decode()
    assert "The e-mail address is used." in enter(staff, case, phone="030 23125499", email="o@post.example")


def test_of_two_at_once_the_second_sees_what_the_first_has_entered(staff: Client, case: Case) -> None:
    shown = seen(patient(case))
    enter(staff, case, phone="01525 4599371", seen=shown)
    html = enter(staff, case, board=False, phone="01525 4599372", seen=shown)
    assert "Somebody else has changed this meanwhile to: +49 1525 4599371." in html
    assert 'value="01525 4599372"' in html
    assert patient(case).phone == "+4915254599371"
    assert f'name="seen" value="{seen(patient(case))}"' in html
    enter(staff, case, board=False, phone="01525 4599372", seen=seen(patient(case)))
    assert patient(case).phone == "+4915254599372"


def test_a_double_click_is_no_quarrel(staff: Client, case: Case) -> None:
    shown = seen(patient(case))
    for _ in range(2):
        assert "Contact saved" in enter(staff, case, phone="01525 4599371", seen=shown)


@pytest.mark.parametrize(("button", "phone"), [("use", "+4915254599399"), ("keep", "+4915254599371")])
def test_another_number_in_the_calendar_is_asked_about_once(
    staff: Client, practice: Practice, case: Case, now: datetime, button: str, phone: str
) -> None:
    enter(staff, case, phone="01525 4599371")
    with tenancy.scope(practice.pk):
        said = {"calendar_phone": "+4915254599399", "calendar_said_at": now + timedelta(seconds=1)}
        Patient.objects.update(**said)
    assert "Of 1 patient the calendar says another phone number" in staff.get("/").content.decode()
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    assert "The calendar says otherwise:" in html
    assert f'name="phone" value="{phone}"' in html
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        enter(staff, case, board=False, phone=phone, seen=seen(patient(case)))
        assert patient(case).phone == phone
        assert "calendar says" not in staff.get("/").content.decode()
        assert "calendar says" not in staff.get(f"/cases/{case.pk}/").content.decode()


def test_viewers_enter_nothing(client: Client, practice: Practice, case: Case) -> None:
    viewer = sign_in(client, practice, Role.VIEWER)
    assert "row-contact" not in viewer.get("/").content.decode()
    assert viewer.post(f"/cases/{case.pk}/contact/", {"phone": "01525 4599371"}).status_code == 403


def test_an_odd_board_is_the_usual_one(staff: Client, case: Case) -> None:
    odd: dict[str, Any] = {"phone": "01525 4599371", "email": "", "board": "?when=x&rows=-1&s=" + "y" * 500}
    answer = staff.post(f"/cases/{case.pk}/contact/", odd)
    assert answer["Location"] == f"/?#case-{case.pk}"
