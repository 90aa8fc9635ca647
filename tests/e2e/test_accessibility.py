"""axe finds nothing on the pages that people see most, in light and dark."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import World
from tests.e2e.people import identify, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.axe]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def problems(page: Page) -> str:
    """What axe has to say of the page in light and in dark, empty if nothing."""
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        result = Axe().run(page)
        found += [f"{theme}: {result.generate_report()}"] if result.violations_count else []
    return "\n".join(found)


def test_axe_finds_nothing(world: World, desk: Page, phone: Page) -> None:
    world.book()
    world.run()
    phone.goto(world.link())
    assert not problems(phone)
    identify(phone)
    phone.locator(".visit").wait_for()
    assert not problems(phone)
    for title in ("Überweisung", "Fragen zum Kontrastmittel"):
        phone.goto(f"{world.url}/p/")
        phone.get_by_role("link", name=title).click()
        phone.locator("main h1").wait_for()
        assert not problems(phone), title
    world.hand_in()
    sign_in(desk, world)
    desk.goto(f"{world.url}/?when=later")
    assert not problems(desk)
    desk.goto(f"{world.url}/cases/{world.case().pk}/")
    assert not problems(desk)
    for address in ("/tasks/", "/slots/", "/escalation/", "/notices/"):
        desk.goto(f"{world.url}{address}")
        assert not problems(desk), address
