"""The pages for a practice's own texts: what is said, the preview with its price, refusals beside the field."""

import re

import pytest
from django.test import Client

from appointments.models import AppointmentType
from messaging.models import OwnText
from practices import tenancy
from practices.models import Practice, Role
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/messages/texts/de/request/"
OURS = "{practice}: Bitte noch ansehen: {link}"


@pytest.fixture
def mine() -> Practice:
    return factories.make_practice()


@pytest.fixture
def manager(client: Client, mine: Practice) -> Client:
    return sign_in(client, mine, Role.MANAGER)


def saved(practice: Practice) -> list[tuple[str, int]]:
    with tenancy.scope(practice.pk):
        return list(OwnText.objects.order_by("pk").values_list("short", "number"))


def html(response: object) -> str:
    return re.sub(r"\s+", " ", response.content.decode())  # type: ignore[attr-defined]


def test_the_list_shows_every_occasion_and_what_is_the_practices_own(manager: Client, mine: Practice) -> None:
    manager.post(PAGE, {"short": OURS, "do": "save"})
    page = html(manager.get("/messages/texts/de/"))
    assert "your own, version 1" in page and "Bitte noch ansehen" in page and "Last call" in page
    assert "your own" not in html(manager.get("/messages/texts/fr/"))


def test_a_preview_shows_the_price_and_saves_nothing(manager: Client, mine: Practice) -> None:
    page = html(manager.post(PAGE, {"short": OURS + " ç", "do": "preview"}))
    assert "costs 2 SMS" in page and "rare letters" in page and "Praxis am Sonnenbogen: Bitte" in page
    assert saved(mine) == []


def test_a_telling_word_is_refused_beside_the_field_and_what_was_typed_stays(
    manager: Client, mine: Practice
) -> None:
    page = html(manager.post(PAGE, {"short": "{practice}: Ihre Darmspiegelung {link}", "do": "save"}))
    assert "»Darmspiegelung«" in page and "field__error" in page
    assert "{practice}: Ihre Darmspiegelung {link}</textarea>" in page
    assert saved(mine) == []


def test_saving_twice_makes_two_versions_and_treffas_text_comes_back(manager: Client, mine: Practice) -> None:
    for _ in range(2):
        assert manager.post(PAGE, {"short": OURS, "do": "save"}).status_code == 302
    assert manager.post(PAGE, {"do": "reset"}).status_code == 302
    assert saved(mine) == [(OURS, 1), (OURS, 2), ("", 3)]
    assert "your own" not in html(manager.get("/messages/texts/de/"))


@pytest.mark.parametrize("role", [Role.STAFF, Role.PHYSICIAN, Role.VIEWER])
def test_only_managers_write_texts(client: Client, mine: Practice, role: Role) -> None:
    staff = sign_in(client, mine, role)
    assert staff.get(PAGE).status_code == 403
    assert staff.post(PAGE, {"short": OURS, "do": "save"}).status_code == 403


def test_odd_addresses_and_another_practices_type_are_not_found(manager: Client) -> None:
    other = factories.make_practice()
    with tenancy.scope(other.pk):
        foreign = factories.AppointmentTypeFactory().pk
        assert AppointmentType.objects.count() == 1
    for address in (
        f"{PAGE}?type={foreign}",
        f"{PAGE}?type=x",
        f"{PAGE}?type={10**30}",
        f"/messages/texts/de/?type={foreign}",
        "/messages/texts/xx/",
        "/messages/texts/de/staff/",
        "/messages/texts/de/nonsense/",
    ):
        assert manager.get(address).status_code == 404, address
    assert manager.post(f"{PAGE}?type={foreign}", {"short": OURS, "do": "save"}).status_code == 404
