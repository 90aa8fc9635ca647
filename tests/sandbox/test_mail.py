from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest

from treffa.sandbox import Sandbox
from treffa.sandbox.client import SandboxClient

TO = "Otto@post.example"


def mail(text: str = "Bitte öffnen: https://treffa.example/p/abc?x=1&y=2.", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Radiologie am Sonnenbogen <praxis@treffa.example>"
    message["To"] = f"Otto Probefeld <{TO}>"
    message["Subject"] = "Ihr Termin: für Sie"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def deliver(sandbox: Sandbox, message: EmailMessage) -> None:
    with smtplib.SMTP(*sandbox.mail.address, timeout=1) as server:
        server.send_message(message)


def test_a_mail_is_kept_with_its_parts_and_links(sandbox: Sandbox, client: SandboxClient) -> None:
    deliver(sandbox, mail(html='<a href="https://treffa.example/p/abc?x=1&amp;y=2">Hier</a>'))
    (kept,) = sandbox.mail.mails()
    assert (kept.to, kept.sender, kept.subject) == (TO, "praxis@treffa.example", "Ihr Termin: für Sie")
    assert kept.text.startswith("Bitte öffnen") and "Hier" in kept.html
    assert kept.links == ["https://treffa.example/p/abc?x=1&y=2"]
    (message,) = client.messages(TO.lower())
    assert (message.channel, message.links) == ("email", tuple(kept.links))
    assert client.mails(TO)[0]["headers"]["From"].startswith("Radiologie am Sonnenbogen")


def test_a_recipient_is_refused_for_good_or_for_now(sandbox: Sandbox, client: SandboxClient) -> None:
    for kind, code in (("refuse", 550), ("temporary", 451)):
        client.set_fault("mail", kind, on=TO, count=1)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            deliver(sandbox, mail())
        assert caught.value.recipients[TO][0] == code
    assert sandbox.mail.mails() == []
    deliver(sandbox, mail())
    assert len(sandbox.mail.mails()) == 1


def test_the_answer_never_comes_though_the_mail_is_kept(sandbox: Sandbox, client: SandboxClient) -> None:
    client.set_fault("mail", "hang", count=1, seconds=3)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        deliver(sandbox, mail())
    client.set_fault("mail", "disconnect", count=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        deliver(sandbox, mail())
    assert len(sandbox.mail.mails()) == 2
