"""Operators see a practice's data only while its manager lets them."""

from datetime import timedelta

import pytest
from django.test import Client

from practices import record, support, tenancy
from practices.models import Practice, RecordEntry, Role, SupportGrant
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from tests.treffa.test_operators_record import foreign, operator, practice

__all__ = ["foreign", "operator", "practice"]
pytestmark = pytest.mark.django_db(transaction=True)
PERSONAL = ("appointments/patient", "appointments/appointment", "prerequisites/case", "messaging/message")


def test_without_a_grant_the_lists_are_empty_and_with_one_they_are_not(
    operator: Client, practice: Practice
) -> None:
    shown = {name: operator.get(f"/{name}/").context["cl"].result_count for name in PERSONAL}
    assert min(shown.values()) > 0
    with tenancy.scope(practice.pk):
        SupportGrant.objects.update(ended_at=NOW)
    for name in PERSONAL:
        assert operator.get(f"/{name}/").context["cl"].result_count == 0
    with tenancy.scope(practice.pk):
        patient_id = factories.PatientFactory().pk
    assert operator.get(f"/appointments/patient/{patient_id}/change/").status_code == 302, "not there"
    assert operator.get("/appointments/feed/").context["cl"].result_count > 0, "how the service stands"


@pytest.mark.usefixtures("standing_clock")
def test_a_manager_gives_and_ends_it_and_it_ends_by_itself(client: Client) -> None:
    own = factories.make_practice()
    staff = sign_in(client, own, Role.MANAGER)
    assert staff.post("/access/support/", {"reason": "", "hours": "24"}).status_code == 200
    assert staff.post("/access/support/", {"reason": "Kalender", "hours": "9999"}).status_code == 200
    assert staff.post("/access/support/", {"reason": "Kalender", "hours": "24"}).status_code == 302
    with tenancy.scope(own.pk):
        grant = SupportGrant.objects.get()
        assert grant.until == NOW + timedelta(days=1)
        assert support.holding(now=NOW).exists()
        assert not support.holding(now=grant.until).exists()
    assert "Kalender" in staff.get("/access/support/").content.decode()
    assert staff.post(f"/access/support/{grant.pk}/end/").status_code == 302
    with tenancy.scope(own.pk):
        assert not support.holding(now=NOW).exists()
        assert not support.end(grant_id=grant.pk, by=record.staff(grant.given_by_id), now=NOW)
        events = RecordEntry.objects.order_by("pk").values_list("event", flat=True)
        assert list(events)[-2:] == ["support.granted", "support.ended"]


@pytest.mark.parametrize("role", ["staff", "physician", "viewer"])
def test_others_give_no_access(client: Client, role: str) -> None:
    staff = sign_in(client, factories.make_practice(), Role(role))
    assert staff.get("/access/support/").status_code == 403
    assert staff.post("/access/support/", {"reason": "x", "hours": "4"}).status_code == 403
