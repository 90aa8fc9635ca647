"""What an e-mail service reports, over HTTP as Postmark writes it: with the secret, in any order and any number."""

from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from messaging.models import Message, Suppression
from practices import tenancy
from tests.factories import NOW
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

SECRET = "esp:geheim"
PATH = "/hooks/anymail/postmark/tracking/"


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


def tell(attempt: object, record: str, *, secret: str = SECRET, **more: Any) -> int:
    event = {
        "RecordType": record,
        "MessageID": "pm-1",
        "Recipient": "o.probefeld@post.example",
        "Metadata": {"attempt": str(attempt)} if attempt else {},
        **more,
    }
    credentials = b64encode(secret.encode()).decode()
    headers = {"authorization": f"Basic {credentials}"}
    client = Client(raise_request_exception=False)
    return client.post(PATH, event, content_type="application/json", headers=headers).status_code


@pytest.fixture
def mail(house: House, sandbox: Sandbox) -> Message:
    house.case(patient__phone="")
    house.say()
    return house.messages()[0]


def test_delivered_and_opened_mails_move_on_and_scanners_open_nothing(house: House, mail: Message) -> None:
    for _ in range(2):
        assert tell(mail.attempt_id, "Delivery", DeliveredAt=NOW.isoformat()) == 200
        assert tell(mail.attempt_id, "Open", ReceivedAt=NOW.isoformat()) == 200
    assert house.states() == [("request", "email", "delivered")]


def test_a_hard_bounce_ends_the_channel_and_a_late_delivered_revives_nothing(
    house: House, mail: Message
) -> None:
    assert tell(mail.attempt_id, "Bounce", Type="HardBounce", BouncedAt=NOW.isoformat()) == 200
    assert tell(mail.attempt_id, "Bounce", Type="HardBounce", BouncedAt=NOW.isoformat()) == 200
    assert house.states() == [("request", "email", "failed")]
    with tenancy.scope(house.practice.pk):
        assert Suppression.objects.get().channel == "email"


def test_a_soft_bounce_waits_for_the_service(house: House, mail: Message) -> None:
    assert tell(mail.attempt_id, "Bounce", Type="Transient", BouncedAt=NOW.isoformat()) == 200
    assert house.states() == [("request", "email", "accepted")]


def test_a_complaint_ends_mails_even_of_what_was_delivered(house: House, mail: Message) -> None:
    tell(mail.attempt_id, "Delivery", DeliveredAt=NOW.isoformat())
    assert tell(mail.attempt_id, "SpamComplaint", Type="SpamComplaint", BouncedAt=NOW.isoformat()) == 200
    assert house.states() == [("request", "email", "delivered")]
    with tenancy.scope(house.practice.pk):
        assert Suppression.objects.get().reason == "complaint"


def test_a_service_that_gives_no_metadata_back_is_known_by_its_own_id(house: House, mail: Message) -> None:
    assert tell(None, "Delivery", DeliveredAt=NOW.isoformat(), MessageID=mail.provider_id) == 200
    assert house.states() == [("request", "email", "delivered")]


def test_what_is_not_known_yet_is_to_be_sent_again_but_not_for_ever(house: House, mail: Message) -> None:
    assert tell(None, "Delivery", DeliveredAt=NOW.isoformat()) == 500
    assert tell(None, "Delivery", DeliveredAt="2020-01-01T00:00:00Z") == 200


@pytest.mark.parametrize("wrong", ["", "esp:", "esp:falsch", "x"])
def test_without_the_secret_nothing_is_taken(house: House, mail: Message, wrong: str) -> None:
    assert tell(mail.attempt_id, "Delivery", secret=wrong, DeliveredAt=NOW.isoformat()) in (400, 403)
    assert house.states() == [("request", "email", "accepted")]
