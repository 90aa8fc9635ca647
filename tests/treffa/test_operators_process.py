"""The operators' process as it runs: what the product's login or key made is worth nothing there."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from practices.models import User
from practices.operator_sessions import SessionStore
from tests import operators

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _passwords_as_in_production(settings: Any) -> None:
    """The process knows no quick ones."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS


COOKIES = ("sessionid", "treffa_staff", "treffa_operator")
PROCESS = """
import json, sys
import django
from django.test import Client
django.setup()
from django.conf import settings
asked = json.load(sys.stdin)
client = Client(headers={"host": "127.0.0.1"})
for name, value in asked["cookies"].items():
    client.cookies[name] = value
answers = [getattr(client, method)(path, data).status_code for method, path, data in asked["requests"]]
print(json.dumps({"answers": answers, "cookie": settings.SESSION_COOKIE_NAME, "cookies": sorted(client.cookies)}))
"""


def ask(
    *requests: tuple[str, str, dict[str, str]], cookies: dict[str, str] | None = None
) -> dict[str, object]:
    """What the operators' process answers, on the tests' database."""
    url = os.environ["DATABASE_OPERATOR_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    own |= {
        "DATABASE_OPERATOR_URL": url,
        "DATABASE_ROLE": "operator",
        "ROOT_URLCONF": "treffa.urls_operator",
        "DJANGO_SETTINGS_MODULE": "treffa.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROCESS],
        input=json.dumps({"cookies": cookies or {}, "requests": requests}),
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def login(password: str) -> tuple[str, str, dict[str, str]]:
    return ("post", "/login/", {"username": operators.EMAIL, "password": password})


def test_operators_sign_in_to_their_own_process() -> None:
    operators.make_operator()
    found = ask(login(operators.PASSWORD), ("get", "/", {}))
    assert found["answers"] == [302, 200]
    assert found["cookie"] == "treffa_operator"
    assert not Session.objects.exists()


def test_a_session_that_the_product_wrote_for_an_operator_is_worth_nothing() -> None:
    operator = operators.make_operator()
    forged = {
        SESSION_KEY: str(operator.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: operator.get_session_auth_hash(),
    }
    store = Client().session
    store.update(forged)
    store.save()
    assert ask(("get", "/", {}), cookies=dict.fromkeys(COOKIES, store.session_key))["answers"] == [302]
    with operators.operators_role():  # even in their own table: it is signed with another key
        own = SessionStore()
        own.update(forged)
        own.save()
    assert ask(("get", "/", {}), cookies=dict.fromkeys(COOKIES, own.session_key))["answers"] == [302]


def test_an_operator_is_nobody_to_the_product(client: Client) -> None:
    operator = operators.make_operator()
    given = {"login": operators.EMAIL, "password": operators.PASSWORD}
    assert client.post("/accounts/login/", given).status_code == 200
    assert "_auth_user_id" not in client.session
    session = client.session
    session.update({SESSION_KEY: str(operator.pk), HASH_SESSION_KEY: operator.get_session_auth_hash()})
    session.update({BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})
    session.save()
    client.cookies["treffa_staff"] = session.session_key
    assert client.get("/").status_code == 302


def test_wrong_passwords_of_operators_are_counted_out_of_the_products_reach() -> None:
    operators.make_operator()
    found = ask(*[login("falsch")] * 10, login(operators.PASSWORD))
    assert found["answers"] == [*[200] * 9, 429, 429]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM axes_accessattempt")
        assert cursor.fetchone() == (0,)


def test_a_person_of_a_practice_does_not_get_in() -> None:
    User.objects.create_user("petra@praxis.example", "ein-langes-kennwort", name="Petra")
    given = {"username": "petra@praxis.example", "password": "ein-langes-kennwort"}
    assert ask(("post", "/login/", given), ("get", "/", {}))["answers"] == [200, 302]
