"""Signing in and out, a forgotten password, health."""

import re
from typing import Any

import pytest
import redis
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client

from practices import tenancy
from practices.models import User
from tests import factories
from tests.treffa.staff import sign_in
from treffa.sandbox import start
from treffa.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

PASSWORD = "ein-langes-kennwort"
RESET = "/accounts/password/reset/"


@pytest.fixture(autouse=True)
def _nothing_counted_yet() -> None:
    """The counts of the tests before, by their own keys: the same Redis is the broker."""
    broker = redis.Redis.from_url(django_settings.REDIS_URL)
    for key in broker.scan_iter("treffa:1:allauth:rl:*"):
        broker.delete(key)
    broker.close()


@pytest.fixture
def person() -> User:
    user: User = factories.UserFactory(email="petra@praxis.example")
    return user


def sign(client: Client, password: str) -> int:
    return client.post(
        "/accounts/login/", {"login": "petra@praxis.example", "password": password}
    ).status_code


def test_right_password_leads_to_the_board(client: Client, person: User) -> None:
    response = client.post(
        "/accounts/login/?next=/tasks/", {"login": "Petra@Praxis.example", "password": PASSWORD}
    )
    assert response.status_code == 302
    assert "_auth_user_id" in client.session


def test_wrong_password_says_so_beside_the_form_and_keeps_the_address(client: Client, person: User) -> None:
    response = client.post("/accounts/login/", {"login": "petra@praxis.example", "password": "falsch"})
    html = response.content.decode()
    assert response.status_code == 200
    assert 'role="alert"' in html
    assert 'value="petra@praxis.example"' in html


def test_ten_wrong_passwords_lock_the_address_for_a_while(client: Client, person: User) -> None:
    for _ in range(10):
        sign(client, "falsch")
    assert sign(client, PASSWORD) == 429


def test_sign_out_asks_and_forgets(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/accounts/logout/").status_code == 200
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_forgotten_password_is_replaced_by_a_link_in_a_mail(
    client: Client, person: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        client.post(RESET, {"email": "petra@praxis.example"})
    assert len(mail.outbox) == 1
    path = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
    form = client.get(path, follow=True)
    assert "password1" in form.content.decode()
    new = {"password1": "noch-ein-langes-kennwort", "password2": "noch-ein-langes-kennwort"}
    client.post(form.redirect_chain[-1][0], new)
    assert sign(client, "noch-ein-langes-kennwort") == 302


def test_addresses_that_are_not_in_use_are_not_there(client: Client, person: User) -> None:
    client.force_login(person)
    for path in (
        "email",
        "password/change",
        "password/set",
        "confirm-email",
        "social/connections",
        "2fa",
        "3rdparty",
    ):
        assert client.get(f"/accounts/{path}/").status_code == 404, path


def test_fourth_request_for_a_password_within_an_hour_is_turned_down_for_anybody(
    client: Client, person: User, django_capture_on_commit_callbacks: Any
) -> None:
    answers = {}
    for address in ("petra@praxis.example", "nobody@praxis.example"):
        with django_capture_on_commit_callbacks(execute=True):
            answers[address] = [client.post(RESET, {"email": address}) for _ in range(4)]
    for given in answers.values():
        assert [answer.status_code for answer in given] == [302, 302, 302, 429]
    known, unknown = (given for given in answers.values())
    assert [a.headers.get("Location") for a in known] == [a.headers.get("Location") for a in unknown]
    assert [sorted(mail.to) for mail in mail.outbox] == [["petra@praxis.example"]] * 3 + [
        ["nobody@praxis.example"]
    ] * 3


def test_one_computer_cannot_ask_for_everybodys_password(client: Client) -> None:
    answers = [client.post(RESET, {"email": f"person{n}@praxis.example"}).status_code for n in range(21)]
    assert answers == [302] * 20 + [429]
    elsewhere = client.post(RESET, {"email": "other@praxis.example"}, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


@pytest.mark.parametrize(("proxies", "last"), [(0, 429), (1, 302)])
def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    client: Client, settings: Any, proxies: int, last: int
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for n in range(20):
        client.post(RESET, {"email": f"person{n}@praxis.example"}, HTTP_X_FORWARDED_FOR="1.2.3.4, 192.0.2.1")
    response = client.post(RESET, {"email": "x@praxis.example"}, HTTP_X_FORWARDED_FOR="1.2.3.4, 192.0.2.9")
    assert response.status_code == last
    client.post(
        "/accounts/login/",
        {"login": "p@praxis.example", "password": "x"},
        HTTP_X_FORWARDED_FOR="1.2.3.4, 192.0.2.9",
    )
    assert AccessAttempt.objects.get().ip_address == ("192.0.2.9" if proxies else "127.0.0.1")


def test_without_the_broker_people_sign_in_all_the_same(client: Client, person: User, settings: Any) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert sign(client, PASSWORD) == 302


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_away_changes_nothing_on_the_page(
    client: Client, person: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert client.post(RESET, {"email": "petra@praxis.example"}).status_code == 302
    assert "did not leave" in caplog.text and "petra" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_mail_for_a_new_password_arrives_over_smtp(client: Client, person: User, settings: Any) -> None:
    with start() as outside:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = outside.mail.address
        client.post(RESET, {"email": "petra@praxis.example"}, headers={"Accept-Language": "de"})
        (arrived,) = SandboxClient(outside.http_url).messages("petra@praxis.example")
    (link,) = [link for link in re.findall(r"https?://\S+", arrived.text) if "/password/reset/key/" in link]
    assert "password1" in client.get("/" + link.split("/", 3)[3], follow=True).content.decode()


def test_used_link_for_a_new_password_says_so(client: Client) -> None:
    html = client.get("/accounts/password/reset/key/1-abc-def/").content.decode()
    assert "/accounts/password/reset/" in html
    assert "password1" not in html


def test_nobody_can_sign_up_alone(client: Client) -> None:
    response = client.post("/accounts/signup/", {"email": "neu@post.example", "password1": PASSWORD})
    assert not User.objects.filter(email="neu@post.example").exists()
    assert response.status_code == 200


def test_sign_in_page_speaks_the_language_of_the_browser(client: Client) -> None:
    html = client.get("/accounts/login/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="en"' in html
    assert "Sign in" in html


@pytest.mark.parametrize(("chosen", "said"), [("", "Erfolgreich als"), ("fr", "Connexion avec")])
def test_what_is_said_on_signing_in_is_in_the_persons_language_else_the_practices(
    client: Client, person: User, chosen: str, said: str
) -> None:
    User.objects.update(language=chosen)
    practice = factories.make_practice()
    with tenancy.scope(practice.pk):
        factories.MembershipFactory(user=person)
    client.post(
        "/accounts/login/",
        {"login": "petra@praxis.example", "password": PASSWORD},
        headers={"Accept-Language": "en"},
    )
    html = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert said in html and "Successfully" not in html


def test_pages_allow_no_inline_script_or_style(client: Client) -> None:
    response = client.get("/accounts/login/")
    policy = response["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    html = response.content.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)


def test_health_says_alive_without_the_database_and_ready_with_it(client: Client) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json()["database"] is True


def test_broken_page_never_shows_data_and_unknown_pages_are_neutral(client: Client) -> None:
    response = sign_in(client, factories.make_practice()).get(
        "/no/such/page/", headers={"Accept-Language": "en"}
    )
    assert response.status_code == 404
    assert "another practice" in response.content.decode()
