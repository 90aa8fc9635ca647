"""Staff are asked whether two patients are one person: on the board, on the case, side by side."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments.models import Appointment, Patient, PatientMerge, PatientsApart
from practices import tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites.models import Case
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]
BORN = date(1947, 3, 14)


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


def a_case(practice: Practice, **patient: Any) -> Case:
    given = {"phone": "", "email": "", "birth_date": None, **patient}
    details = {f"case__appointment__patient__{name}": value for name, value in given.items()}
    with tenancy.scope(practice.pk):
        case: Case = factories.RequirementFactory(**details).case
    return case


@pytest.fixture
def two(practice: Practice) -> tuple[Case, Case]:
    """Two cases of patients of one name."""
    first = a_case(practice, birth_date=BORN, phone="+4915254599371")
    return first, a_case(practice, name="PROBEFELD Otto", phone="+4915254599372")


def address(first: Case, second: Case) -> str:
    return f"/patients/{first.appointment.patient_id}/{second.appointment.patient_id}/"


def seen(html: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', html)
    assert found
    return found[1]


def decide(staff: Client, two: tuple[Case, Case], **said: Any) -> str:
    page = staff.get(address(*two)).content.decode()
    given = {"do": "merge", "seen": seen(page), **said}
    return staff.post(address(*two), given, follow=True).content.decode()


def patients_of(practice: Practice) -> list[int | None]:
    with tenancy.scope(practice.pk):
        return list(Appointment.objects.order_by("pk").values_list("patient_id", flat=True))


def test_the_board_and_the_case_ask_and_lead_to_both(staff: Client, two: tuple[Case, Case]) -> None:
    board = staff.get("/").content.decode()
    assert "1 patient may stand here twice" in board
    assert address(*two) in board
    case = staff.get(f"/cases/{two[1].pk}/").content.decode()
    assert f"{address(*two)}?case={two[1].pk}" in case
    page = staff.get(address(*two)).content.decode()
    assert "The name is the same, and a date of birth is missing." in page
    assert "14 Mar 1947" in page
    assert page.count('type="radio"') == 4, "name and phone differ"


def test_merged_they_are_one_and_it_can_be_taken_back(
    staff: Client, practice: Practice, two: tuple[Case, Case]
) -> None:
    first, second = (case.appointment.patient_id for case in two)
    html = decide(staff, two, phone=str(second))
    assert "Put together. You can take it back" in html
    assert "was put together with" in html
    assert "by Petra Erdmuster" in html
    assert patients_of(practice) == [first, first]
    with tenancy.scope(practice.pk):
        assert Patient.objects.get(pk=first).phone == "+4915254599372"
        merge = PatientMerge.objects.get()
    assert "Take back" in staff.get(f"/cases/{two[1].pk}/").content.decode()
    assert "Take back" in staff.get(address(*two)).content.decode()
    html = staff.post(f"/patients/merges/{merge.pk}/undo/", {"case": two[1].pk}, follow=True).content.decode()
    assert "Taken back" in html
    assert patients_of(practice) == [first, second]
    assert (
        "more than 30 minutes"
        in staff.post(f"/patients/merges/{merge.pk}/undo/", follow=True).content.decode()
    )


def test_two_people_are_not_asked_about_again_but_can_be_merged_later(
    staff: Client, practice: Practice, two: tuple[Case, Case]
) -> None:
    assert "Noted: two people." in decide(staff, two, do="apart")
    assert "may stand here twice" not in staff.get("/").content.decode()
    assert "Petra Erdmuster said on" in staff.get(address(*two)).content.decode()
    assert "Put together." in decide(staff, two)
    with tenancy.scope(practice.pk):
        assert not PatientsApart.objects.exists()


def test_a_second_tab_that_shows_what_is_no_more_changes_nothing(
    staff: Client, practice: Practice, two: tuple[Case, Case]
) -> None:
    page = staff.get(address(*two)).content.decode()
    staff.post(f"/cases/{two[1].pk}/contact/", {"phone": "01525 4599375", "email": ""})
    for do in ("merge", "merge"):
        html = staff.post(address(*two), {"do": do, "seen": seen(page)}, follow=True).content.decode()
        assert "decided or changed meanwhile" in html
    assert len(set(patients_of(practice))) == 2
    decide(staff, two)
    html = staff.post(address(*two), {"do": "apart", "seen": "x"}, follow=True).content.decode()
    assert "decided or changed meanwhile" in html
    with tenancy.scope(practice.pk):
        assert not PatientsApart.objects.exists()


def test_one_answer_leads_to_the_next_question(
    staff: Client, practice: Practice, two: tuple[Case, Case]
) -> None:
    others = a_case(practice, name="Rita Muster"), a_case(practice, name="Rita Muster")
    page = staff.get(address(*two)).content.decode()
    assert "1 more question after this one." in page
    answer = staff.post(address(*two), {"do": "apart"})
    assert answer["Location"] == address(*others)
    answer = staff.post(address(*others), {"do": "apart", "case": others[0].pk})
    assert answer["Location"] == f"/cases/{others[0].pk}/"


def test_viewers_look_and_decide_nothing(client: Client, practice: Practice, two: tuple[Case, Case]) -> None:
    viewer = sign_in(client, practice, Role.VIEWER)
    page = viewer.get(address(*two)).content.decode()
    assert "<button" not in page.partition("versus")[2].partition("</main>")[0]
    assert viewer.post(address(*two), {"do": "merge", "seen": seen(page)}).status_code == 403
    assert len(set(patients_of(practice))) == 2


@pytest.mark.parametrize("given", [{"do": "x"}, {}])
def test_nonsense_is_not_found(staff: Client, two: tuple[Case, Case], given: dict[str, str]) -> None:
    assert staff.post(address(*two), given).status_code == 404
    first, second = (case.appointment.patient_id for case in two)
    assert staff.get(f"/patients/{second}/{first}/").status_code == 404
    assert staff.get(f"/patients/{first}/{first}/").status_code == 404


def test_who_is_said_to_be_somebody_new_is_not_asked_about_again(staff: Client, practice: Practice) -> None:
    known = a_case(practice, birth_date=BORN)
    with tenancy.scope(practice.pk):
        nobodys = factories.RequirementFactory(case__appointment__patient=None).case
    given = {"name": "Otto Probefeld", "birth_date": "1947-03-14", "patient": "new"}
    staff.post(f"/cases/{nobodys.pk}/patient/", given)
    with tenancy.scope(practice.pk):
        assert PatientsApart.objects.get().first_id == known.appointment.patient_id
    assert "may stand here twice" not in staff.get("/").content.decode()


def test_what_happened_is_in_the_record(staff: Client, practice: Practice, two: tuple[Case, Case]) -> None:
    decide(staff, two)
    with tenancy.scope(practice.pk):
        events = list(
            RecordEntry.objects.filter(event__startswith="patient.merged").values("actor_kind", "data")
        )
    assert {event["actor_kind"] for event in events} == {"staff"}
    assert "Otto" not in str(events), "names only under the patients' keys"


def test_after_half_an_hour_nothing_can_be_taken_back(
    staff: Client, practice: Practice, two: tuple[Case, Case], now: datetime
) -> None:
    decide(staff, two)
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        assert "Take back" not in staff.get("/").content.decode()
        assert "nothing left to decide" in staff.get(address(*two)).content.decode()
