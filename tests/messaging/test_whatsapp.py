"""WhatsApp: off by default, by approved templates only, to who wants it; what it does not take goes by SMS at once."""

from collections.abc import Callable
from typing import Any

import pytest

from messaging import accounts, operations
from messaging.models import Suppression, WhatsAppOptIn, WhatsAppTemplate
from messaging.operations import optouts
from messaging.providers.base import Account
from practices import tenancy
from practices.models import Practice
from tests.factories import NOW
from tests.messaging.conftest import SOON, House
from tests.sandbox.waiting import until
from tests.treffa.patients import Phone
from treffa.sandbox import Sandbox

SID = "HX" + "0" * 32
BODY = "{{1}}: Für Ihren Termin am {{2}} fehlt noch etwas: {{3}}"
NUMBER = "+4915254599371"


def prepare(house: House, sandbox: Sandbox, *, number: str = NUMBER) -> None:
    """A template for the request, and a patient who wants WhatsApp."""
    sandbox.twilio.contents[SID] = BODY
    with tenancy.scope(house.practice.pk):
        WhatsAppTemplate.objects.create(
            practice=house.practice,
            occasion="request",
            language="de",
            content_sid=SID,
            body=BODY,
            variables=["practice", "appointment", "link"],
        )
        optouts.want_whatsapp(address=number, wanted=True, now=NOW)


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house(channels=["whatsapp", "sms", "email"], whatsapp_sender="+4915235000077")


def test_an_approved_template_goes_out_with_its_variables_and_no_free_text(
    house: House, sandbox: Sandbox
) -> None:
    prepare(house, sandbox)
    house.case()
    house.say()
    (text,) = sandbox.twilio.messages()
    assert (text.to, text.sender) == (f"whatsapp:{NUMBER}", "whatsapp:+4915235000077")
    assert text.content_sid == SID and "/t/" in text.content_variables["3"]
    assert text.body.startswith("Praxis am Sonnenbogen: Für Ihren Termin am Donnerstag")
    assert house.states() == [("request", "whatsapp", "accepted")]


def test_who_did_not_ask_for_it_and_what_has_no_template_goes_by_sms(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    assert house.states() == [("request", "sms", "accepted")]
    prepare(house, sandbox)
    house.change(type(case.appointment), case.appointment_id, start=NOW.replace(day=20))
    house.look_again(case, at=NOW)
    house.say()
    assert house.states()[1] == ("moved", "sms", "accepted")


def test_a_practice_without_whatsapp_never_uses_it(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house()
    prepare(house, sandbox)
    house.case()
    house.say()
    assert house.states() == [("request", "sms", "accepted")]


@pytest.mark.parametrize(("ending", "suppressed"), [("99924", True), ("99949", False)])
def test_what_whatsapp_does_not_deliver_goes_by_sms_at_once(
    house: House, callbacks: Sandbox, ending: str, suppressed: bool
) -> None:
    number = f"+49152000{ending}"
    prepare(house, callbacks, number=number)
    house.case(patient__phone=number)
    house.say()
    until(lambda: house.states()[0][2] == "failed")
    house.deliver()
    assert [channel for _, channel, _ in house.states()] == ["whatsapp", "sms"]
    with tenancy.scope(house.practice.pk):
        assert Suppression.objects.filter(channel="whatsapp").exists() == suppressed


def test_an_answer_that_never_came_is_found_in_the_books(house: House, sandbox: Sandbox) -> None:
    prepare(house, sandbox)
    house.case()
    sandbox.twilio.faults.set("reset", count=1)
    house.say()
    house.deliver(at=SOON)
    assert len(sandbox.twilio.messages()) == 1
    assert house.states()[0][2] in ("accepted", "delivered")


def test_the_patient_asks_for_it_on_the_page_and_takes_it_back(house: House, sandbox: Sandbox) -> None:
    phone = Phone(case=house.case(), practice=house.practice)
    phone.identify()
    for answer, wanted in (("on", 1), ("off", 0)):
        phone.send("/p/messages/", whatsapp=answer)
        with tenancy.scope(house.practice.pk):
            assert WhatsAppOptIn.objects.count() == wanted


def test_texts_go_over_the_practices_own_account_which_is_stored_sealed(
    make_house: Callable[..., House], sandbox: Sandbox, settings: Any
) -> None:
    house = make_house()
    own = Account(sid=settings.TWILIO_ACCOUNT_SID, token=settings.TWILIO_AUTH_TOKEN)
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC0", "the operator's"
    house.case()
    house.say()
    assert house.states() == [("request", "sms", "queued")], "the operator's account is refused"
    with tenancy.scope(house.practice.pk):
        sealed = accounts.seal(house.practice, own)
        assert sealed is not None and own.token.encode() not in sealed
        Practice.objects.update(sealed_twilio=sealed)
    assert own.token not in repr(own)
    operations.deliver(practice_id=house.practice.pk, now=NOW.replace(hour=10))
    assert house.states() == [("request", "sms", "accepted")]
