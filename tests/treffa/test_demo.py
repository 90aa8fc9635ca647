"""What somebody who tries Treffa sees from the first minute on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from messaging.models import Message
from practices import clock, tenancy
from practices.models import RecordEntry, User
from prerequisites.models import Case, Readiness, RequirementState
from treffa import pipeline
from treffa.demo import seeding
from treffa.demo.practices import PRACTICES
from treffa.embedded.stack import DENSITY
from treffa.sandbox import sandbox as outside
from treffa.sandbox.client import SandboxClient

# Five past midnight in Berlin: nobody is written to at that hour, and still the demo has a past to show.
NOW = datetime(2026, 3, 2, 23, 5, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.timeout(300)
def test_a_fresh_demo_shows_cases_in_every_state_and_messages_on_the_phones(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock, "_FILE", str(tmp_path / "clock.json"))
    monkeypatch.setattr(clock, "_seen", None)
    monkeypatch.setattr(seeding, "PRACTICES", PRACTICES[:1])
    clock.turn(to=NOW, speed=0)
    with outside.start(density=float(DENSITY), callback_delay=0) as running:
        settings.SANDBOX_URL = settings.TWILIO_BASE_URL = running.http_url
        settings.TWILIO_ACCOUNT_SID = settings.TWILIO_ACCOUNT_SID or outside.ACCOUNT_SID
        settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN or outside.AUTH_TOKEN
        settings.CLAMD_ADDRESS = running.clamd_address
        settings.EMAIL_HOST, _, port = running.smtp_address.partition(":")
        settings.EMAIL_PORT = int(port)
        settings.DOCUMENT_ROOT = tmp_path
        settings.FEED_ALLOWED_ADDRESSES = [running.http_url.removeprefix("http://")]
        seeding.seed()
        assert clock.now() == NOW
        assert pipeline.due(now=NOW) == [], "nothing is left to do"
        _looks_lived_in(seeding._known_practices()[0], SandboxClient(running.http_url))
        board = _board(client)
    assert "brauchen Sie jetzt" in board


def _looks_lived_in(practice_id: int, sandbox: SandboxClient) -> None:
    with tenancy.scope(practice_id):
        shown = set(Case.objects.values_list("readiness", flat=True))
        decided = set(Case.objects.values_list("requirements__state", flat=True))
        told = Message.objects.filter(patient__isnull=False).exclude(channel="email").first()
        written = RecordEntry.objects.filter(at__gt=NOW).count()
    assert shown >= set(Readiness) - {Readiness.CLOSED}, set(Readiness) - shown
    assert {RequirementState.REJECTED, RequirementState.WAIVED, RequirementState.ACCEPTED} <= decided
    assert told is not None and sandbox.messages(told.address)
    assert written == 0, "nothing was done in the future"


def _board(client: Client) -> str:
    client.force_login(User.objects.get(email=PRACTICES[0].people[0][0]))
    return client.get("/").content.decode()


def test_the_banner_names_each_address_and_each_sign_in(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:8002"
    banner = seeding.banner()
    for expected in (settings.PUBLIC_URL, settings.OPERATOR_URL, settings.SANDBOX_URL, seeding.PASSWORD):
        assert expected in banner
    assert all(email in banner for practice in PRACTICES for email, _, _ in practice.people)
