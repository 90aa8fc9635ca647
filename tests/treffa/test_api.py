"""The JSON API: who may what, what it says, and that a write sent twice is done once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from appointments.models import Patient
from practices import api_tokens, record, tenancy
from practices.models import ApiToken, ApiWrite, Practice, RecordEntry, Role
from prerequisites.models import Requirement, Submission
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from treffa.api import access

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]
ALL = ["read", "receive", "contact"]


def token(practice: Practice, *scopes: str) -> str:
    with tenancy.scope(practice.pk):
        by = record.staff(factories.UserFactory().pk)
        return api_tokens.make(name=f"PVS {scopes}", scopes=scopes or ALL, by=by, now=NOW)


@pytest.fixture
def call(client: Client, practice: Practice) -> Callable[..., Any]:
    secret = token(practice)

    def ask(address: str, body: Any = None, *, secret: str = secret, **headers: str) -> Any:
        head = {"authorization": f"Bearer {secret}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if body is None:
            return client.get(f"/api/v1{address}", headers=head)
        return client.post(
            f"/api/v1{address}", data=json.dumps(body), content_type="application/json", headers=head
        )

    return ask


def problem(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    content = response.json()
    assert content["status"] == response.status_code
    return content["status"], content["code"]


def test_without_a_token_that_holds_nothing_is_said(client: Client, practice: Practice, call: Any) -> None:
    assert problem(client.get("/api/v1/cases")) == (401, "no_token")
    assert problem(call("/cases", secret="treffa_invented")) == (401, "no_token")
    held = token(practice, "read")
    with tenancy.scope(practice.pk):
        last = ApiToken.objects.latest("pk")
        assert last.token_hash != held
        api_tokens.revoke(token_id=last.pk, by=record.staff(last.made_by_id), now=NOW)
    assert problem(call("/cases", secret=held)) == (401, "no_token")


def test_a_token_may_what_its_scopes_say(practice: Practice, call: Any) -> None:
    with tenancy.scope(practice.pk):
        one = factories.RequirementFactory()
    reads, receives = token(practice, "read"), token(practice, "receive")
    assert problem(call(f"/requirements/{one.pk}/received", {"how": "fax"}, secret=reads)) == (
        403,
        "scope_missing",
    )
    assert problem(call("/cases", secret=receives)) == (403, "scope_missing")
    assert call("/token", secret=reads).json()["scopes"] == ["read"]


def test_cases_come_page_by_page_each_once_and_as_asked(practice: Practice, call: Any) -> None:
    with tenancy.scope(practice.pk):
        made = [factories.CaseFactory(readiness=state).pk for state in ("ready", "waiting", "waiting")]
    first = call("/cases?limit=2").json()
    second = call(f"/cases?limit=2&cursor={first['next']}").json()
    assert [one["id"] for one in first["items"] + second["items"]] == made
    assert second["next"] is None
    ready = call("/cases?readiness=ready").json()["items"]
    assert [one["id"] for one in ready] == made[:1]
    assert ready[0]["patient"] == {
        "id": ready[0]["patient"]["id"],
        "name": "Otto Probefeld",
        "birth_date": "1947-03-14",
    }
    assert call("/cases?changed_since=2026-03-02T09:00:01Z").json()["items"] == []
    assert len(call("/cases?changed_since=2026-03-02T10:00:00%2B01:00").json()["items"]) == 3


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=%00", "cursor_invalid"),
        ("cursor=" + "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor_invalid"),
        ("limit=0", "limit_invalid"),
        ("limit=100000", "limit_invalid"),
        ("limit=x", "invalid"),
        ("readiness=done", "invalid"),
        ("starts_from=2026-03-14T09:00:00", "time_without_zone"),
    ],
)
def test_what_is_not_understood_is_said_with_a_code(call: Any, query: str, code: str) -> None:
    assert problem(call(f"/cases?{query}")) == (422, code)


def test_requirements_say_what_is_missing_and_another_practices_are_not_found(
    practice: Practice, call: Any
) -> None:
    with tenancy.scope(practice.pk):
        one = factories.RequirementFactory()
    other = factories.make_practice()
    with tenancy.scope(other.pk):
        foreign = factories.RequirementFactory()
    (said,) = call(f"/cases/{one.case_id}/requirements").json()["items"]
    assert (said["id"], said["state"], said["title"]) == (one.pk, "open", "Überweisung")
    for address in (
        f"/cases/{foreign.case_id}",
        f"/cases/{foreign.case_id}/requirements",
        f"/cases/{10**30}",
    ):
        assert problem(call(address)) == (404, "no_such_case")
    for number in (foreign.pk, 10**30):
        answer = call(f"/requirements/{number}/received", {"how": "fax"})
        assert problem(answer) == (404, "no_such_requirement")
    assert problem(call(f"/cases/{foreign.case_id}/contact", {"phone": "0171 2345678"})) == (
        404,
        "no_such_case",
    )


def test_a_write_that_is_sent_twice_is_done_once(practice: Practice, call: Any) -> None:
    with tenancy.scope(practice.pk):
        one, two = factories.RequirementFactory(), factories.RequirementFactory()
    address = f"/requirements/{one.pk}/received"
    answers = [call(address, {"how": "fax"}, idempotency_key="a-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert "Idempotent-Replayed" in answers[1] and "Idempotent-Replayed" not in answers[0]
    assert problem(call(address, {"how": "fax"})) == (409, "already_decided")
    assert problem(call(f"/requirements/{two.pk}/received", {"how": "fax"}, idempotency_key="a-1")) == (
        422,
        "idempotency_key_reused",
    )
    assert problem(call(address, {"how": "fax"}, idempotency_key="x" * 81)) == (
        400,
        "idempotency_key_invalid",
    )
    with tenancy.scope(practice.pk):
        assert Submission.objects.count() == 1
        assert Requirement.objects.get(pk=two.pk).state == "open"
        assert RecordEntry.objects.filter(event="api.wrote").count() == 1


def test_two_that_come_at_once_are_one(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        one = factories.RequirementFactory()
    head = {"authorization": f"Bearer {token(practice)}", "idempotency-key": "k"}

    def send(_: int) -> int:
        try:
            return (
                Client()
                .post(
                    f"/api/v1/requirements/{one.pk}/received",
                    data='{"how": "post"}',
                    content_type="application/json",
                    headers=head,
                )
                .status_code
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(send, range(3))) == [200, 200, 200]
    with tenancy.scope(practice.pk):
        assert (Submission.objects.count(), ApiWrite.objects.count()) == (1, 1)


def test_what_is_refused_leaves_no_key_behind(practice: Practice, call: Any) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
    address = f"/cases/{case.pk}/contact"
    refused = call(address, {"phone": "12"}, idempotency_key="c-1")
    assert problem(refused) == (422, "phone_invalid")
    assert "12" not in refused.content.decode().replace("422", "")
    assert problem(call(address, {}, idempotency_key="c-1")) == (422, "nothing_given")
    done = call(address, {"phone": "0171 2345678"}, idempotency_key="c-1")
    assert done.json() == {"phone": "+491712345678", "email": "o.probefeld@post.example"}
    with tenancy.scope(practice.pk):
        assert Patient.objects.get().phone == "+491712345678"


def test_who_calls_too_often_waits(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(access, "TIMES", 1)
    assert call("/token").status_code == 200
    refused = call("/token")
    assert problem(refused) == (429, "too_many_calls")
    assert 0 < int(refused["Retry-After"]) <= 60


def test_the_document_is_open_and_names_every_call(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert sorted(document["paths"]) == [
        "/api/v1/cases",
        "/api/v1/cases/{case_id}",
        "/api/v1/cases/{case_id}/contact",
        "/api/v1/cases/{case_id}/requirements",
        "/api/v1/requirements/{requirement_id}/received",
        "/api/v1/token",
    ]
    assert client.get("/api/v1/docs").status_code == 404


def test_a_manager_makes_a_token_after_the_password_and_sees_it_once(
    client: Client, practice: Practice
) -> None:
    staff = sign_in(client, practice, Role.MANAGER, email="m@praxis.example")
    asked = staff.get("/access/api/new/")
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    page = {"name": "PVS", "scopes": ["read"]}
    assert staff.post("/access/api/new/", page)["Location"].startswith("/accounts/reauthenticate/")
    assert (
        staff.post(asked["Location"], {"password": "ein-langes-kennwort"})["Location"] == "/access/api/new/"
    )
    html = staff.post("/access/api/new/", page).content.decode()
    secret = html.split('id="secret" readonly value="')[1].split('"')[0]
    assert client.get("/api/v1/token", headers={"authorization": f"Bearer {secret}"}).status_code == 200
    assert secret not in staff.get("/access/api/").content.decode()
    again = staff.post("/access/api/new/", page).content.decode()
    assert "of this name is there already" in again
    with tenancy.scope(practice.pk):
        (held,) = ApiToken.objects.all()
    assert staff.post(f"/access/api/{held.pk}/revoke/").status_code == 302
    assert client.get("/api/v1/token", headers={"authorization": f"Bearer {secret}"}).status_code == 401


@pytest.mark.parametrize("role", ["staff", "physician", "viewer"])
def test_others_see_no_tokens(client: Client, practice: Practice, role: str) -> None:
    staff = sign_in(client, practice, Role(role))
    assert staff.get("/access/api/").status_code == staff.get("/access/api/new/").status_code == 403
