"""What each way out says about itself: refused for sure, or uncertain; and how mail and texts look on the way."""

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from messaging import accounts
from messaging.providers import registry
from messaging.providers.base import Accepted, Cause, Outgoing, Rejected, Uncertain
from messaging.providers.email import EmailProvider
from messaging.providers.twilio import codes
from messaging.providers.twilio.sending import TwilioProvider
from tests.factories import NOW
from treffa.sandbox import Sandbox

LINK = "https://app.treffa.example/t/abc"


def outgoing(**details: str) -> Outgoing:
    given = {
        "reference": "b5a1",
        "address": "+4915254599371",
        "sender": "+4915235000001",
        "text": f"Praxis: Termin – bitte ansehen: {LINK}",
        "link": LINK,
        **details,
    }
    return Outgoing(**given)


def mail(**details: str) -> Outgoing:
    return outgoing(address="o@post.example", sender="Praxis", subject="Ihr Termin", **details)


@pytest.fixture
def twilio(sandbox: Sandbox) -> Any:
    return registry.provider("sms", accounts.operators())


@pytest.mark.parametrize(
    ("status", "code", "cause", "unusable", "alarm"),
    [
        (400, 21211, Cause.PERMANENT, True, False),
        (400, 21610, Cause.PERMANENT, True, False),
        (400, 21614, Cause.PERMANENT, True, False),
        (400, 21617, Cause.PERMANENT, False, True),
        (400, 29999, Cause.PERMANENT, False, False),
        (401, 20003, Cause.ACCOUNT, False, True),
        (403, 29999, Cause.ACCOUNT, False, True),
        (429, 20429, Cause.RATE, False, False),
    ],
)
def test_twilios_refusals_are_sorted_by_their_code(
    twilio: Any, sandbox: Sandbox, status: int, code: int, cause: Cause, unusable: bool, alarm: bool
) -> None:
    sandbox.twilio.faults.set("reject", count=1, status=status, code=code, retry_after="90")
    refused = twilio.send(outgoing())
    assert isinstance(refused, Rejected) and refused.code == str(code)
    meaning = refused.meaning
    assert (meaning.cause, meaning.unusable, meaning.alarm) == (cause, unusable, alarm)
    assert refused.permanent == (cause is Cause.PERMANENT)
    assert refused.retry_after == (timedelta(seconds=90) if status == 429 else None)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ((Cause.TEMPORARY, False), "30003 30008 30450"),
        ((Cause.PERMANENT, True), "21211 21610 21614 30004 30005 30006 30007 63024"),
        ((Cause.PERMANENT, False), "63016 63049"),
        ((Cause.RATE, False), "20429 63018"),
        ((Cause.ACCOUNT, False), "20003 30002"),
    ],
)
def test_each_of_twilios_codes_has_its_place_in_the_table(wanted: tuple[Cause, bool], numbers: str) -> None:
    for code in numbers.split():
        meaning = codes.MEANINGS[code]
        assert (meaning.cause, meaning.unusable) == wanted, code


@pytest.mark.parametrize("details", [{"account_sid": "", "auth_token": ""}])
def test_without_credentials_nothing_is_tried(details: dict[str, str]) -> None:
    refused = TwilioProvider(**details).send(outgoing())
    assert isinstance(refused, Rejected) and refused.code == "not_configured"


def test_a_message_is_found_by_number_time_and_link_even_if_its_dashes_were_rewritten(
    twilio: Any, sandbox: Sandbox
) -> None:
    sent = twilio.send(outgoing(text=f"Praxis: Termin - bitte ansehen: {LINK}"))
    (found,) = twilio.find(outgoing(), since=NOW)
    assert found.provider_id == sent.provider_id
    assert twilio.find(outgoing(text=f"Praxis: etwas anderes: {LINK}"), since=NOW) == []
    assert twilio.find(outgoing(), since=NOW + timedelta(hours=1)) == []
    assert twilio.find(outgoing(address="+4915254599372"), since=NOW) == []


def test_a_mail_has_two_forms_and_an_id_of_ours(sandbox: Sandbox) -> None:
    accepted = registry.provider("email").send(mail(html="<p>Termin</p>", text="Termin"))
    (kept,) = sandbox.mail.mails()
    assert kept.subject == "Ihr Termin" and "Termin" in kept.text and "<p>" in kept.html
    assert accepted == Accepted(provider_id="b5a1")
    assert kept.headers["Message-ID"].startswith("<b5a1@")
    assert kept.headers["Auto-Submitted"] == "auto-generated"


def test_a_line_break_in_a_subject_or_a_name_makes_no_header(sandbox: Sandbox) -> None:
    registry.provider("email").send(mail(reference="x"))
    message = EmailProvider(from_address="a@b.example").message(
        Outgoing(
            reference="x",
            address="o@post.example",
            sender="A\r\nBcc: x@y.example",
            subject="B\nBcc: z",
            text="",
        )
    )
    assert "Bcc" not in message.message()


def test_a_mail_server_that_is_not_there_is_tried_again(sandbox: Sandbox, settings: Any) -> None:
    settings.EMAIL_PORT = 9
    refused = registry.provider("email").send(mail())
    assert isinstance(refused, Rejected) and refused.meaning.cause is Cause.TEMPORARY


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Accepts connections and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for connection in held:
            connection.close()


def test_a_mail_server_that_is_silent_before_the_mail_is_tried_again(
    sandbox: Sandbox, settings: Any, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.providers.email.DEADLINE_S", 0.3)
    settings.EMAIL_PORT = silent_server
    refused = registry.provider("email").send(mail())
    assert isinstance(refused, Rejected) and refused.meaning.cause is Cause.TEMPORARY


def test_a_mail_that_was_given_up_on_is_not_handed_over_afterwards(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.providers.email.DEADLINE_S", 0.2)
    went_on = threading.Event()
    rcpt = smtplib.SMTP.rcpt

    def slow(self: smtplib.SMTP, *args: Any) -> Any:
        time.sleep(0.5)
        went_on.set()
        return rcpt(self, *args)

    monkeypatch.setattr(smtplib.SMTP, "rcpt", slow)
    assert isinstance(registry.provider("email").send(mail()), Rejected)
    assert went_on.wait(2)
    time.sleep(0.3)
    assert not sandbox.mail.mails()


def test_a_provider_that_drips_is_cut_off_and_uncertain(
    sandbox: Sandbox, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.providers.twilio.sending.DEADLINE_S", 0.3)
    provider = TwilioProvider(account_sid="AC1", auth_token="x", base_url=f"http://127.0.0.1:{silent_server}")
    assert isinstance(provider.send(outgoing()), Uncertain)
