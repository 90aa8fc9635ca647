"""A link that came into wrong hands: staff replace it on the page of the case."""

import pytest
from django.test import Client

from practices import tenancy
from practices.models import RecordEntry, Role
from prerequisites.models import Case
from tests import factories
from tests.treffa.patients import Phone, make_case
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phone() -> Phone:
    practice = factories.make_practice()
    phone = Phone(case=make_case(practice), practice=practice)
    phone.identify()
    return phone


def test_staff_replace_a_link_after_a_sentence_that_says_what_happens(client: Client, phone: Phone) -> None:
    staff, old = sign_in(client, phone.practice), phone.address
    page = f"/cases/{phone.case.pk}/"
    html = staff.get(page).content.decode()
    assert "Replace the link" in html and "will open nothing any more" in html
    answer = staff.post(f"{page}link/renew/", follow=True).content.decode()
    assert "The old link opens nothing any more" in answer and "Link replaced by a new one" in answer
    assert Client().get(old).status_code == 404
    assert phone.get("/p/").status_code == 404
    assert Client().get(phone.address).status_code == 302
    with tenancy.scope(phone.practice.pk):
        case = Case.objects.get()
        assert case.requests_due_at == case.link_renewed_at is not None
        (entry,) = RecordEntry.objects.filter(event="link.revoked")
    assert (entry.actor_kind, entry.case_id) == ("staff", case.pk)
    assert entry.actor_id == int(client.session["_auth_user_id"])


def test_viewers_and_cases_without_a_link_have_nothing_to_replace(client: Client, phone: Phone) -> None:
    with tenancy.scope(phone.practice.pk):
        unasked = factories.CaseFactory()
    staff = sign_in(client, phone.practice)
    assert "Replace the link" not in staff.get(f"/cases/{unasked.pk}/").content.decode()
    assert staff.post(f"/cases/{unasked.pk}/link/renew/").status_code == 404
    viewer = sign_in(Client(), phone.practice, Role.VIEWER, email="viewer@praxis.example")
    assert "Replace the link" not in viewer.get(f"/cases/{phone.case.pk}/").content.decode()
    assert viewer.post(f"/cases/{phone.case.pk}/link/renew/").status_code == 403
