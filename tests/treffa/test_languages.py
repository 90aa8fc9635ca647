"""The staff's pages in each language: nothing on them is in another one."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern

from practices import tenancy
from practices.models import Practice, Role
from prerequisites.models import Requirement
from tests import factories
from tests.treffa.staff import sign_in
from treffa import catalogues
from treffa.dashboard.urls import urlpatterns

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _ in settings.LANGUAGES]
NUMBER = re.compile(r"<int:(\w+)>")
WITHOUT_END = {"input", "br", "hr", "img", "link", "meta", "use", "path", "circle", "rect", "line"}


class Words(HTMLParser):
    """The texts of a page that are in its own language: what is marked as another one's (`lang`) is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._marked: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        marked = any(self._marked) or (tag != "html" and "lang" in given)
        if not marked:
            self.found += [
                given[name] or "" for name in ("aria-label", "placeholder", "title") if name in given
            ]
        if tag not in WITHOUT_END:
            self._marked.append(marked or tag in ("script", "style"))

    def handle_endtag(self, tag: str) -> None:
        if tag not in WITHOUT_END and self._marked:
            self._marked.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._marked):
            self.found.append(" ".join(data.split()))


@cache
def sayings() -> dict[str, set[str]]:
    """Whole texts by the language they are in, without those that hold something else's name or number."""
    said: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for language in LANGUAGES:
        for message in catalogues.read("de" if language == "en" else language):
            text = message.id if language == "en" else message.string
            if isinstance(text, str) and len(text) > 3 and not re.search(r"[%{<]", text):
                said[language].add(text.strip())
    return said


@pytest.fixture
def practice() -> Practice:
    practice = factories.make_practice(name="Praxis am Fluss")
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        factories.RequirementFactory(case=case, state="submitted")
        factories.RequirementFactory(case=case)
    return practice


def addresses(practice: Practice) -> Iterator[str]:
    """Every page that a case, its requirement, calendar, type or plan opens, and those that need no number."""
    with tenancy.scope(practice.pk):
        requirement = Requirement.objects.order_by("pk")[0]
        appointment = requirement.case.appointment
        ids = {
            "case_id": requirement.case_id,
            "requirement_id": requirement.pk,
            "feed_id": appointment.feed_id,
            "type_id": appointment.type_id,
            "plan_id": requirement.case.plan_id,
            "prerequisite_id": requirement.prerequisite_id,
        }
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        address = NUMBER.sub(lambda found: str(ids.get(found[1], found[0])), f"/{pattern.pattern}")
        if "<" not in address:
            yield address


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_says_a_word_of_another_language(client: Client, practice: Practice, language: str) -> None:
    said = sayings()
    foreign = set().union(*(said[other] for other in LANGUAGES if other != language)) - said[language]
    staff, seen = sign_in(client, practice, Role.MANAGER, language=language), 0
    found: set[tuple[str, str]] = set()
    for address in addresses(practice):
        page = staff.get(address)
        if page.status_code != 200 or not page.get("Content-Type", "").startswith("text/html"):
            continue
        words, seen = Words(), seen + 1
        words.feed(page.content.decode())
        found |= {(address, word) for word in foreign & set(words.found)}
    assert seen > 15
    assert not found
