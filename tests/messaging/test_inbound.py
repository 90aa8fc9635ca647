"""What people write back: STOP in any language, START, and all else as a task; shared senders; what is not signed."""

from collections.abc import Callable
from typing import Any

import pytest

import escalation.operations
from escalation.models import Task
from messaging import accounts, keywords
from messaging.models import Inbound, Suppression
from messaging.providers.base import Account
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from tests.factories import NOW
from tests.messaging.conftest import House
from tests.messaging.test_callbacks import post_signed
from tests.sandbox.waiting import until
from treffa.sandbox import Sandbox

PHONE, SENDER = "+4915254599371", "+4915235000001"


def write(sandbox: Sandbox, body: str, *, sender: str = PHONE, to: str = SENDER, base: str) -> int:
    """The patient writes; the sandbox signs and posts it as Twilio does."""
    return sandbox.twilio.receive(sender=sender, to=to, body=body, webhook=f"{base}/hooks/twilio/inbound/")


def suppressed(house: House) -> set[str]:
    with tenancy.scope(house.practice.pk):
        return set(Suppression.objects.values_list("channel", flat=True))


def tasks(house: House) -> list[str]:
    escalation.operations.advance(practice_id=house.practice.pk, now=NOW)
    with tenancy.scope(house.practice.pk):
        return list(Task.objects.filter(state="open").values_list("kind", flat=True))


@pytest.mark.parametrize("word", ["STOP", "stopp", "Stop!", " Arrêt ", "ARRET", "Abmelden", "STOP bitte"])
def test_stop_ends_texts_and_mail_takes_over(
    house: House, callbacks: Sandbox, settings: Any, word: str
) -> None:
    house.case()
    house.queue()
    assert write(callbacks, word, base=settings.PUBLIC_URL) == 200
    assert suppressed(house) == {"sms", "whatsapp"}
    house.deliver()
    house.say()
    assert house.states() == [("request", "sms", "suppressed"), ("request", "email", "accepted")]
    texts = [text for text in callbacks.twilio.messages() if text.direction != "inbound"]
    assert texts == []


def test_start_brings_texts_back_but_no_address_that_is_none(
    house: House, callbacks: Sandbox, settings: Any
) -> None:
    house.case()
    write(callbacks, "Stop", base=settings.PUBLIC_URL)
    write(callbacks, "START", base=settings.PUBLIC_URL)
    assert suppressed(house) == set()
    with tenancy.scope(house.practice.pk):
        Suppression.objects.create(
            practice=house.practice, channel="sms", address=PHONE, reason="30006", at=NOW
        )
    write(callbacks, "START", base=settings.PUBLIC_URL)
    assert suppressed(house) == {"sms"}
    with tenancy.scope(house.practice.pk):
        told = RecordEntry.objects.filter(event__startswith="patient.opted").order_by("id")
        assert list(told.values_list("event", flat=True))[:2] == ["patient.opted_out", "patient.opted_in"]


def test_a_reply_is_a_note_on_the_case_and_a_task(house: House, callbacks: Sandbox, settings: Any) -> None:
    case = house.case()
    house.say()
    # What the provider says of it would hold the case while it is looked at.
    until(lambda: house.states() == [("request", "sms", "delivered")])
    assert write(callbacks, "Ich komme mit dem Rollstuhl, geht das?", base=settings.PUBLIC_URL) == 200
    assert tasks(house) == ["reply"]
    with tenancy.scope(house.practice.pk):
        (entry,) = RecordEntry.objects.filter(event="message.reply", case_id=case.pk)
        patient = house.reload(case).appointment.patient
        assert record.personal(entry, key=patient.key())["text"].startswith("Ich komme mit")
        assert "Rollstuhl" not in str(entry.data)
    assert suppressed(house) == set()


def test_a_replay_changes_nothing(house: House, sandbox: Sandbox) -> None:
    house.case()
    fields = {"From": PHONE, "To": SENDER, "Body": "STOP", "MessageSid": "SM1"}
    for _ in range(2):
        assert post_signed("/hooks/twilio/inbound/", fields) == 200
    assert post_signed("/hooks/twilio/inbound/", {**fields, "Body": "START", "MessageSid": "SM2"}) == 200
    assert post_signed("/hooks/twilio/inbound/", fields) == 200
    assert suppressed(house) == set()
    with tenancy.scope(house.practice.pk):
        assert Inbound.objects.count() == 2


def test_stop_on_a_shared_sender_holds_for_every_practice_that_uses_it(
    make_house: Callable[..., House], callbacks: Sandbox, settings: Any
) -> None:
    one, other, third = make_house(), make_house(), make_house(sms_sender="+4915235000009")
    write(callbacks, "Stopp", base=settings.PUBLIC_URL)
    assert suppressed(one) == suppressed(other) == {"sms", "whatsapp"} and suppressed(third) == set()


def test_a_reply_on_a_shared_sender_is_read_by_the_practice_that_wrote_last_and_by_no_other(
    make_house: Callable[..., House], callbacks: Sandbox, settings: Any
) -> None:
    one, other = make_house(), make_house()
    one.case(), other.case()
    one.say()
    other.say(at=NOW)
    house = other
    write(callbacks, "Ja, ich komme", base=settings.PUBLIC_URL)
    with tenancy.scope(one.practice.pk):
        seen = Inbound.objects.count()
    with tenancy.scope(house.practice.pk):
        assert Inbound.objects.count() + seen == 1


def test_who_is_not_known_is_kept_for_the_practice(house: House, callbacks: Sandbox, settings: Any) -> None:
    assert write(callbacks, "Wer ist da?", sender="+4915299999999", base=settings.PUBLIC_URL) == 200
    with tenancy.scope(house.practice.pk):
        row = Inbound.objects.get()
        assert row.case_id is None and row.kind == "reply"


@pytest.mark.parametrize(
    "fields",
    [
        {"From": "", "To": SENDER, "Body": "x", "MessageSid": "SM1"},
        {"From": "\x00", "To": SENDER, "Body": "\x00", "MessageSid": "SM2"},
        {"From": "+1" * 500, "To": SENDER, "Body": "x" * 100_000, "MessageSid": "S" * 500},
        {"From": PHONE, "To": "", "Body": "STOP", "MessageSid": "SM4"},
        {"From": PHONE, "To": "+4900", "Body": "STOP", "MessageSid": "SM5"},
        {"From": PHONE, "To": SENDER, "Body": "STOP", "MessageSid": ""},
        {},
    ],
)
def test_odd_input_is_no_error_of_ours(house: House, sandbox: Sandbox, fields: dict[str, str]) -> None:
    assert post_signed("/hooks/twilio/inbound/", fields) < 500


def test_what_is_not_signed_is_refused(house: House, sandbox: Sandbox) -> None:
    fields = {"From": PHONE, "To": SENDER, "Body": "STOP", "MessageSid": "SM1"}
    assert post_signed("/hooks/twilio/inbound/", fields, token="another") == 403
    assert post_signed("/hooks/twilio/inbound/", {**fields, "To": "+4900"}, token="another") == 403
    assert suppressed(house) == set()


def test_the_account_of_one_practice_does_not_sign_for_another(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    own, other = make_house(), make_house()
    with tenancy.scope(own.practice.pk):
        sealed = accounts.seal(own.practice, Account(sid="AC9", token="its-own-token"))
        Practice.objects.filter(pk=own.practice.pk).update(sealed_twilio=sealed)
    fields = {"From": PHONE, "To": SENDER, "Body": "STOP", "MessageSid": "SM1"}
    assert post_signed("/hooks/twilio/inbound/", fields, token="its-own-token") == 200
    assert suppressed(own) == {"sms", "whatsapp"} and suppressed(other) == set()


@pytest.mark.parametrize(
    "text", ["Stopfen vergessen", "Kann ich am Ende kommen?", "start bitte", "", "👍", "ja"]
)
def test_what_only_looks_like_a_keyword_is_for_people(text: str) -> None:
    assert keywords.meaning(text) is keywords.Meaning.REPLY
