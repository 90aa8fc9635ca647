from __future__ import annotations

from datetime import UTC, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from practices import clock
from tests.sandbox.conftest import Hook
from tests.sandbox.waiting import until
from treffa.sandbox import Sandbox
from treffa.sandbox.client import SandboxClient

TO, OTHER, SENDER = "+4915100012345", "+4915100054321", "Praxis"


def send(twilio: Client, *, to: str = TO, body: str = "Hallo", **fields: str):
    return twilio.messages.create(to=to, from_=fields.pop("from_", SENDER), body=body, **fields)


def test_a_text_is_accepted_and_delivered_with_signed_callbacks_in_order(
    sandbox: Sandbox, twilio: Client, hook: Hook
) -> None:
    message = send(twilio, body="Termin: http://127.0.0.1/p/abc.", status_callback=hook.url)
    assert (message.status, message.to, message.from_, message.error_code) == ("queued", TO, SENDER, None)
    until(lambda: len(hook.seen) == 3)
    assert hook.statuses() == ["queued", "sent", "delivered"]
    assert {fields["MessageSid"] for fields in hook.seen} == {message.sid}
    validator = RequestValidator(sandbox.twilio.auth_token)
    for fields, signature in zip(hook.seen, hook.signatures, strict=True):
        assert validator.validate(hook.url, fields, signature)
    assert not validator.validate(hook.url, {**hook.seen[0], "MessageStatus": "read"}, hook.signatures[0])
    fetched = twilio.messages(message.sid).fetch()
    assert fetched.status == "delivered"
    assert abs(fetched.date_sent - clock.now()) < timedelta(seconds=10)


def test_messages_are_listed_by_to_and_time_newest_first_and_in_pages(
    sandbox: Sandbox, twilio: Client
) -> None:
    sids = [send(twilio, body=f"Nummer {number}").sid for number in range(5)]
    send(twilio, to=OTHER)
    assert [message.sid for message in twilio.messages.list(to=TO)] == sids[::-1]
    assert [message.sid for message in twilio.messages.list(to=TO, page_size=2)] == sids[::-1]
    assert [message.sid for message in twilio.messages.list(to=TO, limit=1)] == sids[-1:]
    now = clock.now()
    assert len(twilio.messages.list(to=TO, date_sent_after=now - timedelta(minutes=1))) == 5
    assert twilio.messages.list(to=TO, date_sent_after=now + timedelta(minutes=1)) == []
    assert twilio.messages.list(to=TO, date_sent_before=now - timedelta(minutes=1)) == []
    assert len(twilio.messages.list(date_sent=now.astimezone(UTC))) == 6
    assert twilio.messages.list(from_="Jemand") == []


def test_a_wrong_token_is_not_let_in(sandbox: Sandbox) -> None:
    stranger = Client(sandbox.twilio.account_sid, "wrong")
    stranger.api.base_url = sandbox.http_url
    with pytest.raises(TwilioRestException) as caught:
        send(stranger)
    assert (caught.value.status, caught.value.code) == (401, 20003)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "12345"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "+4915100099901"}, 21211),
        ({"body": "x" * 1601}, 21617),
        ({"body": ""}, 21619),
        ({"to": f"whatsapp:{TO}"}, 63007),
    ],
)
def test_what_twilio_refuses_is_refused(twilio: Client, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        send(twilio, **fields)
    assert (caught.value.status, caught.value.code) == (400, code)


@pytest.mark.parametrize(
    ("ending", "code"), [("99903", 30003), ("99905", 30005), ("99907", 30007), ("99908", 30008)]
)
def test_built_in_numbers_are_not_delivered(twilio: Client, hook: Hook, ending: str, code: int) -> None:
    message = send(twilio, to=f"+49151000{ending}", status_callback=hook.url)
    until(lambda: len(hook.seen) == 3)
    assert hook.statuses()[-1] == "undelivered"
    assert hook.seen[-1]["ErrorCode"] == str(code)
    assert twilio.messages(message.sid).fetch().error_code == code


def test_whatsapp_templates_are_rendered_and_delivered(
    sandbox: Sandbox, client: SandboxClient, twilio: Client, hook: Hook
) -> None:
    content = "HX" + "a1" * 16
    client.set_content(content, "Guten Tag {{1}}, bis {{2}}: https://treffa.example/p/abc")
    twilio.messages.create(
        to=f"whatsapp:{TO}",
        from_="whatsapp:+4930000000",
        content_sid=content,
        content_variables='{"1": "Otto", "2": "Montag"}',
        status_callback=hook.url,
    )
    until(lambda: len(hook.seen) == 3)
    (message,) = client.messages(TO)
    assert (message.channel, message.text) == (
        "whatsapp",
        "Guten Tag Otto, bis Montag: https://treffa.example/p/abc",
    )
    assert hook.seen[-1]["ChannelPrefix"] == "whatsapp"


def test_whatsapp_without_template_needs_an_open_conversation(
    sandbox: Sandbox, client: SandboxClient, twilio: Client, hook: Hook
) -> None:
    patient, practice = f"whatsapp:{TO}", "whatsapp:+4930000000"
    first = send(twilio, to=patient, from_=practice)
    until(lambda: twilio.messages(first.sid).fetch().error_code == 63016)
    assert client.inbound(sender=patient, to=practice, body="Guten Tag", webhook=hook.url) == 204
    second = send(twilio, to=patient, from_=practice)
    until(lambda: twilio.messages(second.sid).fetch().status == "delivered")


def test_a_number_that_is_not_on_whatsapp_still_gets_texts(twilio: Client) -> None:
    number = "+4915100099924"
    content = {"content_sid": "HX" + "a1" * 16, "from_": "whatsapp:+4930000000"}
    refused = twilio.messages.create(to=f"whatsapp:{number}", **content)
    text = send(twilio, to=number)
    until(lambda: twilio.messages(refused.sid).fetch().error_code == 63024)
    until(lambda: twilio.messages(text.sid).fetch().status == "delivered")


def test_stop_ends_messages_from_that_sender_and_start_takes_them_up(
    client: SandboxClient, twilio: Client, hook: Hook
) -> None:
    client.inbound(sender=TO, to=SENDER, body=" STOP ", webhook=hook.url)
    assert (hook.seen[0]["Body"], hook.seen[0]["From"]) == (" STOP ", TO)
    with pytest.raises(TwilioRestException) as caught:
        send(twilio)
    assert caught.value.code == 21610
    send(twilio, from_="Andere")
    client.inbound(sender=TO, to=SENDER, body="start", webhook=hook.url)
    send(twilio)


def test_callbacks_are_tried_again_when_the_product_answers_5xx(twilio: Client, hook: Hook) -> None:
    hook.answers = [500, 503]
    send(twilio, status_callback=hook.url)
    until(lambda: len(hook.seen) == 5)
    assert hook.statuses() == ["queued", "queued", "queued", "sent", "delivered"]


def test_callbacks_are_given_up_after_a_few_tries_and_the_message_goes_on(
    sandbox: Sandbox, twilio: Client
) -> None:
    message = send(twilio, status_callback="http://127.0.0.1:9/nobody")
    until(lambda: twilio.messages(message.sid).fetch().status == "delivered")
    assert {attempt.http_status for attempt in sandbox.twilio.callbacks()} == {0}


@pytest.mark.parametrize(("status", "code"), [(400, 21211), (429, 20429), (500, 20500)])
def test_the_next_request_is_rejected_and_nothing_is_kept(
    sandbox: Sandbox, client: SandboxClient, twilio: Client, status: int, code: int
) -> None:
    client.set_fault("twilio", "reject", status=status, count=1)
    with pytest.raises(TwilioRestException) as caught:
        send(twilio)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert sandbox.twilio.messages() == []
    send(twilio)


def test_a_fault_hits_one_number_only(client: SandboxClient, twilio: Client) -> None:
    client.set_fault("twilio", "reject", on=TO, code=21610)
    send(twilio, to=OTHER)
    with pytest.raises(TwilioRestException) as caught:
        send(twilio)
    assert caught.value.code == 21610
    client.clear_faults("twilio")
    send(twilio)


@pytest.mark.parametrize(
    ("kind", "error"), [("hang", requests.ReadTimeout), ("reset", requests.ConnectionError)]
)
@pytest.mark.parametrize("stored", [True, False])
def test_no_answer_comes_and_the_message_is_kept_or_not(
    sandbox: Sandbox, client: SandboxClient, twilio: Client, kind: str, error: type, stored: bool
) -> None:
    client.set_fault("twilio", kind, count=1, stored=stored)
    twilio.http_client.timeout = 0.3
    with pytest.raises(error):
        send(twilio)
    assert len(twilio.messages.list(to=TO)) == stored


def test_listing_can_be_out_of_order_as_well(client: SandboxClient, twilio: Client) -> None:
    client.set_fault("twilio", "reject", status=500, at="list", count=1)
    send(twilio)
    with pytest.raises(Exception, match="Unable to fetch page"):
        twilio.messages.list(to=TO)
    assert len(twilio.messages.list(to=TO)) == 1


def test_callbacks_come_before_the_answer(client: SandboxClient, twilio: Client, hook: Hook) -> None:
    client.set_fault("twilio", "callback_first", count=1)
    message = send(twilio, status_callback=hook.url)
    assert hook.statuses() == ["queued", "sent", "delivered"]
    assert message.status == "queued"


@pytest.mark.parametrize(
    ("kind", "details", "statuses"),
    [
        ("never_delivered", {}, ["queued", "sent"]),
        ("undelivered", {"code": 30006}, ["queued", "sent", "undelivered"]),
        ("failed", {"code": 30008}, ["queued", "failed"]),
        ("reorder", {}, ["queued", "delivered", "sent"]),
        (
            "duplicate",
            {"times": 2},
            ["queued", "queued", "sent", "sent", "delivered", "delivered"],
        ),
        ("silent", {}, []),
    ],
)
def test_what_goes_wrong_afterwards(
    sandbox: Sandbox,
    client: SandboxClient,
    twilio: Client,
    hook: Hook,
    kind: str,
    details: dict[str, int],
    statuses: list[str],
) -> None:
    client.set_fault("twilio", kind, on=TO, **details)
    send(twilio, status_callback=hook.url)
    until(lambda: not sandbox.twilio.messages()[0].plan and len(hook.seen) >= len(statuses))
    assert hook.statuses() == statuses
    if "code" in details:
        assert hook.seen[-1]["ErrorCode"] == str(details["code"])


def test_two_faults_of_different_kinds_hit_one_message(
    client: SandboxClient, twilio: Client, hook: Hook
) -> None:
    client.set_fault("twilio", "reset", count=1)
    client.set_fault("twilio", "undelivered", count=1)
    with pytest.raises(requests.ConnectionError):
        send(twilio, status_callback=hook.url)
    until(lambda: hook.statuses() == ["queued", "sent", "undelivered"])


def test_umlauts_keep_a_text_in_one_segment_and_other_letters_do_not(twilio: Client) -> None:
    assert send(twilio, body="ä" * 160).num_segments == "1"
    assert send(twilio, body="ğ" * 71).num_segments == "2"
