from __future__ import annotations

import re
import smtplib
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import requests
from twilio.rest import Client

from tests.sandbox.test_mail import TO as EMAIL
from tests.sandbox.test_mail import mail
from tests.sandbox.test_twilio import TO as PHONE
from tests.sandbox.test_twilio import send
from treffa.sandbox import Sandbox
from treffa.sandbox.client import SandboxClient
from treffa.sandbox.links import links_in, pieces

LINK = "http://127.0.0.1:8000/p/abc"


def page(sandbox: Sandbox, path: str) -> requests.Response:
    return requests.get(sandbox.http_url + path, timeout=5)


@pytest.fixture
def otto(client: SandboxClient) -> None:
    """Otto has an appointment, and with it a phone and a mailbox."""
    client.create_calendar("test", title="Testkalender <1>")
    client.book(
        "test",
        first_name="Otto",
        last_name="Probefeld",
        type="MRT Knie",
        start=datetime(2026, 12, 1, 10, tzinfo=ZoneInfo("Europe/Berlin")),
        phone="0151 00012345",
        email=EMAIL,
        born=date(1950, 3, 24),
    )


def test_the_overview_shows_every_calendar_and_says_that_nothing_came_yet(sandbox: Sandbox) -> None:
    body = page(sandbox, "/").text
    assert "No messages yet" in body
    assert all(sandbox.calendar_url(key) in body for key in sandbox.doctolib.calendar_keys())


@pytest.mark.usefixtures("otto")
def test_a_person_is_one_row_with_phone_and_mailbox_and_text_is_never_markup(
    sandbox: Sandbox, twilio: Client
) -> None:
    send(twilio, to=PHONE, body="<script>alert(1)</script>")
    with smtplib.SMTP(*sandbox.mail.address) as server:
        server.send_message(mail())
    body = page(sandbox, "/").text
    assert body.count("Otto Probefeld") == 1
    assert f"{EMAIL.lower()}, {PHONE}" in body
    assert "<script>alert" not in body and "Testkalender &lt;1&gt;" in body
    assert "&lt;script&gt;alert" in page(sandbox, f"/phones/{PHONE}").text


@pytest.mark.usefixtures("otto")
def test_a_phone_tells_who_tries_it_the_date_of_birth_that_the_patients_page_asks_for(
    sandbox: Sandbox,
) -> None:
    assert "Born 24.03.1950" in page(sandbox, f"/phones/{PHONE}").text


@pytest.mark.usefixtures("otto")
def test_a_phone_shows_texts_and_mails_whichever_address_is_asked_for(
    sandbox: Sandbox, twilio: Client
) -> None:
    send(twilio, to=PHONE, body=f"Bitte: {LINK}. Danke")
    with smtplib.SMTP(*sandbox.mail.address) as server:
        server.send_message(mail())
    for address in (PHONE, "%2B4915100012345", "0151%2000012345", EMAIL):
        body = page(sandbox, f"/phones/{address}").text
        assert f'href="{LINK}" target="_blank"' in body
        assert "Ihr Termin: für Sie" in body and "Otto Probefeld" in body


def test_an_address_of_nobody_shows_what_it_got_or_is_not_found(sandbox: Sandbox, twilio: Client) -> None:
    send(twilio, to="+41790000000")
    assert "+41790000000" in page(sandbox, "/phones/+41790000000").text
    assert page(sandbox, "/phones/+41790000001").status_code == 404


def test_pages_allow_nothing_inline_and_their_files_are_there(sandbox: Sandbox) -> None:
    answer = page(sandbox, "/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=|onclick=|<script>", answer.text)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text)
    assert len(files) >= 3
    assert {page(sandbox, path).status_code for path in files} == {200}
    assert page(sandbox, "/static/..%2Fpages.py").status_code == 404


def test_a_person_can_book_an_appointment_and_sees_the_phone(sandbox: Sandbox, client: SandboxClient) -> None:
    body = page(sandbox, "/book").text
    assert "http-equiv" not in body
    assert '<option value="kardio-ct/Kardio-CT">Kardio-CT (Dr. med. Vera Vorlage' in body
    form = {
        "offer": "radiologie-ct-1/CT Thorax mit KM",
        "start": "2026-12-01T10:00",
        "name": "Otto Probefeld",
    }
    answer = requests.post(
        f"{sandbox.http_url}/book", data={**form, "phone": "0151 00000001", "born": "1947-03-14"}, timeout=5
    )
    assert answer.url.endswith("/phones/+4915100000001") and "Otto Probefeld" in answer.text
    (event,) = sandbox.doctolib.calendar("radiologie-ct-1").events.values()
    assert event.summary == "Probefeld, Otto - CT Thorax mit KM" and "14.03.1947" in event.description
    assert requests.post(f"{sandbox.http_url}/book", data=form, timeout=5).url.endswith("/")
    assert requests.post(f"{sandbox.http_url}/book", data={"offer": "x"}, timeout=5).status_code == 400


def test_links_end_before_the_full_stop() -> None:
    assert links_in(text=f"Siehe {LINK}. Oder ({LINK}2)!") == [LINK, f"{LINK}2"]
    assert "".join(piece.text for piece in pieces(f"a {LINK}, b")) == f"a {LINK}, b"
