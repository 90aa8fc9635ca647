"""A missing contact entered on the board: by keyboard in seconds, and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from appointments.models import Appointment, Patient
from practices import tenancy
from tests.e2e.conftest import World
from tests.e2e.people import sign_in

pytestmark = pytest.mark.e2e


@pytest.fixture
def unreachable(world: World) -> World:
    """Somebody who can't be written to has an appointment."""
    world.book()
    world.run()
    with tenancy.scope(world.practice.pk):
        Patient.objects.update(phone="", email="")
        Appointment.objects.update(needs_planning=True)
    world.run()
    return world


def phone_of(world: World) -> str:
    with tenancy.scope(world.practice.pk):
        return Patient.objects.get().phone


def test_a_contact_is_entered_on_the_board_by_keyboard(unreachable: World, desk: Page) -> None:
    sign_in(desk, unreachable)
    desk.evaluate("window.loadedOnce = true")
    desk.locator(".row-contact summary").focus()
    desk.keyboard.press("Enter")
    field = desk.get_by_label("Telefon")
    expect(field).to_be_focused()
    desk.keyboard.type("0152")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("An diese Nummer kann nichts gesendet werden.")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("0152")
    field.fill("01525 4599371")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Kontakt gespeichert: Otto Probefeld.")).to_be_visible()
    assert desk.evaluate("window.loadedOnce"), "a whole page was loaded"
    assert phone_of(unreachable) == "+4915254599371"


def test_what_is_being_typed_is_not_taken_away_by_news(unreachable: World, desk: Page) -> None:
    desk.clock.install()
    sign_in(desk, unreachable)
    desk.locator(".row-contact summary").click()
    desk.get_by_role("textbox", name="E-Mail").fill("otto@")
    desk.get_by_role("heading").first.click()
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.clock.run_for(50_000)
    expect(desk.get_by_role("textbox", name="E-Mail")).to_have_value("otto@")
    assert not asked, "the board looked for news"
    desk.get_by_role("textbox", name="E-Mail").fill("")
    desk.get_by_role("heading").first.click()
    with desk.expect_request(lambda request: "known=" in request.url):
        desk.clock.run_for(50_000)


def test_a_contact_is_entered_on_the_board_without_scripts(unreachable: World, plain_desk: Page) -> None:
    sign_in(plain_desk, unreachable)
    plain_desk.locator(".row-contact summary").click()
    plain_desk.get_by_label("Telefon").fill("0152")
    plain_desk.get_by_role("button", name="Speichern").click()
    expect(plain_desk.get_by_text("An diese Nummer kann nichts gesendet werden.")).to_be_visible()
    expect(plain_desk.get_by_label("Telefon")).to_have_value("0152")
    plain_desk.get_by_label("Telefon").fill("01525 4599371")
    plain_desk.get_by_role("button", name="Speichern").click()
    expect(plain_desk.get_by_text("Kontakt gespeichert: Otto Probefeld.")).to_be_visible()
    assert phone_of(unreachable) == "+4915254599371"
