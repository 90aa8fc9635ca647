"""What providers report: signed, in any order and any number, before the answer or long after."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as active
from django.test import Client
from twilio.request_validator import RequestValidator

from messaging import operations
from messaging.models import Message
from practices import tenancy
from practices.models import RecordEntry
from tests.factories import NOW
from tests.messaging.conftest import SOON, House
from tests.sandbox.waiting import until
from treffa.sandbox import Sandbox


def report(
    attempt: UUID | None,
    *,
    status: str = "delivered",
    sid: str = "SM1",
    signature: str | None = None,
    **more: str,
) -> int:
    fields = {"MessageSid": sid, "MessageStatus": status, **more}
    return post_signed(f"/hooks/twilio/{attempt}/", fields, signature=signature)


def post_signed(path: str, fields: dict[str, str], *, token: str = "", signature: str | None = None) -> int:
    """Posts a form as Twilio does, signed with the operator's token unless another is given."""
    if signature is None:
        signature = RequestValidator(token or active.TWILIO_AUTH_TOKEN).compute_signature(
            f"{active.PUBLIC_URL}{path}", fields
        )
    return Client().post(path, fields, headers={"x-twilio-signature": signature}).status_code


def sent(house: House) -> Message:
    house.case()
    house.say()
    return house.messages()[-1]


def test_the_providers_own_callbacks_lead_to_delivered(house: House, callbacks: Sandbox) -> None:
    sent(house)
    until(lambda: house.states() == [("request", "sms", "delivered")])


def test_callbacks_that_come_before_the_answer_are_taken(house: House, callbacks: Sandbox) -> None:
    callbacks.twilio.faults.set("callback_first", count=1)
    message = sent(house)
    assert message.state == "delivered" and message.provider_id


@pytest.mark.parametrize("kind", ["duplicate", "reorder"])
def test_callbacks_twice_or_in_the_wrong_order_do_no_harm(
    house: House, callbacks: Sandbox, kind: str
) -> None:
    callbacks.twilio.faults.set(kind, count=1)
    sent(house)
    until(lambda: len(callbacks.twilio.callbacks()) >= 2)
    until(lambda: house.states() == [("request", "sms", "delivered")])
    with tenancy.scope(house.practice.pk):
        assert RecordEntry.objects.filter(event="message.delivered").count() == 1


def test_a_report_only_moves_the_state_forward(house: House, sandbox: Sandbox) -> None:
    message = sent(house)
    for status in ("sent", "delivered", "sent", "queued", "undelivered", "delivered", "nonsense"):
        assert report(message.attempt_id, status=status) == 204
    assert house.states() == [("request", "sms", "delivered")]


def test_a_number_that_can_not_be_reached_for_good_falls_to_mail_once(house: House, sandbox: Sandbox) -> None:
    message = sent(house)
    for _ in range(3):
        report(message.attempt_id, status="undelivered", ErrorCode="30006")
    house.deliver(at=SOON)
    assert house.states() == [("request", "sms", "failed"), ("request", "email", "accepted")]


def test_a_late_delivered_wins_and_sends_nothing_twice(house: House, sandbox: Sandbox) -> None:
    message = sent(house)
    report(message.attempt_id, status="undelivered", ErrorCode="30006")
    report(message.attempt_id, status="delivered")
    house.deliver(at=SOON)
    assert house.states() == [("request", "sms", "delivered"), ("request", "email", "cancelled")]
    assert not sandbox.mail.mails()


def test_a_phone_that_is_off_is_tried_once_more_and_then_written_a_mail(
    house: House, sandbox: Sandbox
) -> None:
    house.case(patient__phone="+4915200099903")
    house.say()
    for _ in range(2):
        message = house.messages()[0]
        with tenancy.scope(house.practice.pk):
            operations.apply_callback(
                attempt_id=message.attempt_id,  # type: ignore[arg-type]
                provider_id=message.provider_id,
                status="undelivered",
                code="30003",
                now=NOW,
            )
        due = house.messages()[0].due_at or NOW
        house.deliver(at=due)
    assert house.states() == [("request", "sms", "failed"), ("request", "email", "accepted")]
    assert len(sandbox.twilio.messages()) == 2


def test_a_report_of_an_unknown_message_settles_it(house: House, sandbox: Sandbox) -> None:
    house.case()
    sandbox.twilio.faults.set("reset", count=1)
    sandbox.twilio.faults.set("reject", status=500, at="list")
    house.say()
    message = house.messages()[0]
    assert message.state == "unknown"
    report(message.attempt_id, status="sent")
    assert house.states() == [("request", "sms", "accepted")]


def test_a_late_sent_does_not_hide_that_the_message_did_not_arrive(house: House, sandbox: Sandbox) -> None:
    message = sent(house)
    report(message.attempt_id, status="undelivered", ErrorCode="30003")
    report(message.attempt_id, status="sent")
    assert house.states() == [("request", "sms", "queued")]


def test_an_old_attempts_failure_does_not_touch_the_new_one(house: House, sandbox: Sandbox) -> None:
    house.case()
    sandbox.twilio.faults.set("reject", count=1, status=429)
    house.say()
    old = house.messages()[0].attempt_id
    house.deliver(at=SOON)
    report(old, status="failed", ErrorCode="30006")
    assert house.states() == [("request", "sms", "accepted")]


@pytest.mark.parametrize("signature", ["", "wrong", "A" * 5000, "é"])
def test_a_wrong_signature_is_refused(house: House, sandbox: Sandbox, signature: str) -> None:
    message = sent(house)
    assert report(message.attempt_id, signature=signature) == 403
    assert house.states() == [("request", "sms", "accepted")]


def test_an_attempt_that_never_was_is_not_found(house: House, sandbox: Sandbox) -> None:
    assert report(uuid4()) == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "delivered\x00"},
        {"status": "x" * 9999},
        {"status": "failed", "ErrorCode": "y" * 9999},
        {"status": "sent", "sid": "z" * 9999},
        {"status": "sent", "sid": "\x00"},
    ],
)
def test_bad_input_is_no_error_of_ours(house: House, sandbox: Sandbox, fields: dict[str, Any]) -> None:
    message = sent(house)
    assert report(message.attempt_id, **fields) < 500


def test_only_a_post_is_taken(client: Client, db: None) -> None:
    assert client.get(f"/hooks/twilio/{uuid4()}/").status_code == 405


def test_another_practices_scope_does_not_reach_the_message(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    one, other = make_house(), make_house()
    message = sent(one)
    with tenancy.scope(other.practice.pk):
        operations.apply_callback(
            attempt_id=message.attempt_id,  # type: ignore[arg-type]
            provider_id="SM1",
            status="delivered",
            code="",
            now=NOW,
        )
    assert one.states() == [("request", "sms", "accepted")]
