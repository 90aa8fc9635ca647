"""Appointments whose calendar names nobody: staff say who it is, and it goes on."""

from datetime import date, datetime

import pytest
from django.test import Client

from appointments.models import Appointment, Patient
from messaging import operations as messaging
from messaging.models import Message
from practices import tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import readiness
from prerequisites.models import Case, Readiness
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

GIVEN = {"name": "Otto Probefeld", "birth_date": "1947-03-14", "phone": "01525 4599371", "email": ""}


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice)


@pytest.fixture
def nobodys(practice: Practice, now: datetime) -> Case:
    """The case of an appointment that names nobody."""
    with tenancy.scope(practice.pk):
        case: Case = factories.RequirementFactory(case__appointment__patient=None).case
        readiness.refresh(case_ids=[case.pk], now=now)
    return case


def say(client: Client, case: Case, **given: str) -> str:
    address = f"/cases/{case.pk}/patient/"
    return client.post(address, {**GIVEN, **given}, follow=True).content.decode()


def patient_of(case: Case) -> Patient | None:
    with tenancy.scope(case.practice_id):
        patient: Patient | None = (
            Appointment.objects.select_related("patient").get(pk=case.appointment_id).patient
        )
        return patient


def test_page_of_an_appointment_that_names_nobody_asks_who_it_is(staff: Client, nobodys: Case) -> None:
    html = staff.get(f"/cases/{nobodys.pk}/").content.decode()
    assert "Say whom this appointment is for" in html and 'id="name-patient"' in html


def test_who_is_named_is_written_to(staff: Client, practice: Practice, nobodys: Case, now: datetime) -> None:
    html = say(staff, nobodys)
    assert "Patient saved." in html and "+49 1525 4599371" in html
    patient = patient_of(nobodys)
    assert patient is not None and patient.birth_date == date(1947, 3, 14)
    messaging.queue_requests(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        assert Case.objects.get().readiness == Readiness.WAITING
        assert Message.objects.get().patient_id == patient.pk
        assert RecordEntry.objects.filter(event="patient.named", patient_id=patient.pk).exists()


@pytest.mark.parametrize(
    ("field", "nonsense", "reason"),
    [
        ("name", "  ", "required"),
        ("name", "\x00", "required"),
        ("name", "!!", "A first and a last name"),
        ("birth_date", "31.02.1950", "valid date"),
        ("birth_date", "2126-03-14", "a date of birth"),
        ("phone", "12", "no phone number"),
        ("email", "otto@", "no e-mail address"),
    ],
)
def test_nonsense_is_refused_beside_the_field_and_what_was_entered_stays(
    staff: Client, nobodys: Case, field: str, nonsense: str, reason: str
) -> None:
    html = say(staff, nobodys, **{field: nonsense})
    assert "is-invalid" in html
    assert field == "name" or "Otto Probefeld" in html
    assert patient_of(nobodys) is None


def test_known_patient_is_attached_only_when_a_person_says_so(
    staff: Client, practice: Practice, nobodys: Case
) -> None:
    with tenancy.scope(practice.pk):
        known = factories.PatientFactory(phone="")
        other = factories.PatientFactory(birth_date=date(1999, 1, 1), phone="+4915254599378")
    html = say(staff, nobodys)
    assert "Is it one of these?" in html and f'value="{known.pk}"' in html
    assert f'value="{other.pk}"' not in html, "of the same name, but born on another day"
    form = html.partition('id="name-patient"')[2]
    assert "<button class" in form.partition("Search again")[0], "the Enter key attaches nobody"
    assert "value=" not in form.partition("<button")[2].partition(">")[0]
    assert patient_of(nobodys) is None
    say(staff, nobodys, patient=str(known.pk))
    assert patient_of(nobodys) == known
    with tenancy.scope(practice.pk):
        assert Patient.objects.get(pk=known.pk).phone == "+4915254599371", "what was not known is filled in"


def test_somebody_new_of_the_same_name_and_day_is_somebody_new(
    staff: Client, practice: Practice, nobodys: Case
) -> None:
    with tenancy.scope(practice.pk):
        known = factories.PatientFactory()
    say(staff, nobodys, patient="new")
    patient = patient_of(nobodys)
    assert patient is not None and patient != known


def test_who_is_named_twice_stays_the_first(staff: Client, nobodys: Case) -> None:
    say(staff, nobodys)
    html = say(staff, nobodys, name="Mia Muster", birth_date="1990-05-05", phone="", patient="new")
    assert "decided or changed meanwhile" in html
    patient = patient_of(nobodys)
    assert patient is not None and patient.name == "Otto Probefeld"


def test_strangers_patients_and_cases_are_not_found_and_viewers_name_nobody(
    client: Client, practice: Practice, nobodys: Case
) -> None:
    other = factories.make_practice(name="Andere Praxis")
    with tenancy.scope(other.pk):
        theirs = factories.PatientFactory()
    sign_in(client, practice)
    address = f"/cases/{nobodys.pk}/patient/"
    with tenancy.scope(practice.pk):
        factories.PatientFactory()
    assert client.post(address, {**GIVEN, "patient": str(theirs.pk)}).status_code == 404
    sign_in(client, other)
    assert client.post(address, GIVEN).status_code == 404
    sign_in(client, practice, Role.VIEWER)
    assert client.post(address, GIVEN).status_code == 403
    assert patient_of(nobodys) is None
