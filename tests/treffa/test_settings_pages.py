"""The settings: who may, what is kept and never shown, what is refused and why."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from escalation.models import Hours
from messaging import accounts
from messaging.models import Message
from practices import tenancy
from practices.models import Membership, Practice, RecordEntry, Role, User
from tests import factories, files
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "name": "Praxis Neuland",
    "sender_name": "Praxis Neuland",
    "address": "Neuweg 1",
    "phone": "030 23125408",
    "place": "DE-BE",
    "time_zone": "Europe/Berlin",
    "language": "de",
    "opens": "08:00",
    "closes": "17:00",
    "days": ["0", "1"],
}
ACCOUNT = {"sid": "AC" + "a" * 32, "token": "geheimnis-4711", "sms_sender": "Praxis", "whatsapp_sender": ""}
PASSWORD = "ein-langes-kennwort"


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


@pytest.fixture
def manager(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.MANAGER, email="manager@praxis.example")


def now_of(practice: Practice) -> Practice:
    with tenancy.scope(practice.pk):
        return Practice.objects.get()


def test_what_a_practice_says_of_itself_is_kept_and_recorded_without_its_words(
    manager: Client, practice: Practice
) -> None:
    answer = manager.post(
        "/settings/practice/", {**FORM, "own_colour": "on", "colour": "#FFD400"}, follow=True
    )
    assert "a little darker" in answer.content.decode()
    kept = now_of(practice)
    assert (kept.name, kept.phone, kept.region, kept.accent) == (
        "Praxis Neuland",
        "+493023125408",
        "BE",
        "#ffd400",
    )
    with tenancy.scope(practice.pk):
        assert Hours.objects.get().days == [0, 1]
        entry = RecordEntry.objects.get(event="practice.changed")
    assert "name" in entry.data["fields"] and "Neuland" not in str(entry.data)


def test_a_logo_is_drawn_anew_and_what_is_none_is_refused_with_all_that_was_typed(
    manager: Client, practice: Practice
) -> None:
    hostile = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for content in (hostile, b"\x89PNG\r\n\x1a\n" + hostile, b"\xff\xd8\xff<html>"):
        logo = SimpleUploadedFile("logo.png", content, "image/png")
        page = manager.post("/settings/practice/", {**FORM, "logo": logo}).content.decode()
        assert "id_logo_error" in page and "Neuweg 1" in page
    assert now_of(practice).logo is None and now_of(practice).name != FORM["name"]
    given = files.jpeg_with_place()
    manager.post("/settings/practice/", {**FORM, "logo": SimpleUploadedFile("a.jpg", given, "image/jpeg")})
    kept = bytes(now_of(practice).logo or b"")
    assert kept.startswith(b"\x89PNG") and b"Exif" not in kept and len(kept) < 10_000
    manager.post("/settings/practice/", {**FORM, "without_logo": "on"})
    assert now_of(practice).logo is None


def test_credentials_ask_for_the_password_again_and_are_never_shown(
    manager: Client, practice: Practice
) -> None:
    asked = manager.post("/settings/channels/account/", ACCOUNT)
    assert asked["Location"] == "/accounts/reauthenticate/?next=%2Fsettings%2Fchannels%2Faccount%2F"
    assert ACCOUNT["token"] not in str(dict(manager.session.items())), "nothing of it waits in the session"
    assert now_of(practice).sealed_twilio is None
    manager.post(asked["Location"], {"password": PASSWORD, "next": "/settings/channels/account/"})
    manager.post("/settings/channels/account/", ACCOUNT)
    kept = now_of(practice)
    with tenancy.scope(practice.pk):
        assert accounts.account_of(kept).token == ACCOUNT["token"]
    for address in ("/settings/channels/", "/settings/channels/account/"):
        page = manager.get(address).content.decode()
        assert ACCOUNT["token"] not in page and ACCOUNT["sid"] not in page and "ending in aaaa" in page
    manager.post("/settings/channels/account/", {"do": "remove"})
    assert now_of(practice).sealed_twilio is None


@pytest.mark.parametrize("role", [Role.STAFF, Role.PHYSICIAN, Role.VIEWER])
def test_only_managers_set_up(client: Client, practice: Practice, role: Role) -> None:
    other = sign_in(client, practice, role)
    for address in (
        "/setup/",
        "/setup/on/",
        "/settings/practice/",
        "/settings/channels/",
        "/settings/channels/account/",
    ):
        assert other.get(address).status_code == 403, address
    for address in (
        "/settings/team/invite/",
        "/setup/on/",
        "/settings/channels/test/",
        "/setup/team/passed/",
    ):
        assert other.post(address).status_code == 403, address
    assert other.get("/settings/").status_code == other.get("/settings/team/").status_code == 200


def test_an_invited_person_joins_by_post_alone(manager: Client, client: Client, practice: Practice) -> None:
    manager.post("/settings/team/invite/", {"email": "neu@praxis.example", "name": "", "role": "physician"})
    found = re.search(r"http://[^/]+(/invitation/\S+)", mail.outbox[-1].body)
    assert found
    stranger = Client()
    assert stranger.get(found[1]).status_code == stranger.get(found[1]).status_code == 200
    assert stranger.post(found[1], {"name": "Nina Neu", "password": "kurz"}).status_code == 200
    assert not User.objects.filter(email="neu@praxis.example").exists()
    joined = stranger.post(found[1], {"name": "Nina Neu", "password": PASSWORD})
    assert joined["Location"] == "/" and stranger.get("/").status_code == 200
    assert stranger.get(found[1]).status_code == Client().post(found[1], {}).status_code == 410
    with tenancy.scope(practice.pk):
        assert Membership.objects.get(user__email="neu@praxis.example").role == Role.PHYSICIAN


def test_who_has_an_account_joins_signed_in_with_it_and_nobody_else_does(
    manager: Client, practice: Practice
) -> None:
    known = factories.UserFactory(email="schon@da.example", language="en")
    manager.post("/settings/team/invite/", {"email": known.email, "name": "", "role": "staff"})
    found = re.search(r"http://[^/]+(/invitation/\S+)", mail.outbox[-1].body)
    assert found
    before = known.password
    stranger = Client()
    stranger.post(found[1], {"name": "Eve", "password": PASSWORD})
    manager.post(found[1], {"name": "Eve", "password": PASSWORD})
    with tenancy.scope(practice.pk):
        assert not Membership.objects.filter(user=known).exists()
    assert User.objects.get(pk=known.pk).password == before
    stranger.force_login(known)
    stranger.post(found[1])
    with tenancy.scope(practice.pk):
        assert Membership.objects.filter(user=known, active=True).exists()


def test_who_lost_the_role_has_to_sign_in_anew(manager: Client, practice: Practice) -> None:
    other = sign_in(Client(), practice, Role.STAFF, email="staff@praxis.example")
    with tenancy.scope(practice.pk):
        member = Membership.objects.get(user__email="staff@praxis.example")
    assert other.get("/settings/").status_code == 200
    manager.post(f"/settings/team/{member.pk}/role/", {"role": "viewer"})
    assert other.get("/settings/")["Location"].startswith("/accounts/login/")


def test_a_message_to_oneself_is_written_once_a_minute_and_to_no_premium_number(
    manager: Client, practice: Practice
) -> None:
    given: dict[str, Any] = {"channel": "sms", "address": "0152 54599371"}
    for _ in range(2):
        manager.post("/settings/channels/test/", given)
    for wrong in ("+1 900 555 1234", "+44 7400 123456", "030 12345678", "x"):
        page = manager.post("/settings/channels/test/", {**given, "address": wrong}).content.decode()
        assert "id_address_error" in page, wrong
    with tenancy.scope(practice.pk):
        assert [one.address for one in Message.objects.all()] == ["+4915254599371"]


def test_a_new_practice_leads_its_manager_to_the_set_up_until_they_say_later(client: Client) -> None:
    new = factories.make_practice(sending=False, address="")
    manager = sign_in(client, new, Role.MANAGER)
    assert manager.get("/")["Location"] == "/setup/"
    assert manager.get("/setup/")["Location"] == "/setup/practice/"
    assert manager.post("/setup/later/")["Location"] == "/"
    assert "Set the practice up" in manager.get("/").content.decode()
    manager.post("/setup/practice/", FORM)
    assert manager.get("/setup/")["Location"] == "/setup/calendar/"
    manager.post("/setup/trial/passed/")
    assert now_of(new).setup_passed == "trial"


def test_what_was_done_elsewhere_counts_in_the_set_up(client: Client) -> None:
    new = factories.make_practice(sending=False)
    manager = sign_in(client, new, Role.MANAGER)
    with tenancy.scope(new.pk):
        factories.FeedFactory()
        factories.MembershipFactory(role=Role.PHYSICIAN)
        Hours.objects.create(practice=new)
    assert manager.get("/").status_code == 200
    assert manager.get("/setup/")["Location"] == "/setup/pack/"
    page = manager.get("/setup/team/").content.decode()
    assert page.count("step--done") == 4
