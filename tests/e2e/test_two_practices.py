"""A person of two practices with two tabs, in a real browser."""

import os

import pytest
from playwright.sync_api import Page, expect

from practices import clock, record, tenancy
from practices.models import Practice, Role
from practices.operations import add_member
from tests.e2e.conftest import World
from tests.e2e.people import sign_in
from tests.factories import make_practice

pytestmark = pytest.mark.e2e
PICTURES = os.environ.get("WALLS_PICTURES")


@pytest.fixture
def second(world: World) -> Practice:
    practice = make_practice(name="Zweite Praxis")
    with tenancy.scope(practice.pk):
        add_member(user=world.user, role=Role.MANAGER, by=record.SYSTEM, now=clock.now())
    return practice


def switch(page: Page, name: str) -> None:
    page.locator(".practice-menu summary").click()
    page.get_by_role("button", name=name).click()


@pytest.mark.parametrize("page_name", ["desk", "plain_desk"])
def test_an_act_in_a_stale_tab_is_not_done_and_says_so(
    world: World, second: Practice, page_name: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(page_name)
    world.book(days=2)
    world.run()
    world.hand_in()
    sign_in(page, world)
    switch(page, "Radiologie am Sonnenbogen")
    page.goto(f"{world.url}/cases/{world.case().pk}/")
    other = page.context.new_page()
    other.goto(world.url)
    switch(other, "Zweite Praxis")
    expect(other.locator(".practice-menu summary")).to_contain_text("Zweite Praxis")
    page.get_by_role("button", name="Annehmen").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie arbeiten jetzt für eine andere Praxis")
    expect(page.get_by_role("alert")).to_contain_text("Es wurde nichts ausgeführt")
    if PICTURES:
        for scheme in ("light", "dark"):
            for width in (390, 1440):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.set_viewport_size({"width": width, "height": 800})
                page.screenshot(path=f"{PICTURES}/stale-{page_name}-{width}-{scheme}.png")
    page.get_by_role("button", name="Zurück zu Radiologie am Sonnenbogen").click()
    page.goto(f"{world.url}/cases/{world.case().pk}/")
    page.get_by_role("button", name="Annehmen").first.click()
    expect(page.locator(".req__do").filter(has_text="Zurücknehmen").first).to_be_visible()


@pytest.mark.parametrize("page_name", ["desk", "plain_desk"])
def test_a_search_leaves_no_name_in_an_address_and_the_back_button_works(
    world: World, page_name: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(page_name)
    asked: list[str] = []
    page.on("request", lambda sent: asked.extend([sent.url, sent.headers.get("referer", "")]))
    world.book()
    world.run()
    sign_in(page, world)
    page.get_by_label("Patienten suchen").fill("Probefeld")
    page.get_by_label("Patienten suchen").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Suche: Probefeld")
    page.get_by_role("link", name="Otto Probefeld", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Otto Probefeld")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Suche: Probefeld")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/search-{page_name}.png")
    page.get_by_role("link", name="Suche leeren").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Guten")
    assert asked and not [address for address in asked if "robefeld" in address]
