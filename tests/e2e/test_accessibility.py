"""axe finds nothing on the pages that people see most, in light and dark."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import World
from tests.e2e.people import identify, sign_in

pytestmark = pytest.mark.e2e


def problems(page: Page) -> str:
    """What axe has to say, empty if nothing."""
    found = Axe().run(page)
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(world: World, desk: Page, phone: Page, theme: Literal["light", "dark"]) -> None:
    world.book()
    world.run()
    phone.emulate_media(color_scheme=theme)
    phone.goto(world.link())
    assert not problems(phone)
    identify(phone)
    phone.locator(".visit").wait_for()
    assert not problems(phone)
    world.hand_in()
    desk.emulate_media(color_scheme=theme)
    sign_in(desk, world)
    desk.goto(f"{world.url}/?when=later")
    assert not problems(desk)
    desk.goto(f"{world.url}/cases/{world.case().pk}/")
    assert not problems(desk)
