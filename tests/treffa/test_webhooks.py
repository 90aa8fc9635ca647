"""Webhooks out: signed, retried, once a change, never to the inside, and switched off after days of silence."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from messaging.models import Message
from practices import record, tenancy
from practices.models import Delivery, Practice, RecordEntry, Role, Webhook
from prerequisites.models import Case
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from treffa import pipeline
from treffa.webhooks import addresses, signing, telling

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]
LATER = NOW + timedelta(minutes=1)


@dataclass
class Other:
    """The other system: what it got, and the status that it answers."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def other(settings: Any) -> Iterator[Other]:
    held = Other()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            held.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(held.status)
            self.send_header("Location", held.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    held.url = f"http://127.0.0.1:{server.server_port}/hook?key=geheim"
    settings.FEED_ALLOWED_ADDRESSES = [f"127.0.0.1:{server.server_port}"]
    yield held
    server.shutdown()
    server.server_close()


def add(practice: Practice, url: str) -> str:
    with tenancy.scope(practice.pk):
        by = record.staff(factories.UserFactory().pk)
        return addresses.add(name="PVS", url=url, by=by, now=NOW)


def change(practice: Practice, readiness: str = "ready", *, seconds: int = 1) -> Case:
    with tenancy.scope(practice.pk):
        case = Case.objects.first() or factories.CaseFactory()
        since = NOW + timedelta(seconds=seconds)
        Case.objects.update(readiness=readiness, readiness_since=since)
        return case


def advance(practice: Practice, *, minutes: float = 1) -> None:
    now = NOW + timedelta(minutes=minutes)
    if practice.pk in telling.due(now):
        pipeline.advance(stage="webhooks", practice_id=practice.pk, now=now)


def test_a_change_is_told_once_signed_and_without_the_patient(practice: Practice, other: Other) -> None:
    secret = add(practice, other.url)
    case = change(practice)
    advance(practice)
    advance(practice, minutes=2)
    ((headers, body),) = other.got
    assert json.loads(body) == {
        "type": "case.readiness",
        "timestamp": "2026-03-02T09:00:01+00:00",
        "data": {"case": case.pk, "readiness": "ready", "since": "2026-03-02T09:00:01+00:00"},
    }
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert headers["webhook-timestamp"] == str(int(LATER.timestamp()))
    assert practice.pk not in telling.due(NOW + timedelta(minutes=3))


def test_what_was_before_is_not_told_and_each_change_after_is(practice: Practice, other: Other) -> None:
    change(practice, "waiting", seconds=-60)
    add(practice, other.url)
    advance(practice)
    assert other.got == []
    change(practice, "ready", seconds=70)
    advance(practice, minutes=2)
    change(practice, "at_risk", seconds=130)
    advance(practice, minutes=3)
    assert [event["data"]["readiness"] for event in other.events()] == ["ready", "at_risk"]


def test_what_is_not_taken_is_sent_again_with_the_same_id_and_ever_longer_pauses(
    practice: Practice, other: Other
) -> None:
    add(practice, other.url)
    change(practice)
    other.status = 500
    advance(practice)
    with tenancy.scope(practice.pk):
        first = Delivery.objects.get()
        assert (first.status, first.tries, first.due_at) == (500, 1, LATER + timedelta(seconds=5))
        assert Webhook.objects.get().failing_since == LATER
    advance(practice, minutes=1.05)
    assert len(other.got) == 1, "not before its time"
    other.status = 200
    advance(practice, minutes=2)
    assert other.got[0][0]["webhook-id"] == other.got[1][0]["webhook-id"]
    with tenancy.scope(practice.pk):
        again = Delivery.objects.get()
        assert (again.due_at, again.taken_at, again.status) == (None, NOW + timedelta(minutes=2), 200)
        assert Webhook.objects.get().failing_since is None


def test_a_redirect_is_not_followed(practice: Practice, other: Other) -> None:
    add(practice, other.url)
    change(practice)
    other.status = 307
    advance(practice)
    assert len(other.got) == 1
    with tenancy.scope(practice.pk):
        assert Delivery.objects.get().status == 307


def test_the_inside_is_never_asked(practice: Practice, other: Other, settings: Any) -> None:
    add(practice, other.url)
    change(practice)
    settings.FEED_ALLOWED_ADDRESSES = []
    advance(practice)
    assert other.got == []
    with tenancy.scope(practice.pk):
        assert Delivery.objects.get().problem == "bad_address"
        for url in (
            other.url,
            "ftp://x.example/",
            "https://a:b@x.example/",
            "https://x.example:22/",
            "x",
            "https://",
        ):
            with pytest.raises(addresses.RefusedAddressError):
                addresses.add(name="x", url=url, by=record.staff(1), now=NOW)
    add(practice, "https://127.0.0.1/hook")
    change(practice, "at_risk", seconds=90)
    advance(practice, minutes=2)
    with tenancy.scope(practice.pk):
        problems = set(Delivery.objects.order_by("-pk").values_list("problem", flat=True)[:2])
    assert problems == {"bad_address", "forbidden_address"}


def test_after_three_days_of_silence_it_is_switched_off_and_managers_are_told(
    practice: Practice, other: Other
) -> None:
    add(practice, other.url)
    with tenancy.scope(practice.pk):
        factories.MembershipFactory(role=Role.MANAGER)
    change(practice)
    other.status = 503
    advance(practice)
    advance(practice, minutes=3 * 24 * 60 + 2)
    with tenancy.scope(practice.pk):
        hook = Webhook.objects.get()
        assert hook.disabled_at is not None
        assert Delivery.objects.filter(due_at__isnull=False).count() == 0
        assert Message.objects.filter(occasion="staff").count() == 1
        assert RecordEntry.objects.filter(event="webhook.switched_off").count() == 1
    change(practice, "at_risk", seconds=90)
    assert practice.pk not in telling.due(NOW + timedelta(days=4))
    with tenancy.scope(practice.pk):
        on = NOW + timedelta(days=4)
        assert addresses.switch_on(webhook_id=hook.pk, by=record.staff(hook.made_by_id), now=on)
    assert practice.pk not in telling.due(on), "what changed meanwhile is read with the API"


def test_what_a_removed_one_was_to_be_told_is_forgotten_with_its_secret(
    practice: Practice, other: Other
) -> None:
    add(practice, other.url)
    change(practice)
    other.status = 500
    advance(practice)
    with tenancy.scope(practice.pk):
        hook = Webhook.objects.get()
        assert addresses.remove(webhook_id=hook.pk, by=record.staff(hook.made_by_id), now=NOW)
        assert not addresses.remove(webhook_id=hook.pk, by=record.staff(hook.made_by_id), now=NOW)
        assert bytes(Webhook.objects.get().sealed_secret) == b""
    advance(practice, minutes=60)
    assert len(other.got) == 1


def test_the_signature_is_the_one_of_the_standards_example() -> None:
    """Standard Webhooks, the example of its libraries' tests."""
    signed = signing.headers(
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_manager_adds_tries_and_removes_on_the_page(
    client: Client, practice: Practice, other: Other
) -> None:
    staff = sign_in(client, practice, Role.MANAGER)
    page = {"name": "PVS", "url": other.url}
    asked = staff.post("/access/webhooks/new/", page)["Location"]
    staff.post(asked, {"password": "ein-langes-kennwort"})
    bad = staff.post("/access/webhooks/new/", {**page, "url": "http://intern.example/"})
    assert 'value="http://intern.example/"' in bad.content.decode()
    assert "whsec_" in staff.post("/access/webhooks/new/", page).content.decode()
    with tenancy.scope(practice.pk):
        hook = Webhook.objects.get()
    assert staff.post(f"/access/webhooks/{hook.pk}/try/").status_code == 302
    advance(practice, minutes=0)
    assert other.events() == [{"type": "webhook.test", "timestamp": "2026-03-02T09:00:00+00:00", "data": {}}]
    html = staff.get("/access/webhooks/").content.decode()
    assert "204" in html
    assert "geheim" not in html and "whsec_" not in html
    assert staff.post(f"/access/webhooks/{hook.pk}/burn/").status_code == 404
    staff.post(f"/access/webhooks/{hook.pk}/remove/")
    assert "No address yet" in staff.get("/access/webhooks/").content.decode()
