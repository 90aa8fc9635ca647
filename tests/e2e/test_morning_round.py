"""The morning's round on the board by keyboard alone, and a connection that goes and comes."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from appointments.models import Appointment, Outcome
from practices import clock, tenancy
from tests.e2e.conftest import World
from tests.e2e.people import sign_in

pytestmark = pytest.mark.e2e


def row_of(page: Page) -> str:
    """The id of the row that has the keyboard."""
    return str(page.evaluate("document.activeElement.closest('.row-item')?.id ?? ''"))


def begun(world: World) -> None:
    """The appointment has just begun."""
    now = clock.now()
    with tenancy.scope(world.practice.pk):
        Appointment.objects.update(start=now - timedelta(minutes=2), end=now + timedelta(minutes=20))


def test_morning_round_by_keyboard_alone(world: World, desk: Page) -> None:
    world.book(days=6)
    world.run()
    sign_in(desk, world)
    desk.goto(f"{world.url}/?when=week")
    desk.locator("html.has-keys").wait_for()
    keyboard = desk.keyboard
    keyboard.press("?")
    expect(desk.get_by_role("dialog")).to_be_visible()
    keyboard.press("Escape")
    keyboard.press("j")
    assert row_of(desk) == f"case-{world.case().pk}"
    keyboard.press("x")
    expect(desk.locator(".bulk")).to_be_visible()
    keyboard.press("a")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Zuordnen")
    keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("Erledigt für 1 Termin")
    desk.locator("html.has-keys").wait_for()
    expect(desk.locator(".row-item__carer")).to_be_visible()
    keyboard.press("u")
    expect(desk.locator(".row-item__carer")).to_have_count(0)
    begun(world)
    desk.goto(world.url)
    desk.locator("html.has-keys").wait_for()
    keyboard.press("j")
    keyboard.press("p")
    expect(desk.get_by_role("status")).to_contain_text("Otto Probefeld: Durchgeführt")
    with tenancy.scope(world.practice.pk):
        assert Outcome.objects.get().kind == "performed"
    keyboard.press("j")
    keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Otto Probefeld")


def test_connection_that_is_lost_is_said_and_what_is_chosen_stays_when_it_is_back(
    world: World, desk: Page
) -> None:
    world.book(days=6)
    world.run()
    sign_in(desk, world)
    desk.goto(f"{world.url}/?when=week")
    desk.locator(".row-item__pick input").check()
    desk.context.set_offline(True)
    expect(desk.locator("#offline")).to_be_visible()
    desk.context.set_offline(False)
    expect(desk.locator("#offline")).to_be_hidden()
    world.hand_in()
    desk.locator("#when-week").click()
    expect(desk.locator(".row-item")).to_contain_text("Zu prüfen")
    expect(desk.locator(".row-item__pick input")).to_be_checked()
