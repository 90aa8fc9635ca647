"""The list of patients, its search, and a patient's page."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from appointments.models import Appointment, Patient
from messaging.models import Suppression
from practices import tenancy
from practices.models import Practice, Role
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from treffa.dashboard import patients

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.VIEWER)


def found(staff: Client, words: str) -> list[str]:
    response = staff.post("/patients/search/", {"q": words})
    html = staff.get(response["Location"]).content.decode()
    return re.findall(r'feed-item__name"><a href="[^"]+">([^<]+)</a>', html)


def test_somebody_is_found_by_name_birth_date_phone_and_mail(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        factories.PatientFactory(name="Otto Probefeld")
        factories.PatientFactory(
            name="Anne Mustermann",
            birth_date=date(1980, 12, 1),
            phone="+4917199887766",
            email="anne@post.example",
        )
    for words in ("muster anne", "1.12.1980", "1980-12-01", "0171 998877", "ANNE@post.example"):
        assert found(staff, words) == ["Anne Mustermann"], words
    assert found(staff, "Otto") == ["Otto Probefeld"]
    assert found(staff, "   ") == ["Anne Mustermann", "Otto Probefeld"]
    for words in ("%", "12", "31.2.1980", "'; --", "x" * 5000):
        assert found(staff, words) == [], words


def test_what_is_typed_stands_in_no_address(staff: Client) -> None:
    address = staff.post("/patients/search/", {"q": "Mustermann"})["Location"]
    assert "ustermann" not in address
    assert 'value="Mustermann"' in staff.get(address).content.decode()


def test_pages_hold_everybody_once_also_of_one_name(
    staff: Client, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patients, "PAGE", 2)
    with tenancy.scope(practice.pk):
        for name in ("B", "A", "B", "B", "C"):
            factories.PatientFactory(name=name)
    seen, address = [], "/patients/"
    for _ in range(3):
        html = staff.get(address).content.decode()
        seen += re.findall(r'feed-item__name"><a href="/patients/(\d+)/', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        address = "/patients/" + (following[1] if following else "")
    assert following is None
    assert len(seen) == len(set(seen)) == 5
    for odd in ("9" * 30, "-1", "x", "99999999"):
        assert staff.get(f"/patients/?after={odd}").status_code == 200


def test_who_was_merged_is_found_by_both_names_and_has_one_page(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        kept = factories.PatientFactory(name="Anne Mustermann")
        merged = factories.PatientFactory(name="Anne Beispiel", merged_into=kept)
    assert found(staff, "Beispiel") == ["Anne Mustermann"]
    assert staff.get(f"/patients/{merged.pk}/")["Location"] == f"/patients/{kept.pk}/"
    assert "Anne Beispiel" in staff.get(f"/patients/{kept.pk}/").content.decode()


def test_an_erased_patient_has_no_page(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        erased = factories.PatientFactory(wrapped_key=None)
    assert staff.get(f"/patients/{erased.pk}/").status_code == 404
    assert found(staff, "Probefeld") == []


def test_a_page_tells_appointments_messages_and_who_is_not_written_to(
    staff: Client, practice: Practice
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        patient = case.appointment.patient
        factories.AppointmentFactory(patient=patient, start=NOW - timedelta(days=5))
        factories.AppointmentFactory(patient=patient, status="cancelled")
        factories.AppointmentFactory(patient=patient, same_as=case.appointment)
        factories.MessageFactory(case=case, state="delivered", delivered_at=NOW)
        Suppression.objects.create(
            practice=practice, channel="sms", address=patient.phone, reason="stop", at=NOW
        )
        page = patients.load(patient.pk, language="en", now=NOW)
    assert [row.case_id for row in page.coming] == [case.pk]
    assert len(page.past) == 2
    assert [one.case_id for one in page.messages] == [case.pk]
    assert [str(one.why) for one in page.refused] in (["wishes none"], ["wünscht keine"])
    html = staff.get(f"/patients/{patient.pk}/").content.decode()
    assert f'href="/cases/{case.pk}/"' in html
    assert "wishes none" in html


def test_valid_is_what_is_accepted_of_each_kind_the_latest_and_not_too_old(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        limited = {"measured_at": "appointment", "days": 30, "effect": "block"}

        def accepted(
            code: str, dated: date | None, validity: dict[str, object], state: str = "accepted"
        ) -> None:
            asked = factories.PrerequisiteFactory(
                plan=case.plan, code=code, validity=validity, title={"en": f"{code} {dated}"}
            )
            factories.RequirementFactory(case=case, prerequisite=asked, state=state, document_date=dated)

        accepted("creatinine", date(2026, 2, 20), limited)
        accepted("creatinine", date(2026, 2, 10), limited)
        accepted("tsh", date(2026, 1, 20), limited)
        accepted("implant-card", None, {})
        accepted("referral", date(2026, 2, 1), {**limited, "effect": "warn"})
        accepted("consent-sheet", None, {})
        accepted("letter", date(2026, 2, 20), limited, state="submitted")
        accepted("undated", None, limited)
        accepted("odd", date(2026, 2, 20), {"days": "many"})
        page = patients.load(case.appointment.patient_id, language="en", now=NOW)
    assert [(paper.title, paper.until != "", paper.only_advised) for paper in page.papers] == [
        ("creatinine 2026-02-20", True, False),
        ("referral 2026-02-01", True, True),
        ("implant-card None", False, True),
    ]


def test_the_list_asks_as_often_for_many_as_for_one(
    practice: Practice, django_assert_num_queries: object
) -> None:
    with tenancy.scope(practice.pk):
        for _ in range(3):
            factories.CaseFactory()
        assert Patient.objects.count() == Appointment.objects.count() == 3
        with django_assert_num_queries(5):  # type: ignore[operator]
            assert len(patients.listed(search="", after=None, now=NOW).lines) == 3
