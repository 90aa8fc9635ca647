"""Every address of the staff's pages with another practice's numbers, by every role: nothing is shown, nothing changes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern

from appointments.models import ContactImport, Feed, FeedTrial, PatientMerge
from escalation.models import Policy, Task
from messaging.models import WhatsAppTemplate
from practices import api_tokens, calendar_links, clock, record, support, team, tenancy
from practices.models import (
    ApiToken,
    CalendarLink,
    Invitation,
    Membership,
    Practice,
    Role,
    SavedView,
    SupportGrant,
    Webhook,
)
from practices.tenant_models import TenantModel
from prerequisites import documents, links
from prerequisites.models import Document, Requirement, ScanState, Submission
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from treffa.dashboard.urls import urlpatterns
from treffa.webhooks import addresses as webhooks

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = re.compile(r"<int:(\w+)>")
WORDS = {"<slug:act>": "remove", "<slug:kind>": "document", "<str:key>": "reaction"}
FORM = {
    "seen": "x",
    "reason": "because",
    "phrase": "x",
    "how": "fax",
    "phone": "0171 2345678",
    "email": "",
    "text": "MRT",
    "type": "nothing",
    "decision": "confirm",
    "name": "MRT 1",
    "url": "https://kalender.example/b.ics",
    "do": "accept",
    "to": "up",
    "role": "viewer",
}


@pytest.fixture
def foreign(settings: Any, tmp_path: Path) -> Practice:
    """A practice with one of everything that an address can name."""
    settings.DOCUMENT_ROOT = tmp_path
    practice = factories.make_practice(name="Andere Praxis")
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        requirement = factories.RequirementFactory(case=case, state="submitted")
        submission = Submission.objects.create(
            practice=practice, requirement=requirement, by="patient", at=NOW
        )
        checked = documents.CheckedFile(
            content=b"%PDF-1.7", content_type="application/pdf", pages=1, sha256="0" * 64
        )
        documents.store(practice=practice, submission=submission, checked=checked, now=NOW)
        Document.objects.update(scan=ScanState.CLEAN)
        Task.objects.create(practice=practice, case=case, kind="call_patient", cause="x", created_at=NOW)
        links.url_for(case)
        ContactImport.objects.create(
            practice=practice, user=factories.UserFactory(), expires_at=datetime.max.replace(tzinfo=UTC)
        )
        second = factories.PatientFactory()
        PatientMerge.objects.create(
            practice=practice, kept=case.appointment.patient, merged=second, at=NOW, sealed_before=b""
        )
        factories.PolicyFactory(steps=[])
        factories.MembershipFactory()
        team.invite(email="neu@praxis.example", name="", role=Role.STAFF, by=record.SYSTEM, now=NOW)
        WhatsAppTemplate.objects.create(
            practice=practice,
            occasion="request",
            language="de",
            content_sid="HX",
            body="x",
            variables=["link"],
        )
        manager = record.staff(factories.UserFactory().pk)
        calendar_links.make(name="x", practitioner="", says_type=False, by=manager, now=NOW)
        support.give(reason="x", hours=4, by=manager, now=clock.now())
        webhooks.add(name="x", url="https://pvs.example/hook", by=manager, now=NOW)
        api_tokens.make(name="x", scopes=["read"], by=manager, now=NOW)
        SavedView.objects.create(practice=practice, user=factories.UserFactory(), name="x", query="?")
        FeedTrial.objects.create(
            practice=practice,
            user=factories.UserFactory(),
            purpose="add",
            sealed_url=Feed.objects.get().sealed_url,
            expires_at=datetime.max.replace(tzinfo=UTC),
        )
    return practice


def numbers(practice: Practice) -> dict[str, int]:
    with tenancy.scope(practice.pk):
        requirement = Requirement.objects.get()
        return {
            "case_id": requirement.case_id,
            "view_id": SavedView.objects.get().pk,
            "requirement_id": requirement.pk,
            "document_id": Document.objects.get().pk,
            "feed_id": Feed.objects.get().pk,
            "import_id": ContactImport.objects.get().pk,
            "trial_id": FeedTrial.objects.get().pk,
            "task_id": Task.objects.get().pk,
            "policy_id": Policy.objects.get().pk,
            "patient_id": PatientMerge.objects.get().kept_id,
            "link_id": CalendarLink.objects.get().pk,
            "token_id": ApiToken.objects.get().pk,
            "webhook_id": Webhook.objects.get().pk,
            "grant_id": SupportGrant.objects.get().pk,
            "first_id": PatientMerge.objects.get().kept_id,
            "second_id": PatientMerge.objects.get().merged_id,
            "merge_id": PatientMerge.objects.get().pk,
            "type_id": requirement.case.appointment.type_id,
            "plan_id": requirement.case.plan_id,
            "prerequisite_id": requirement.prerequisite_id,
            "invitation_id": Invitation.objects.get().pk,
            "membership_id": Membership.objects.order_by("pk").first().pk,  # type: ignore[union-attr]
            "template_id": WhatsAppTemplate.objects.get().pk,
            "number": 1,
        }


def addresses(ids: dict[str, int]) -> Iterator[str]:
    """Every address of the dashboard that holds a number."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        if NUMBER.search(str(pattern.pattern)):
            address = "/" + NUMBER.sub(lambda found: str(ids[found[1]]), str(pattern.pattern))
            for word, given in WORDS.items():
                address = address.replace(word, given)
            yield address


def rows(practice: Practice) -> dict[str, list[dict[str, Any]]]:
    with tenancy.scope(practice.pk):
        tables = [model for model in apps.get_models() if issubclass(model, TenantModel)]
        return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


@pytest.mark.parametrize("role", Role.values)
def test_another_practices_numbers_are_not_found_by_anybody(
    client: Client, foreign: Practice, role: str
) -> None:
    own = factories.make_practice()
    staff = sign_in(client, own, Role(role))
    ids, before = numbers(foreign), rows(foreign)
    for given in (ids, {**ids, "case_id": 10**30}, dict.fromkeys(ids, 10**30)):
        for address in addresses(given):
            assert staff.get(address).status_code in (403, 404, 405), address
            assert staff.post(address, FORM).status_code in (403, 404, 405), address
            assert staff.post(address, FORM, headers={"hx-request": "true"}).status_code in (403, 404, 405)
    assert rows(foreign) == before


def test_own_numbers_are_found(client: Client, foreign: Practice) -> None:
    """The numbers above are right: their own people get at them."""
    staff = sign_in(client, foreign)
    for name in ("cases/{case_id}/", "documents/{document_id}/", "patients/{first_id}/{second_id}/"):
        assert staff.get("/" + name.format(**numbers(foreign))).status_code == 200
