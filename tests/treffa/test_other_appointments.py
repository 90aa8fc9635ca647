"""One link leads to all appointments of a patient, and to nobody else's."""

from datetime import timedelta

import pytest

from practices import clock, tenancy
from practices.models import Practice
from prerequisites.models import Case
from tests import factories
from tests.treffa.patients import Phone, make_case, require, text

pytestmark = pytest.mark.django_db(transaction=True)


def beside(case: Case, practice: Practice, *, days: int) -> Case:
    with tenancy.scope(practice.pk):
        appointment = factories.AppointmentFactory(
            patient=case.appointment.patient, start=clock.now() + timedelta(days=days), needs_planning=False
        )
        other: Case = factories.CaseFactory(appointment=appointment)
    require(other, title={"en": "Blood test"})
    return other


def test_the_link_leads_on_to_the_patients_other_appointment_and_back() -> None:
    practice = factories.make_practice()
    case = make_case(practice)
    require(case, title={"en": "Referral"})
    other, stranger = beside(case, practice, days=12), make_case(practice, birth_date="1947-03-14")
    phone = Phone(case=case, practice=practice)
    assert f"/p/appointment/{other.pk}/" not in text(phone.tap_link())
    page = text(phone.identify())
    assert "Your other appointment" in page and "one thing is missing" in page and "Referral" in page
    assert f"/p/appointment/{stranger.pk}/" not in page
    assert phone.send(f"/p/appointment/{stranger.pk}/").status_code == 404
    assert "Referral" in text(phone.browser.get(f"/p/appointment/{other.pk}/", follow=True))
    there = text(phone.send(f"/p/appointment/{other.pk}/"))
    assert "Blood test" in there and "Referral" not in there and f"/p/appointment/{case.pk}/" in there


def test_who_is_not_known_by_date_of_birth_is_led_nowhere() -> None:
    practice = factories.make_practice()
    case = make_case(practice, known=False)
    require(case)
    other = beside(case, practice, days=12)
    phone = Phone(case=case, practice=practice)
    page = text(phone.identify())
    assert f"/p/appointment/{other.pk}/" not in page
    assert phone.send(f"/p/appointment/{other.pk}/").status_code == 404
