"""The operators' admin, on their own database role, over two practices."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client

from escalation.models import Task
from practices import clock, record, support, tenancy
from practices.models import Invitation, Practice, RecordEntry, Role, User
from prerequisites.models import Case, Plan, PlanState
from tests import factories, operators

pytestmark = pytest.mark.django_db(transaction=True)

OURS = ("practices", "prerequisites", "escalation")


@pytest.fixture
def practices(now: datetime) -> list[Practice]:
    found = [factories.make_practice(name="Praxis Eins"), factories.make_practice(name="Praxis Zwei")]
    for practice in found:
        with tenancy.scope(practice.pk):
            case = factories.RequirementFactory().case
            Task.objects.create(practice=practice, case=case, kind="call_patient", cause="x", created_at=now)
            by = record.staff(factories.UserFactory().pk)
            support.give(reason="x", hours=4, by=by, now=clock.now())
            record.write(record.Entry(event="case.opened", at=now, case_id=case.pk))
            record.seal(now=now)
    operators.make_operator()
    return found


@pytest.fixture
def operator(practices: list[Practice], settings: Any, client: Client) -> Iterator[Client]:
    """A signed-in operator in a process like the admin's own."""
    settings.ROOT_URLCONF = "treffa.urls_operator"
    settings.DATABASE_ROLE = "operator"
    settings.SESSION_ENGINE = "practices.operator_sessions"
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    with operators.operators_role():
        client.force_login(User.objects.get(email=operators.EMAIL))
        yield client


def test_every_list_and_every_page_of_a_row_opens(operator: Client) -> None:
    for model, options in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        address = f"/{model._meta.app_label}/{model._meta.model_name}/"
        assert operator.get(address).status_code == 200, address
        row = model._default_manager.first()
        if row is not None:
            assert operator.get(f"{address}{row.pk}/change/").status_code == 200, f"{address}{row.pk}"
        if not options.has_add_permission(_request(operator)):
            assert operator.get(f"{address}add/").status_code == 403, address


def test_an_operator_makes_a_practice_whose_manager_gets_a_link(operator: Client) -> None:
    given = {
        "name": "Praxis Neuland",
        "country": "AT",
        "sms_sender": "",
        "language": "de",
        "manager_name": "Nina Neu",
        "manager_email": "nina@neuland.example",
    }
    assert operator.post("/practices/practice/add/", {**given, "manager_email": "nina"}).status_code == 200
    assert operator.post("/practices/practice/add/", given).status_code == 302
    made = Practice.objects.get(name="Praxis Neuland")
    assert (made.country, made.languages, made.channels, made.sending) == ("AT", ["de"], ["email"], False)
    invitation = Invitation.objects.get()
    assert (invitation.practice_id, invitation.role) == (made.pk, Role.MANAGER)
    assert mail.outbox[-1].to == ["nina@neuland.example"] and "/invitation/" in mail.outbox[-1].body


def test_every_model_of_our_rooms_is_there() -> None:
    registered = {model.__name__ for model in admin.site._registry}
    assert {
        "User",
        "Practice",
        "Membership",
        "RecordEntry",
        "Seal",
        "Plan",
        "Case",
        "Requirement",
    } <= registered
    assert {"Submission", "Document", "PatientLink", "Policy", "Escalation", "Task"} <= registered


def test_operator_sees_all_practices(operator: Client) -> None:
    html = operator.get("/practices/practice/").content.decode()
    assert "Praxis Eins" in html
    assert "Praxis Zwei" in html


def test_what_happened_can_be_neither_changed_nor_deleted(operator: Client) -> None:
    for model in (RecordEntry, Case):
        row = model._default_manager.first()
        assert row is not None
        address = f"/{model._meta.app_label}/{model._meta.model_name}/{row.pk}"
        assert (
            operator.post(f"{address}/change/", {"event": "forged", "readiness": "ready"}).status_code == 403
        )
        assert operator.post(f"{address}/delete/", {"post": "yes"}).status_code == 403


def test_published_plan_is_read_only_and_a_draft_is_not(operator: Client) -> None:
    plan = Plan.objects.filter(state=PlanState.PUBLISHED).first()
    assert plan is not None
    assert operator.post(f"/prerequisites/plan/{plan.pk}/change/", {"name": "Anders"}).status_code == 403


def test_staff_of_a_practice_are_no_operators(operator: Client) -> None:
    client = Client()
    client.force_login(User.objects.create_user("petra@praxis.example", "ein-langes-kennwort", name="Petra"))
    assert client.get("/practices/practice/")["Location"].startswith("/login/")


def test_nobody_who_signed_in_elsewhere_becomes_an_operator_later(operator: Client) -> None:
    """Their password was the product's to write: an operator is made as one."""
    person = factories.UserFactory(email="petra@praxis.example")
    given = {"email": person.email, "name": "Petra", "language": "de", "is_active": "on", "is_staff": "on"}
    assert operator.post(f"/practices/user/{person.pk}/change/", given).status_code == 302
    person.refresh_from_db()
    assert person.name == "Petra" and not person.is_staff
    new = {
        **given,
        "email": "neu@treffa.example",
        "password1": "noch-ein-kennwort",
        "password2": "noch-ein-kennwort",
    }
    assert operator.post("/practices/user/add/", new).status_code == 302
    assert User.objects.get(email="neu@treffa.example").is_staff


def _request(client: Client) -> Any:
    return client.get("/").wsgi_request
