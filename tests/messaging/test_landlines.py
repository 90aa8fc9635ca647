"""A landline gets no text message: it goes by e-mail, or somebody is asked for a mobile number."""

import pytest

from appointments.models import Patient
from messaging import queries
from messaging.queries import addresses_of
from practices import tenancy
from prerequisites import readiness
from prerequisites.models import Case, Readiness
from tests.factories import NOW
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

LANDLINE, MOBILE = "+493023125499", "+4915254599371"

pytestmark = pytest.mark.django_db


def test_it_has_no_channel_of_text_messages() -> None:
    landline, mobile = (Patient(phone=phone, wrapped_key=b"key") for phone in (LANDLINE, MOBILE))
    assert "sms" not in addresses_of(landline) and "whatsapp" not in addresses_of(landline)
    assert addresses_of(mobile)["sms"] == MOBILE


def test_it_is_written_to_by_mail(house: House, sandbox: Sandbox) -> None:
    house.case(patient__phone=LANDLINE, patient__email="otto@post.example")
    house.say()
    assert [(occasion, channel) for occasion, channel, _ in house.states()] == [("request", "email")]


def test_without_an_address_somebody_is_asked_for_a_contact(house: House, sandbox: Sandbox) -> None:
    case = house.case(patient__phone=LANDLINE, patient__email="")
    house.say()
    with tenancy.scope(house.practice.pk):
        readiness.refresh(case_ids=[case.pk], now=NOW)
        assert Case.objects.get().readiness == Readiness.NEEDS_CONTACT
    assert house.states() == []


def test_what_was_queued_to_one_before_is_called_off(house: House, sandbox: Sandbox) -> None:
    """As it stands in a database of before this was known."""
    case = house.case(patient__phone=MOBILE, patient__email="")
    house.queue()
    with tenancy.scope(house.practice.pk):
        type(case.appointment.patient).objects.update(phone=LANDLINE)
        queries.Message.objects.update(address=LANDLINE)
    house.say()
    assert [state for _, _, state in house.states()] == ["cancelled"]
