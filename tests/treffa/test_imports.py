"""Contacts out of a practice system: seen before they are written, written all or not at all, never by the name alone."""

import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments import contacts_import
from appointments.models import Appointment, ContactImport, Patient
from practices import record, tenancy, vault
from practices.models import Practice, RecordEntry, Role
from tests import factories
from tests.treffa.staff import sign_in
from treffa import pipeline

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]

BORN = date(1947, 3, 14)
HEADER = "Nachname;Vorname;Geburtsdatum;Mobil;E-Mail"
OTTO = "Probefeld;Otto;14.03.1947;01525 4599371;otto@post.example"


@pytest.fixture
def manager(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.MANAGER)


def patient(practice: Practice, **details: Any) -> int:
    given = {"name": "Otto Probefeld", "birth_date": BORN, "phone": "", "email": "", **details}
    with tenancy.scope(practice.pk):
        made: Patient = factories.PatientFactory(**given)
    return made.pk


def contact(practice: Practice, patient_id: int) -> tuple[str, str]:
    with tenancy.scope(practice.pk):
        found = Patient.objects.get(pk=patient_id)
    return found.phone, found.email


def give(manager: Client, *rows: str, header: str = HEADER) -> str:
    """Pastes a table; the address of the page that shows it."""
    answer = manager.post("/contacts/import/table/", {"text": "\n".join([header, *rows])})
    assert answer.status_code == 302
    return str(answer["Location"])


COLUMNS = {
    "column-0": "last_name",
    "column-1": "first_name",
    "column-2": "birth_date",
    "column-3": "mobile",
    "column-4": "email",
}


def take(manager: Client, address: str, **more: Any) -> str:
    answer = manager.post(address, {**COLUMNS, "do": "import", **more}, follow=True)
    return answer.content.decode()


def test_a_file_is_seen_first_and_then_taken_over(manager: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        details = {"patient__phone": "", "patient__email": "", "patient__birth_date": BORN}
        booked = factories.AppointmentFactory(start=now + timedelta(days=3), needs_planning=False, **details)
    file = SimpleUploadedFile("kontakte.csv", f"{HEADER}\n{OTTO}\n".encode("cp1252"))
    address = str(manager.post("/contacts/import/table/", {"file": file})["Location"])
    html = manager.get(address).content.decode()
    assert "<strong>1 patient</strong> gets a contact." in html
    assert "Nothing is written yet." in html
    assert contact(practice, booked.patient_id) == ("", "")
    html = take(manager, address)
    assert "<strong>1 patient</strong> has a contact now." in html
    assert contact(practice, booked.patient_id) == ("+4915254599371", "otto@post.example")
    with tenancy.scope(practice.pk):
        assert Appointment.objects.get().needs_planning, "the case doesn't hear of the contact"
        entry = RecordEntry.objects.get(event="patient.contact")
        key = Patient.objects.select_related("practice").get().key()
        assert record.personal(entry, key=key)["email"] == "otto@post.example"
        assert "otto" not in str(RecordEntry.objects.get(event="contacts.imported").data)
        assert ContactImport.objects.get().sealed_table is None


def test_what_is_known_is_kept_unless_asked(manager: Client, practice: Practice) -> None:
    known = patient(practice, phone="+491712345678")
    address = give(manager, OTTO)
    take(manager, address)
    assert contact(practice, known) == ("+491712345678", "otto@post.example")
    address = give(manager, OTTO)
    assert "known otherwise, kept <b>1</b>" in manager.get(address).content.decode()
    take(manager, address, overwrite="yes")
    assert contact(practice, known) == ("+4915254599371", "otto@post.example")


def test_the_name_alone_is_nobody_until_a_person_says_so(manager: Client, practice: Practice) -> None:
    without, other = patient(practice, birth_date=None), patient(practice, birth_date=date(1980, 1, 1))
    address = give(manager, OTTO)
    html = manager.get(address).content.decode()
    assert f'name="same" value="2:{without}"' in html
    assert f'value="2:{other}"' not in html, "two dates of birth are two people"
    assert "not decided <b>1</b>" in take(manager, address)
    assert contact(practice, without) == ("", "")
    address = give(manager, OTTO)
    take(manager, address, same=[f"2:{without}", f"2:{other}", "x:y", "9:9"])
    assert contact(practice, without)[0] == "+4915254599371"
    assert contact(practice, other) == ("", "")
    with tenancy.scope(practice.pk):
        assert Patient.objects.get(pk=without).birth_date == BORN


def test_nobody_is_created_and_errors_are_said_by_line(manager: Client, practice: Practice) -> None:
    address = give(manager, "Fiktiv;Rita;01.01.1990;0171 2345678;", "Vorbild;Max;31.02.1990;0171 2345678;")
    html = manager.get(address).content.decode()
    assert "Line 3:" in html
    assert "This is no date of birth." in html
    html = take(manager, address)
    assert "unknown to the calendars <b>1</b>" in html
    assert "Line 3:</strong> This is no date of birth." in html, "what was left out stays in sight"
    assert "Vorbild" not in html
    with tenancy.scope(practice.pk):
        assert not Patient.objects.exists()


def test_a_patient_in_two_rows_counts_once(manager: Client, practice: Practice) -> None:
    known = patient(practice)
    address = give(manager, OTTO, OTTO.replace("01525 4599371", "0171 2345678"))
    assert "This patient stands in an earlier row already." in manager.get(address).content.decode()
    take(manager, address)
    assert contact(practice, known)[0] == "+4915254599371"


def test_columns_are_put_right_by_choice(manager: Client, practice: Practice) -> None:
    known = patient(practice)
    address = give(manager, OTTO, header="A;B;C;D;E")
    assert "Say which column is the name, please." in manager.get(address).content.decode()
    manager.post(address, {**COLUMNS, "do": "preview"})
    assert "<strong>1 patient</strong> gets a contact." in manager.get(address).content.decode()
    take(manager, address)
    assert contact(practice, known)[0] == "+4915254599371"


def test_an_error_half_way_leaves_nothing_half_imported(
    manager: Client, practice: Practice, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = patient(practice)
    import_id = int(give(manager, OTTO).strip("/").split("/")[-1])

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("appointments.contacts_import.plan_again", fail)
    with pytest.raises(RuntimeError), tenancy.scope(practice.pk):
        contacts_import.take_over(import_id=import_id, same=[], by=record.SYSTEM, now=now)
    assert contact(practice, known) == ("", "")
    with tenancy.scope(practice.pk):
        assert not RecordEntry.objects.filter(event="patient.contact").exists()


def test_a_double_click_imports_once(manager: Client, practice: Practice) -> None:
    patient(practice)
    address = give(manager, OTTO)
    take(manager, address)
    assert "has a contact now" in take(manager, address)
    with tenancy.scope(practice.pk):
        assert RecordEntry.objects.filter(event="contacts.imported").count() == 1


def test_formulas_are_text_and_markup_is_harmless(manager: Client, practice: Practice) -> None:
    address = give(manager, "=cmd|' /C calc'!A0;<script>x</script>;14.03.1947;0171 2345678;")
    html = manager.get(address).content.decode()
    assert "<script>x" not in html
    assert "&lt;script&gt;x" in html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Choose a file or paste the table"),
        ("Name", "There is no table in it"),
        ("PK\x03\x04", "as Excel workbook (.xlsx) or as CSV"),
    ],
)
def test_what_is_no_table_is_said_beside_the_field(manager: Client, text: str, said: str) -> None:
    answer = manager.post("/contacts/import/table/", {"text": text}, follow=True)
    assert said in answer.content.decode()


@pytest.mark.parametrize("role", [Role.STAFF, Role.PHYSICIAN, Role.VIEWER])
def test_only_managers_import(client: Client, practice: Practice, role: Role) -> None:
    member = sign_in(client, practice, role)
    assert member.get("/contacts/import/").status_code == 403
    assert member.post("/contacts/import/table/", {"text": OTTO}).status_code == 403


def test_a_table_belongs_to_its_person_is_sealed_and_forgotten_within_the_hour(
    manager: Client, practice: Practice, now: datetime
) -> None:
    address = give(manager, OTTO)
    assert sign_in(Client(), practice, Role.MANAGER).get(address).status_code == 404
    with tenancy.scope(practice.pk):
        assert b"Probefeld" not in bytes(ContactImport.objects.get().sealed_table or b"")
    later = now + contacts_import.KEPT_FOR
    assert ("look", practice.pk) in pipeline.due(now=later)
    pipeline.advance(stage="look", practice_id=practice.pk, now=later)
    with tenancy.scope(practice.pk):
        assert not ContactImport.objects.exists()


def test_ten_thousand_rows_take_seconds_and_few_statements(
    manager: Client, practice: Practice, now: datetime
) -> None:
    count = 10_000
    with tenancy.scope(practice.pk):
        key = vault.new_patient_key(practice=practice.key())
        Patient.objects.bulk_create(
            Patient(
                practice=practice,
                name=f"Vorname{n} Nachname{n}",
                birth_date=BORN,
                wrapped_key=key,
                created_at=now,
            )
            for n in range(count)
        )
    rows = (f"Nachname{n};Vorname{n};14.03.1947;0171 2{n:06};p{n}@post.example" for n in range(count))
    import_id = int(give(manager, *rows).strip("/").split("/")[-1])
    begun = time.perf_counter()
    with tenancy.scope(practice.pk), CaptureQueriesContext(connection) as asked:
        result = contacts_import.take_over(import_id=import_id, same=[], by=record.SYSTEM, now=now)
    took = time.perf_counter() - begun
    assert result is not None
    assert result["filled"] == count
    assert len(asked) < 80
    assert took < 30


def test_sex_and_insurance_come_with_the_table_and_what_is_neither_is_left_out(
    manager: Client, practice: Practice
) -> None:
    known = patient(practice)
    header = f"{HEADER};Geschlecht;Versicherungsart"
    page = manager.get(give(manager, f"{OTTO};w;GKV", header=header)).content.decode()
    assert page.count('value="sex" selected') == page.count('value="insurance" selected') == 1

    def facts(*row: str, **more: str) -> tuple[str, str]:
        columns = {"column-5": "sex", "column-6": "insurance", **more}
        take(manager, give(manager, ";".join((OTTO, *row)), header=header), **columns)
        with tenancy.scope(practice.pk):
            found = Patient.objects.get(pk=known)
        return found.sex, found.insurance

    assert facts("3", "Bundeswehr") == ("unknown", "unknown")
    assert facts("Weiblich", "GKV") == ("female", "statutory")
    assert facts("m", "privat") == ("female", "statutory")
    assert facts("m", "privat", overwrite="yes") == ("male", "private")
    assert facts("", "", overwrite="yes") == ("male", "private")
