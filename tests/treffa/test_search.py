"""Searching for a patient: the name stands in no address, and yet reload, back, filters, polling and two tabs keep it."""

import re
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from practices import tenancy
from practices.models import Practice
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def practice() -> Practice:
    practice = factories.make_practice()
    with tenancy.scope(practice.pk):
        for name in ("Anne Mustermann", "Otto Probefeld"):
            case = factories.CaseFactory(appointment__patient=factories.PatientFactory(name=name))
            assert case.pk
    return practice


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice)


def search(staff: Client, words: str) -> str:
    """Where the search leads."""
    response = staff.post("/search/", {"q": words})
    assert response.status_code == 302
    return str(response["Location"])


def shown(staff: Client, address: str) -> tuple[bool, bool]:
    html = staff.get(address).content.decode()
    return "Mustermann</a>" in html, "Probefeld</a>" in html


def test_every_form_of_every_page_is_sent_by_post() -> None:
    """But for the dialogs, which send nothing, and the examples of a plan, which are of nobody."""
    sent = set()
    for template in TEMPLATES.rglob("*.html"):
        for form in re.findall(r"<form[^>]*>", template.read_text()):
            if 'method="dialog"' not in form and 'method="post"' not in form:
                sent.add(template.name)
    assert sent == {"plan.html", "what_if.html"}, "what is typed would stand in the address"


def test_a_name_is_found_and_stands_in_no_address(staff: Client) -> None:
    address = search(staff, "muster anne")
    assert "muster" not in address.lower() and "anne" not in address.lower()
    html = staff.get(address).content.decode()
    assert "Mustermann</a>" in html and "Probefeld</a>" not in html
    addresses = re.findall(r'(?:href|hx-get|action)="([^"]*)"', html)
    assert addresses and not any("anne" in found.lower() for found in addresses)
    assert 'value="muster anne"' in html and "Clear the search" in html


def test_what_address_the_name_used_to_stand_in_searches_nothing(staff: Client) -> None:
    assert shown(staff, "/?when=later&q=Mustermann") == (True, True)


def test_two_tabs_and_the_back_button_keep_their_own_search(staff: Client) -> None:
    first, second = search(staff, "Mustermann"), search(staff, "Probefeld")
    assert shown(staff, first) == (True, False)
    assert shown(staff, second) == (False, True)
    assert shown(staff, first) == (True, False)
    assert search(staff, " Mustermann ") == first


def test_looking_for_news_and_filtering_keep_the_search(staff: Client) -> None:
    address = search(staff, "Mustermann")
    html = staff.get(address).content.decode()
    poll = re.search(r'id="board" hx-get="([^"]*)"', html)[1].replace("&amp;", "&")
    assert staff.get("/" + poll, headers={"hx-request": "true"}).status_code == 304
    other = re.sub("known=[^&]*", "known=0", poll)
    news = staff.get("/" + other, headers={"hx-request": "true"}).content.decode()
    assert "Mustermann</a>" in news and "Probefeld</a>" not in news
    assert shown(staff, address + "&is=waiting") == (True, False)


def test_an_empty_or_forgotten_search_is_the_board(staff: Client) -> None:
    assert search(staff, "  ") == "/"
    address = search(staff, "Mustermann")
    for n in range(40):
        search(staff, f"somebody {n}")
    assert staff.get(address).status_code == 200
    assert "Clear the search" not in staff.get(address).content.decode()


def test_a_search_belongs_to_its_practice_and_is_not_readable_where_it_is_kept(
    staff: Client, practice: Practice
) -> None:
    address = search(staff, "Mustermann")
    assert "Mustermann" not in repr(Session.objects.get().get_decoded())
    other = factories.make_practice(name="Andere Praxis")
    session = staff.session
    with tenancy.scope(other.pk):
        factories.MembershipFactory(user_id=session["_auth_user_id"])
    session["practice"] = other.pk
    session.save()
    assert "Mustermann" not in staff.get(address).content.decode()
