"""What staff do at the desk, in a real browser: with htmx and without."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from practices import clock
from prerequisites.models import Readiness
from tests.e2e.conftest import World
from tests.e2e.people import identify, open_item, sign_in

pytestmark = pytest.mark.e2e
LOADED = "window.loadedOnce = true"


def row(page: Page) -> Locator:
    """The patient's row on the board."""
    return page.get_by_role("listitem").filter(has_text="Otto Probefeld")


def requirement(page: Page, title: str) -> Locator:
    """A requirement on the case's page."""
    return page.locator(".req").filter(has=page.get_by_role("heading", name=title))


def accept_all(page: Page) -> None:
    """One after the other, as long as there is something to accept."""
    buttons = page.get_by_role("button", name="Annehmen")
    for left in range(buttons.count(), 0, -1):
        accept(page.locator("form").filter(has=buttons.first).first)
        expect(buttons).to_have_count(left - 1)


def accept(form: Locator) -> None:
    """With today as the document's date, where one is asked for."""
    dated = form.locator("input[name=document_date]")
    if dated.count():
        dated.fill(timezone.localdate(clock.now()).isoformat())
    form.get_by_role("button", name="Annehmen").click()


def test_staff_accept_what_came_in_and_the_board_says_ready(world: World, desk: Page) -> None:
    world.book(days=2)
    world.run()
    world.hand_in()
    sign_in(desk, world)
    desk.evaluate(LOADED)
    desk.get_by_role("link", name="Nächste 7 Tage", exact=True).click()
    expect(row(desk)).to_contain_text("Zu prüfen")
    assert desk.evaluate("window.loadedOnce"), "the filter loaded a whole page"
    row(desk).get_by_role("link", name="Otto Probefeld", exact=True).click()
    expect(desk.get_by_role("heading", name="Otto Probefeld")).to_be_visible()
    desk.evaluate(LOADED)
    accept_all(desk)
    expect(desk.locator(".case-head")).to_contain_text("Bereit")
    referral = requirement(desk, "Überweisung")
    referral.get_by_role("button", name="Zurücknehmen").click()
    expect(referral).to_contain_text("Zu prüfen")
    expect(desk.locator(".case-head")).to_contain_text("Zu prüfen")
    accept(referral.locator("form").filter(has=desk.get_by_role("button", name="Annehmen")))
    expect(desk.locator(".case-head")).to_contain_text("Bereit")
    assert desk.evaluate("window.loadedOnce"), "an act loaded a whole page"
    desk.get_by_role("link", name="Übersicht").first.click()
    desk.get_by_role("link", name="Nächste 7 Tage", exact=True).click()
    expect(row(desk)).to_contain_text("Bereit")


def test_staff_whose_browser_runs_no_script_get_as_far(world: World, plain_desk: Page) -> None:
    world.book(days=2)
    world.run()
    world.hand_in()
    sign_in(plain_desk, world)
    plain_desk.get_by_role("link", name="Nächste 7 Tage", exact=True).click()
    row(plain_desk).get_by_role("link", name="Prüfen").click()
    expect(plain_desk.locator("#review")).to_be_visible()
    plain_desk.goto(f"{world.url}/cases/{world.case().pk}/")
    accept_all(plain_desk)
    expect(plain_desk.locator(".case-head")).to_contain_text("Bereit")
    assert world.case().readiness == Readiness.READY


def test_patient_who_does_nothing_becomes_overdue_and_a_task(world: World, desk: Page) -> None:
    world.book()
    world.run()
    deadline = world.case().deadline
    assert deadline is not None
    world.run(now=deadline + timedelta(minutes=1))
    sign_in(desk, world)
    desk.get_by_role("link", name="Später").click()
    expect(row(desk)).to_contain_text("Überfällig")
    desk.get_by_role("link", name="Aufgaben").click()
    task = desk.get_by_role("listitem").filter(has_text="Anrufen: Otto Probefeld")
    expect(task).to_contain_text("+49 1525 4599371")
    task.locator("summary", has_text="Erledigt").click()
    task.get_by_role("button", name="Erreicht, ist geklärt").click()
    expect(task).to_have_count(0)


def test_a_staff_session_breaks_no_content_security_policy(world: World, desk: Page) -> None:
    world.book()
    world.run()
    world.hand_in()
    sign_in(desk, world)
    desk.get_by_role("link", name="Später").click()
    expect(row(desk)).to_contain_text("Zu prüfen")
    desk.goto(f"{world.url}/cases/{world.case().pk}/")
    referral = requirement(desk, "Überweisung")
    referral.get_by_text("Nachfordern …").click()
    referral.get_by_label("Oder in eigenen Worten").fill("Die Rückseite fehlt.")
    referral.get_by_role("button", name="Nachfordern", exact=True).click()
    expect(referral).to_contain_text("Nachgefordert")
    desk.locator(".rail__menu summary").click()
    desk.get_by_role("button", name="English").click()
    expect(desk.get_by_role("link", name="Tasks")).to_be_visible()


def test_patient_who_is_asked_again_sees_the_reason(world: World, desk: Page, phone: Page) -> None:
    world.book()
    world.run()
    world.hand_in()
    sign_in(desk, world)
    desk.goto(f"{world.url}/cases/{world.case().pk}/")
    referral = requirement(desk, "Überweisung")
    referral.get_by_text("Nachfordern …").click()
    referral.get_by_label("Oder in eigenen Worten").fill("Die Rückseite fehlt.")
    referral.get_by_role("button", name="Nachfordern", exact=True).click()
    expect(referral).to_contain_text("Nachgefordert")
    world.run(now=clock.now() + timedelta(minutes=30))
    assert len(world.texts()) == 2
    assert "Rückseite" not in world.texts()[1]
    phone.goto(world.link())
    identify(phone)
    open_item(phone, "Überweisung")
    expect(phone.get_by_text("Die Rückseite fehlt.")).to_be_visible()
