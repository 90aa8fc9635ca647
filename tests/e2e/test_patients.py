"""What a patient does with the message on the phone, in a real browser: touch and script, and neither."""

import pytest
from playwright.sync_api import Page, expect

from prerequisites.models import Readiness
from tests import files
from tests.e2e.conftest import World
from tests.e2e.people import confirm, fill_in_questions, identify, open_item, send_photo

pytestmark = pytest.mark.e2e


def test_patient_taps_the_link_and_hands_in_all_that_is_missing(world: World, phone: Page) -> None:
    world.book()
    world.run()
    phone.goto(world.link())
    expect(phone.locator("html")).to_have_attribute("lang", "de")
    expect(phone.get_by_text("Probefeld")).to_have_count(0)
    identify(phone)
    expect(phone.get_by_role("heading", name="Guten Tag, Otto Probefeld")).to_be_visible()
    expect(phone.locator(".todo__item--open")).to_have_count(5)
    for title in ("Überweisung", "Laborbericht mit Kreatinin"):
        open_item(phone, title)
        send_photo(phone)
        expect(phone.get_by_role("heading", name="Danke")).to_be_visible()
        phone.get_by_role("link", name="Zur Liste").tap()
    open_item(phone, "Fragen zum Kontrastmittel")
    fill_in_questions(phone)
    phone.get_by_role("link", name="Weiter: Vier Stunden nichts essen").tap()
    confirm(phone)
    expect(phone.get_by_role("heading", name="Danke, alles ist da")).to_be_visible()
    phone.get_by_role("link", name="Zurück zur Liste").tap()
    open_item(phone, "Frühere Aufnahmen und Befunde")
    phone.get_by_role("button", name="Ich bringe").tap()
    expect(phone.get_by_role("heading", name="Danke")).to_be_visible()
    world.run()
    assert world.case().readiness == Readiness.TO_REVIEW
    assert len(world.texts()) == 1


def test_patient_whose_phone_has_no_script_and_a_narrow_screen_gets_as_far(
    world: World, old_phone: Page
) -> None:
    world.book()
    world.run()
    old_phone.goto(world.link())
    identify(old_phone, year="1974")
    expect(old_phone.get_by_role("alert")).to_contain_text("passt nicht")
    identify(old_phone)
    open_item(old_phone, "Überweisung")
    send_photo(old_phone, name="brief.docx", content=files.archive())
    expect(old_phone.locator("#files-mistake")).to_contain_text("weder ein PDF noch ein Foto")
    send_photo(old_phone)
    expect(old_phone.get_by_role("heading", name="Danke")).to_be_visible()
    old_phone.get_by_role("link", name="Zur Liste").click()
    open_item(old_phone, "Fragen zum Kontrastmittel")
    old_phone.get_by_role("button", name="Weiter").click()
    expect(old_phone.get_by_role("alert")).to_be_visible()
    fill_in_questions(old_phone)
    old_phone.get_by_role("link", name="Zur Liste").click()
    open_item(old_phone, "Vier Stunden nichts essen")
    confirm(old_phone)
    expect(old_phone.get_by_role("heading", name="Danke")).to_be_visible()
    assert old_phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_patient_with_an_invented_link_learns_nothing(world: World, phone: Page) -> None:
    phone.goto(f"{world.url}/t/{'x' * 43}")
    expect(phone.get_by_text(world.practice.name)).to_have_count(0)
    expect(phone.get_by_role("heading")).to_be_visible()
