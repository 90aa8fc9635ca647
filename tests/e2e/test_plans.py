"""A plan's way in a real browser: adopted from a pack, adjusted, signed off, published, and open cases follow."""

import pytest
from playwright.sync_api import Page, expect

from practices import tenancy
from prerequisites.models import Case, Plan, PlanState
from tests.e2e.conftest import World
from tests.e2e.people import sign_in
from tests.e2e.test_accessibility import problems

pytestmark = [pytest.mark.e2e, pytest.mark.axe]
TYPE = "CT mit Kontrastmittel"


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_pack_is_adopted_adjusted_signed_off_published_and_open_cases_follow(
    world: World, desk: Page, plain_desk: Page, script: bool
) -> None:
    page = desk if script else plain_desk
    world.book()
    world.run()
    with tenancy.scope(world.practice.pk):
        assert Case.objects.get().plan.version == 1
    sign_in(page, world)
    _adopt(page, script=script)
    _adjust(page, script=script)
    _publish(page)
    _move(page)
    with tenancy.scope(world.practice.pk):
        case = Case.objects.get()
        assert (case.plan.version, case.plan.state) == (2, PlanState.PUBLISHED)
        assert case.plan.signed_off_by == world.user
        assert Plan.objects.get(type=case.plan.type, version=1).state == PlanState.RETIRED
        asked = case.requirements.get(prerequisite__key="creatinine")
        assert asked.prerequisite.title["de"] == "Blutwert Kreatinin"


def _adopt(page: Page, *, script: bool) -> None:
    page.get_by_role("link", name="Pläne", exact=True).click()
    page.get_by_role("link", name="Fertige Pakete").click()
    page.get_by_role("link", name="Radiologie", exact=True).click()
    expect(page.get_by_text("gilt weiter. Dieser Plan wird ein Entwurf").first).to_be_visible()
    seen = page.frame_locator("iframe.plan-phone")
    expect(seen.get_by_role("heading", name="Das brauchen wir noch")).to_be_visible()
    if script:
        assert not problems(page)
    page.get_by_role("checkbox", name=TYPE, exact=True).check()
    page.get_by_role("button", name="Als Entwürfe übernehmen").click()
    expect(page.get_by_text("1 Entwurf liegt bereit.")).to_be_visible()
    expect(page.get_by_text("Entwurf, Version 2")).to_be_visible()
    if script:
        assert not problems(page)


def _adjust(page: Page, *, script: bool) -> None:
    """The name in German is changed, another condition chosen, something removed and brought back, the order changed."""
    page.get_by_role("link", name="Laborbericht mit Kreatinin").click()
    name = page.get_by_label("Name").first
    name.fill("Blutwert Kreatinin")
    seen = page.frame_locator("iframe.plan-phone")
    if script:
        expect(seen.get_by_role("heading", name="Blutwert Kreatinin")).to_be_visible()
        page.locator(".langs__tab", has_text="English").click()
        expect(name).to_be_hidden()
        page.locator(".langs__tab", has_text="Deutsch").click()
        page.locator("#c-mode").select_option("all")
    else:
        page.locator("#c-mode").select_option("all")
        page.locator("#condition").get_by_role("button", name="Weiter", exact=True).click()
    page.locator("#c0-fact").select_option("age")
    if not script:
        page.locator("#condition").get_by_role("button", name="Weiter", exact=True).click()
    page.locator("#c0-least").fill("18")
    if script:
        expect(page.locator("#condition-said")).to_contain_text("Alter des Patienten mindestens 18")
        assert not problems(page)
    page.get_by_role("button", name="Speichern", exact=True).last.click()
    expect(page.get_by_text("„Blutwert Kreatinin“ ist gespeichert.")).to_be_visible()
    expect(page.locator("#condition-said")).to_contain_text("Alter des Patienten mindestens 18")
    page.get_by_role("link", name="Zurück zum Plan").click()
    page.get_by_role("button", name="Entfernen: Vier Stunden nichts essen").click()
    expect(page.get_by_text("„Vier Stunden nichts essen“ ist entfernt.")).to_be_visible()
    page.get_by_role("button", name="Rückgängig").click()
    expect(page.get_by_role("link", name="Vier Stunden nichts essen")).to_be_visible()
    page.get_by_role("button", name="Nach unten: Überweisung").press("Enter")
    expect(page.locator("#order li").nth(1)).to_contain_text("Überweisung")
    if script:
        expect(page.get_by_role("button", name="Nach unten: Überweisung")).to_be_focused()


def _publish(page: Page) -> None:
    page.get_by_role("link", name="Zur ärztlichen Freigabe").click()
    expect(page.get_by_role("heading", name="Was sich gegenüber Version 1 ändert")).to_be_visible()
    expect(page.locator(".plan-change", has_text="Blutwert Kreatinin")).to_contain_text("mindestens 18")
    page.get_by_role("button", name="Freigeben", exact=True).click()
    expect(page.get_by_text("Freigegeben von Petra Erdmuster")).to_be_visible()
    page.get_by_role("button", name="Version 2 veröffentlichen").click()


def _move(page: Page) -> None:
    expect(page.get_by_text("1 offener Fall hat eine frühere Version")).to_be_visible()
    expect(page.locator(".plan-case")).to_contain_text("Otto Probefeld")
    page.get_by_role("button", name="Diesen umstellen").click()
    expect(page.get_by_text("1 Fall ist umgestellt.")).to_be_visible()
    expect(page.get_by_text("Alle offenen Fälle kommender Termine haben diese Version.")).to_be_visible()
