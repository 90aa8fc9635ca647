"""A tab that still shows one practice while its person works for another: nothing it sends is done in the wrong one."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from practices import tenancy
from practices.models import Practice, Role
from tests import factories
from tests.treffa.staff import sign_in
from tests.treffa.test_foreign_ids import FORM, foreign, numbers, rows
from treffa.dashboard.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"hx-request": "true"}
HEADER = "X-Shown-Practice"
OF_NO_PRACTICE = {"switch_practice", "choose_language"}  # what one chooses for oneself
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
__all__ = ["foreign"]  # the fixture: a practice with one of everything


@pytest.fixture
def now_working_for(client: Client, foreign: Practice) -> Practice:
    """The practice that the session has switched to; the other one is still on the screen."""
    other = factories.make_practice(name="Praxis am Mühlbach")
    sign_in(client, other, Role.MANAGER)
    with tenancy.scope(foreign.pk):
        factories.MembershipFactory(user_id=client.session["_auth_user_id"], role=Role.MANAGER)
    session = client.session
    session["practice"] = other.pk
    session.save()
    del client.defaults["HTTP_X_SHOWN_PRACTICE"]
    return other


def addresses(ids: dict[str, int]) -> list[tuple[str, str]]:
    """(name, address) of everything that the dashboard answers to."""
    found = []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        path = re.sub(r"<\w+:(\w+)>", lambda part: str(ids.get(part[1], 1)), str(pattern.pattern))
        found.append((str(pattern.name), f"/{path}"))
    return found


@pytest.mark.parametrize("said", ["the other's", "nothing", "nonsense"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_nothing_is_done_in_a_practice_that_the_form_does_not_show(
    client: Client, foreign: Practice, now_working_for: Practice, said: str, headers: dict[str, str]
) -> None:
    before = rows(foreign), rows(now_working_for)
    shown = {
        "the other's": {"shown_practice": str(foreign.pk)},
        "nothing": {},
        "nonsense": {"shown_practice": "x"},
    }
    for name, address in addresses(numbers(foreign)):
        if name not in OF_NO_PRACTICE:
            given: dict[str, Any] = {**FORM, "q": "Probefeld", **shown[said]}
            response = client.post(address, given, headers=headers)
            assert response.status_code == 409, address
    assert (rows(foreign), rows(now_working_for)) == before
    assert "searches" not in client.session


def test_the_answer_says_what_happened_and_leads_back(
    client: Client, foreign: Practice, now_working_for: Practice
) -> None:
    given = {"text": "MRT", "type": "nothing", "shown_practice": str(foreign.pk)}
    html = client.post("/types/assign/", given).content.decode()
    assert "Nothing was done" in html and "Andere Praxis" in html and "Praxis am Mühlbach" in html
    back = re.search(r'<button[^>]*name="practice" value="(\d+)"', html)
    assert back and back[1] == str(foreign.pk)
    hidden = re.search(r'name="shown_practice" value="(\d+)"', html)
    assert hidden and hidden[1] == str(now_working_for.pk)
    client.post("/practice/", {"practice": back[1], "shown_practice": hidden[1]})
    assert client.session["practice"] == foreign.pk
    assert client.post("/types/assign/", given).status_code == 302


def test_a_tab_that_looks_for_news_is_told_instead_of_given_another_practices(
    client: Client, foreign: Practice, now_working_for: Practice
) -> None:
    stale = {**HTMX, HEADER: str(foreign.pk)}
    for address in ("/?known=x", "/tasks/?known=x"):
        response = client.get(address, headers=stale)
        assert response.status_code == 409
        html = response.content.decode()
        assert "<html" not in html and "Andere Praxis" in html
        assert client.get(address, headers={**stale, HEADER: str(now_working_for.pk)}).status_code == 200


def test_every_form_of_the_staffs_pages_says_which_practice_it_shows(
    client: Client, foreign: Practice
) -> None:
    staff, ids = sign_in(client, foreign), numbers(foreign)
    seen = 0
    for address in ("/", "/?when=later", f"/cases/{ids['case_id']}/", "/tasks/"):
        html = staff.get(address).content.decode()
        assert (
            f"{{&quot;{HEADER}&quot;: &quot;{foreign.pk}&quot;}}" in html
            or f'"{HEADER}": "{foreign.pk}"' in html
        )
        for form in re.findall(r"<form.*?</form>", html, flags=re.DOTALL):
            if 'method="dialog"' not in form:  # that sends nothing
                assert f'name="shown_practice" value="{foreign.pk}"' in form, form
                seen += 1
    assert seen > 10


def test_no_form_can_forget_it() -> None:
    """The tag that every form needs anyhow writes it; who ends mails by their link has neither session nor practice, and
    what only asks (or closes a dialog) changes nothing."""
    for template in set(TEMPLATES.rglob("*.html")) - {TEMPLATES / "patient" / "opt_out.html"}:
        for form in re.findall(r"<form.*?</form>", template.read_text(), flags=re.DOTALL):
            if 'method="post"' not in form:
                continue
            own = "patient/form_token.html" in form or 'name="form" value="{{ form_token }}"' in form
            assert "{% csrf_token %}" in form or own, template.name
