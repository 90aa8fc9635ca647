from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from twilio.rest import Client

from practices import clock
from tests.sandbox.test_mail import TO as EMAIL
from tests.sandbox.test_mail import mail
from tests.sandbox.test_twilio import TO as PHONE
from tests.sandbox.test_twilio import send
from tests.sandbox.waiting import until
from treffa.sandbox import Sandbox, start
from treffa.sandbox.client import SandboxClient, SandboxError

START = datetime(2026, 12, 1, 10, tzinfo=ZoneInfo("Europe/Berlin"))


def client_of(sandbox: Sandbox) -> Client:
    client = Client(sandbox.twilio.account_sid, sandbox.twilio.auth_token)
    client.api.base_url = sandbox.http_url
    return client


def test_messages_and_calendars_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "sandbox.sqlite3"
    with start(state=state, callback_delay=30) as first:
        send(client_of(first), to=PHONE)
        with smtplib.SMTP(*first.mail.address) as server:
            server.send_message(mail())
        client = SandboxClient(first.http_url)
        client.create_calendar("test", title="Test", style="type")
        event = client.book("test", first_name="Otto", last_name="P", type="MRT Knie", start=START)
    with start(state=state, callback_delay=0.01) as second:
        client = SandboxClient(second.http_url)
        assert [message.channel for message in client.messages()] == ["sms", "email"]
        assert client.events("test") == [event]
        until(lambda: client.messages(PHONE)[0].status == "delivered")


def test_reset_forgets_all(sandbox: Sandbox, client: SandboxClient, twilio: Client) -> None:
    send(twilio)
    client.create_calendar("test")
    client.set_fault("clamd", "down")
    client.set_fault("mail", "refuse")
    client.reset()
    assert client.messages() == [] and client.methods() == {}
    assert all(calendar.living for calendar in client.calendars())
    assert not sandbox.clamd.down and sandbox.mail.faults.all() == []


def test_a_message_is_waited_for(client: SandboxClient, twilio: Client) -> None:
    send(twilio, to=PHONE, body="Eins http://127.0.0.1/p/1")
    send(twilio, to=PHONE, body="Zwei")
    assert client.wait_for_message("0151 00012345").links == ("http://127.0.0.1/p/1",)
    assert client.wait_for_message(PHONE, after=1).text == "Zwei"
    with pytest.raises(TimeoutError):
        client.wait_for_message(PHONE, containing="Drei", seconds=0.1)


def test_the_feed_of_another_moment_can_be_asked_for_uncounted(
    sandbox: Sandbox, client: SandboxClient
) -> None:
    at = (clock.now() - timedelta(days=20)).isoformat()
    path = f"{sandbox.http_url}/control/calendars/kardio-ct/feed"
    then = requests.get(path, params={"at": at}, timeout=5).content
    assert then != requests.get(path, timeout=5).content
    assert then.startswith(b"BEGIN:VCALENDAR") and client.methods() == {}


def test_what_makes_no_sense_is_refused_with_a_reason(sandbox: Sandbox, client: SandboxClient) -> None:
    with pytest.raises(SandboxError, match="There is no calendar"):
        client.events("nothing")
    with pytest.raises(SandboxError, match="living"):
        client.create_calendar("kardio-ct")
    answer = requests.post(f"{sandbox.http_url}/control/twilio/faults", data=b"{", timeout=5)
    assert answer.status_code == 400
    assert requests.post(f"{sandbox.http_url}/control/messages", timeout=5).status_code == 405


def run(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    (tmp_path / "clock.json").write_text(json.dumps({"real": 0, "virtual": 0, "speed": 1}))
    return subprocess.Popen(
        [sys.executable, "-m", "treffa.sandbox", "--smtp", "127.0.0.1:0", "--clamd", "127.0.0.1:0", *options],
        env={**os.environ, "CLOCK_FILE": str(tmp_path / "clock.json"), "TWILIO_ACCOUNT_SID": "AC1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_as_a_process_it_says_where_it_is_follows_the_clock_and_stops_when_told(tmp_path: Path) -> None:
    process = run(tmp_path, "--http", "127.0.0.1:0", "--state", str(tmp_path / "state.sqlite3"))
    assert process.stdout is not None
    addresses = json.loads(process.stdout.readline())
    client = SandboxClient(addresses["http"])
    assert {"http", "smtp", "clamd"} == set(addresses)
    now = datetime(2027, 5, 10, 8, tzinfo=ZoneInfo("Europe/Berlin"))
    clock_file = tmp_path / "clock.json"
    clock_file.write_text(json.dumps({"real": time.time(), "virtual": now.timestamp(), "speed": 1}))
    starts = [event.start for event in client.events("radiologie-ct-1")]
    assert now - timedelta(days=31) < min(starts) < now < max(starts) < now + timedelta(days=85)
    with smtplib.SMTP(*addresses["smtp"].split(":")) as server:
        server.send_message(mail())
    assert client.messages(EMAIL)[0].at - now < timedelta(minutes=1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_taken_port_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = run(tmp_path, "--http", f"127.0.0.1:{taken.getsockname()[1]}")
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.count("\n") == 1 and "http at 127.0.0.1:" in errors and "in use" in errors
