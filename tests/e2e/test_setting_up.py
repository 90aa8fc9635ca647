"""A manager connects a calendar and sees the board fill, with a script and without; the page's parts are accessible."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from appointments.models import Feed
from practices import clock, record, tenancy
from practices.models import Role
from practices.operations import add_member
from tests.e2e.conftest import World
from tests.e2e.people import sign_in
from tests.e2e.test_accessibility import problems

pytestmark = [pytest.mark.e2e, pytest.mark.axe]


@pytest.fixture
def manager(world: World) -> World:
    """A practice without a calendar; its one member manages it."""
    with tenancy.scope(world.practice.pk):
        add_member(user=world.user, role=Role.MANAGER, by=record.SYSTEM, now=clock.now())
        Feed.objects.update(state="paused", removed_at=clock.now())
    world.book(days=2)
    return world


def connect(page: Page, world: World, *, wrong: str) -> None:
    """By the wizard: a wrong link first, then the right one."""
    page.get_by_role("link", name="Kalender", exact=True).click()
    page.get_by_role("link", name="Kalender verbinden").click()
    page.get_by_label("Kalender-Link").fill(wrong)
    page.get_by_role("button", name="Ansehen").click()
    expect(page.get_by_text("Das ist kein Link zu einem Kalender.")).to_be_visible()
    expect(page.get_by_label("Kalender-Link")).to_have_value(wrong)
    link = f"http://{settings.FEED_ALLOWED_ADDRESSES[0]}/doctolib/e2e.ics"
    page.get_by_label("Kalender-Link").fill(link)
    page.get_by_label("Name").fill("CT 1")
    page.get_by_role("button", name="Ansehen").click()
    expect(page.get_by_role("heading", name="Der Kalender wird gelesen")).to_be_visible()
    world.run()


def test_a_manager_connects_a_calendar_and_sees_the_board_fill(manager: World, desk: Page) -> None:
    sign_in(desk, manager)
    connect(desk, manager, wrong="kalender")
    expect(desk.get_by_role("heading", name="Das steht in Ihrem Kalender")).to_be_visible()
    expect(desk.locator("#preview")).to_contain_text("Treffa liest 1 Termin.")
    expect(desk.locator(".events")).to_contain_text("Otto Probefeld")
    assert not problems(desk)
    desk.get_by_label("Nur der Name").check()
    expect(desk.locator("#preview")).to_contain_text("0 davon verstanden")
    desk.get_by_label("Treffa entscheidet").check()
    expect(desk.locator("#preview")).to_contain_text("Alles ist verstanden.")
    desk.get_by_role("button", name="Diesen Kalender hinzufügen").click()
    expect(desk.get_by_text("„CT 1“ wird jetzt gelesen.")).to_be_visible()
    manager.run()
    desk.get_by_role("link", name="Übersicht").first.click()
    desk.get_by_role("link", name="Nächste 7 Tage", exact=True).click()
    row = desk.get_by_role("listitem").filter(has_text="Otto Probefeld")
    expect(row).to_contain_text("CT mit Kontrastmittel")


def test_without_a_script_it_takes_one_click_more(manager: World, plain_desk: Page) -> None:
    sign_in(plain_desk, manager)
    connect(plain_desk, manager, wrong="kalender")
    plain_desk.get_by_role("link", name="Noch einmal nachsehen").click()
    plain_desk.get_by_label("Nur der Name").check()
    plain_desk.get_by_role("button", name="Vorschau").click()
    expect(plain_desk.locator("#preview")).to_contain_text("0 davon verstanden")
    plain_desk.get_by_label("Treffa entscheidet").check()
    plain_desk.get_by_role("button", name="Diesen Kalender hinzufügen").click()
    expect(plain_desk.get_by_text("„CT 1“ wird jetzt gelesen.")).to_be_visible()
    with tenancy.scope(manager.practice.pk):
        assert Feed.objects.get(removed_at=None).name == "CT 1"
