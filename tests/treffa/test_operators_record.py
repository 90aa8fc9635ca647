"""What operators look at in a practice is in that practice's record: who, when, which, by number alone."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from appointments.models import Patient, QuarantinedEvent
from escalation.models import Escalation, Hours, Policy, Preference
from messaging.models import Attempt, ChannelPause, Message, Suppression, WhatsAppTemplate
from practices import clock, record, support, tenancy
from practices.models import ActorKind, Practice, RecordEntry, User
from practices.operators import RecordedAdmin
from practices.tenant_models import TenantModel
from prerequisites.models import Case
from tests import factories, operators
from tests.treffa.test_foreign_ids import foreign

__all__ = ["foreign"]
pytestmark = pytest.mark.django_db(transaction=True)

RECORDED = [model for model in admin.site._registry if issubclass(model, TenantModel | Practice)]
NAMES = ("Probefeld", "1947", "+49152", "post.example", "Sonnenbogen", "Praxis")


@pytest.fixture
def practice(foreign: Practice, now: datetime) -> Practice:
    """One of everything that operators can look at."""
    with tenancy.scope(foreign.pk):
        case = Case.objects.get()
        message: Message = factories.MessageFactory(case=case)
        Attempt.objects.create(practice=foreign, message=message, started_at=now)
        Suppression.objects.create(
            practice=foreign, channel="sms", address="+4915254599371", reason="x", at=now
        )
        ChannelPause.objects.create(
            practice=foreign, channel="sms", cause="rate", code="x", since=now, until=now
        )
        WhatsAppTemplate.objects.create(
            practice=foreign, occasion="request", language="fr", content_sid="HX0", body="x", variables=[]
        )
        QuarantinedEvent.objects.create(
            practice=foreign, feed=case.appointment.feed, fingerprint="x", reason="x", seen_at=now
        )
        Hours.objects.create(practice=foreign)
        Preference.objects.create(practice=foreign, user=factories.UserFactory())
        Escalation.objects.create(practice=foreign, case=case, steps=[], deadline=now, started_at=now)
        factories.MembershipFactory()
        record.seal(now=now)
        record.write(record.Entry(event="test.event", at=now))
    return foreign


@pytest.fixture
def operator(practice: Practice, settings: Any, client: Client, tmp_path: Path) -> Iterator[Client]:
    """A signed-in operator in a process like the admin's own."""
    operators.make_operator()
    settings.ROOT_URLCONF = "treffa.urls_operator"
    settings.DATABASE_ROLE = "operator"
    settings.SESSION_ENGINE = "practices.operator_sessions"
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    with operators.operators_role():
        client.force_login(User.objects.get(email=operators.EMAIL))
        yield client


def base(model: type[Model]) -> str:
    return f"/{model._meta.app_label}/{model._meta.model_name}/"


def entries(practice: Practice, event: str) -> list[RecordEntry]:
    with tenancy.scope(practice.pk):
        return list(RecordEntry.objects.filter(event=event).order_by("id"))


@pytest.mark.parametrize("model", RECORDED, ids=lambda model: model.__name__)
def test_every_admin_of_a_practices_objects_records(model: type[Model]) -> None:
    assert isinstance(admin.site._registry[model], RecordedAdmin)


def test_every_page_of_an_object_leaves_an_entry(operator: Client, practice: Practice) -> None:
    for model in RECORDED:
        rows = model._default_manager.all()
        row = rows.get(pk=practice.pk) if model is Practice else rows.filter(practice_id=practice.pk).first()
        assert row is not None, f"the test has no {model.__name__}"
        for page in ("change", "history"):
            before = len(entries(practice, "operator.viewed"))
            assert operator.get(f"{base(model)}{row.pk}/{page}/").status_code == 200
            found = entries(practice, "operator.viewed")
            assert len(found) == before + 1, f"{model.__name__} {page}"
            assert found[-1].actor_kind == ActorKind.OPERATOR
            assert found[-1].actor_id == int(operator.session["_auth_user_id"])
            assert found[-1].data == {"model": model._meta.label_lower, "id": str(row.pk)}


def test_every_list_leaves_one_entry_a_practice_with_the_count(operator: Client, practice: Practice) -> None:
    other = factories.make_practice(name="Praxis Zwei")
    with tenancy.scope(other.pk):
        factories.PatientFactory.create_batch(3)
        by = record.staff(factories.UserFactory().pk)
        support.give(reason="x", hours=4, by=by, now=clock.now())
    for model in RECORDED:
        before = len(entries(practice, "operator.listed"))
        assert operator.get(base(model)).status_code == 200
        found = entries(practice, "operator.listed")
        assert len(found) == before + 1, model.__name__
        assert found[-1].data["model"] == model._meta.label_lower and found[-1].data["count"] >= 1
    assert [
        e.data["count"]
        for e in entries(other, "operator.listed")
        if e.data["model"] == "appointments.patient"
    ] == [3]


def test_entries_name_nobody_and_belong_to_the_patient_and_the_case(
    operator: Client, practice: Practice
) -> None:
    patient, message = Patient.objects.get(appointments__isnull=False), Message.objects.get()
    for model, row in ((Patient, patient), (Message, message)):
        operator.get(base(model))
        operator.get(f"{base(model)}{row.pk}/change/")
    seen = entries(practice, "operator.viewed")
    assert [entry.patient_id for entry in seen] == [patient.pk, patient.pk]
    assert seen[1].case_id == message.case_id
    text = json.dumps([entry.data for entry in seen + entries(practice, "operator.listed")])
    assert not [name for name in NAMES if name in text]


def test_what_is_refused_or_not_there_leaves_no_entry(operator: Client, practice: Practice) -> None:
    patient = Patient.objects.get(appointments__isnull=False)
    assert operator.post(f"{base(Patient)}{patient.pk}/delete/", {"post": "yes"}).status_code == 403
    assert operator.get(f"{base(Patient)}{patient.pk + 999}/change/").status_code == 302
    client = Client()
    assert client.get(f"{base(Patient)}{patient.pk}/change/").status_code == 302
    assert entries(practice, "operator.viewed") == []


def test_a_change_names_the_fields_not_their_values(operator: Client, practice: Practice) -> None:
    policy = Policy.objects.get()
    given = {"name": "Geheimer Name", "practice": practice.pk, "steps": '[{"act": "x"}]'}
    assert operator.post(f"{base(Policy)}{policy.pk}/change/", given).status_code == 302
    (entry,) = entries(practice, "operator.changed")
    assert "name" in entry.data["fields"] and "Geheimer" not in json.dumps(entry.data)
