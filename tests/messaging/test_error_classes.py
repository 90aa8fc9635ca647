"""What a provider's refusal leads to, by its class: again later, another channel at once, the whole channel rests."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from messaging import operations
from messaging.models import ChannelPause, Message, Suppression
from messaging.operations import pauses
from practices import tenancy
from practices.models import RecordEntry
from tests.factories import NOW
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

MINUTE = timedelta(minutes=1)


def pause_of(house: House) -> ChannelPause | None:
    with tenancy.scope(house.practice.pk):
        return ChannelPause.objects.first()


@pytest.mark.usefixtures("one_at_a_time")
def test_a_refused_account_stops_its_channel_and_the_rest_is_not_even_tried(
    house: House, sandbox: Sandbox, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPERATOR_EMAIL = "betrieb@treffa.example"
    cache.clear()
    for _ in range(5):
        house.case()
    sandbox.twilio.faults.set("reject", status=401, code=20003)
    house.say()
    assert {state for _, channel, state in house.states() if channel == "sms"} == {"queued"}
    with tenancy.scope(house.practice.pk):
        assert Message.objects.exclude(attempts=0).filter(channel="sms").count() == 1
        assert RecordEntry.objects.filter(event="channel.paused").count() == 1
    pause = pause_of(house)
    assert pause is not None and pause.cause == "account" and pause.until == NOW + timedelta(minutes=10)
    assert "provider alarm: channel=sms code=20003" in caplog.text
    house.deliver()
    (mail,) = sandbox.mail.mails()
    assert mail.to == "betrieb@treffa.example" and "20003" in mail.text


@pytest.mark.usefixtures("one_at_a_time")
def test_one_message_tries_after_the_pause_and_all_follow_once_it_was_taken(
    house: House, sandbox: Sandbox
) -> None:
    for _ in range(5):
        house.case()
    fault = sandbox.twilio.faults.set("reject", count=2, status=401, code=20003)
    house.say()
    later = NOW + timedelta(minutes=10)
    house.deliver(at=later)
    assert fault.remaining == 0 and not sandbox.twilio.messages()
    pause = pause_of(house)
    assert pause is not None and pause.failures == 2 and pause.until == later + timedelta(minutes=20)
    house.deliver(at=pause.until)
    assert len(sandbox.twilio.messages()) == 5 and pause_of(house) is None
    assert {state for _, _, state in house.states()} == {"accepted"}


@pytest.mark.usefixtures("one_at_a_time")
def test_a_rate_limit_pauses_for_as_long_as_was_asked_and_uses_up_no_tries(
    house: House, sandbox: Sandbox
) -> None:
    house.case(), house.case()
    sandbox.twilio.faults.set("reject", count=20, status=429, retry_after="300")
    at = NOW
    house.say()
    for _ in range(19):
        pause = pause_of(house)
        assert pause is not None and pause.until - at >= timedelta(minutes=5)
        at = pause.until
        house.deliver(at=at)
    assert {state for _, _, state in house.states()} == {"queued"}
    pause = pause_of(house)
    assert pause is not None and pause.until - at == pauses.LONGEST_PAUSE
    house.deliver(at=pause.until)
    assert {state for _, _, state in house.states()} == {"accepted"}


def test_mail_goes_on_while_texts_rest(house: House, sandbox: Sandbox) -> None:
    house.case(), house.case(patient__phone="")
    sandbox.twilio.faults.set("reject", status=429)
    house.say()
    assert sorted(house.states()) == [("request", "email", "accepted"), ("request", "sms", "queued")]


@pytest.mark.parametrize(
    ("code", "states", "suppressed"),
    [
        ("30003", [("sms", "queued")], False),
        ("30004", [("sms", "failed"), ("email", "accepted")], True),
        ("30005", [("sms", "failed"), ("email", "accepted")], True),
        ("30006", [("sms", "failed"), ("email", "accepted")], True),
        ("30007", [("sms", "failed"), ("email", "accepted")], True),
        ("30008", [("sms", "queued")], False),
        ("21610", [("sms", "failed"), ("email", "accepted")], True),
        ("63016", [("sms", "failed"), ("email", "accepted")], False),
        ("63018", [("sms", "queued")], False),
        ("63024", [("sms", "failed"), ("email", "accepted")], True),
        ("63049", [("sms", "failed"), ("email", "accepted")], False),
        ("30002", [("sms", "queued")], False),
    ],
)
def test_what_a_report_of_failure_leads_to(
    house: House, sandbox: Sandbox, code: str, states: list[tuple[str, str]], suppressed: bool
) -> None:
    house.case()
    house.say()
    (message,) = house.messages()
    with tenancy.scope(house.practice.pk):
        operations.apply_callback(
            attempt_id=message.attempt_id,  # type: ignore[arg-type]
            provider_id=message.provider_id,
            status="undelivered",
            code=code,
            now=NOW,
        )
    house.deliver()
    assert [(channel, state) for _, channel, state in house.states()] == states
    assert len(sandbox.twilio.messages()) == 1, "nothing goes out again at once"
    with tenancy.scope(house.practice.pk):
        assert Suppression.objects.exists() == suppressed


def test_another_practices_channel_goes_on(make_house: Callable[..., House], sandbox: Sandbox) -> None:
    one, other = make_house(), make_house(sms_sender="+4915235000002")
    one.case(), other.case()
    sandbox.twilio.faults.set("reject", count=1, status=401, code=20003)
    one.say()
    other.say()
    assert one.states()[0][2] == "queued" and other.states() == [("request", "sms", "accepted")]
