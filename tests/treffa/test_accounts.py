"""Signing in and out, a forgotten password, health."""

import re

import pytest
from django.core import mail
from django.test import Client

from practices.models import User
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "ein-langes-kennwort"


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


def test_forgotten_password_is_replaced_by_a_link_in_a_mail(client: Client, person: User) -> None:
    client.post("/accounts/password/reset/", {"email": "petra@praxis.example"})
    assert len(mail.outbox) == 1
    path = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
    form = client.get(path, follow=True)
    assert "password1" in form.content.decode()
    new = {"password1": "noch-ein-langes-kennwort", "password2": "noch-ein-langes-kennwort"}
    client.post(form.redirect_chain[-1][0], new)
    assert sign(client, "noch-ein-langes-kennwort") == 302


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
