"""A patient photographs sheet after sheet on a weak network: pieces, progress, a dropped connection, and what is hard to read."""

from io import BytesIO

import pytest
from PIL import Image, ImageEnhance
from playwright.sync_api import Page, Route, expect

from practices import tenancy
from prerequisites.models import Document
from tests.e2e.conftest import World
from tests.e2e.people import identify, open_item
from treffa.demo.papers import drawn

pytestmark = pytest.mark.e2e


def photo(name: str, *, light: float = 1.0) -> dict[str, object]:
    """A sheet as a phone takes it, some 500 kB, so that it comes in several pieces."""
    sheet = Image.open(BytesIO(drawn(name))).convert("RGB")
    out = BytesIO()
    ImageEnhance.Brightness(sheet).enhance(light).resize((2480, 3508)).save(out, "JPEG", quality=95)
    return {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_patient_sends_pages_in_pieces_though_the_network_drops(world: World, phone: Page) -> None:
    world.book()
    world.run()
    phone.goto(world.link())
    identify(phone)
    open_item(phone, "Überweisung")
    lost: list[str] = []

    def drop_once(route: Route) -> None:
        if not lost and "at=262144" in route.request.url:
            lost.append(route.request.url)
            route.abort("internetdisconnected")
        else:
            route.continue_()

    phone.route("**/piece/**", drop_once)
    chooser = phone.locator("#files")
    chooser.set_input_files(photo("Seite A"))  # type: ignore[arg-type]
    expect(phone.get_by_text("Angekommen, gut zu lesen")).to_have_count(1)
    assert lost, "the second piece was lost once"
    chooser.set_input_files(photo("Seite B", light=0.3))  # type: ignore[arg-type]
    expect(phone.get_by_text("Etwas dunkel")).to_be_visible()
    chooser.set_input_files(photo("Seite A"))  # type: ignore[arg-type]
    expect(phone.locator(".leaf")).to_have_count(2)
    phone.get_by_role("button", name="Seite 2 nach oben").tap()
    expect(phone.locator(".leaf").first).to_contain_text("Etwas dunkel")
    phone.get_by_role("button", name="Seite 1 drehen").tap()
    expect(phone.locator(".leaf__pic img")).to_have_count(2)
    phone.get_by_role("button", name="Fertig, diese Seiten senden").tap()
    expect(phone.get_by_role("heading", name="Danke")).to_be_visible()
    with tenancy.scope(world.practice.pk):
        document = Document.objects.get()
    assert (document.content_type, document.pages) == ("application/pdf", 2)


def test_a_file_that_was_chosen_before_the_script_was_there_is_taken_up_by_it(
    world: World, phone: Page
) -> None:
    world.book()
    world.run()
    phone.goto(world.link())
    identify(phone)
    held: list[Route] = []
    phone.route("**/pages*.js", lambda route: held.append(route))
    phone.get_by_role("link", name="Überweisung").click(no_wait_after=True)
    phone.locator("#files").set_input_files(photo("Seite A"))  # type: ignore[arg-type]
    assert held, "the script is still on its way"
    held[0].continue_()
    expect(phone.get_by_text("Angekommen, gut zu lesen")).to_have_count(1)
    phone.get_by_role("button", name="Fertig, diese Seiten senden").tap()
    expect(phone.get_by_role("heading", name="Danke")).to_be_visible()
