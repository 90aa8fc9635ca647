"""Unknown texts, appointment types and a held calendar in a real browser: with a script and without."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from appointments.models import Appointment, AppointmentType, Feed, FeedState
from practices import clock, record, tenancy
from practices.models import Role
from practices.operations import add_member
from tests import factories
from tests.e2e.conftest import World
from tests.e2e.people import sign_in
from tests.e2e.test_accessibility import problems

pytestmark = [pytest.mark.e2e, pytest.mark.axe]
TEXT = "Röhre Bein rechts"


@pytest.fixture
def unknown(world: World) -> World:
    """A practice that its one member manages, with two appointments that nobody knows."""
    with tenancy.scope(world.practice.pk):
        add_member(user=world.user, role=Role.MANAGER, by=record.SYSTEM, now=clock.now())
        feed = Feed.objects.get()
        for days in (3, 4):
            factories.AppointmentFactory(
                type=None,
                type_text=TEXT,
                feed=feed,
                start=clock.now() + timedelta(days=days),
                patient__created_at=clock.now(),
            )
    world.run()
    return world


def known(world: World) -> set[str | None]:
    with tenancy.scope(world.practice.pk):
        return set(Appointment.objects.values_list("type__name", flat=True))


def test_an_answer_on_the_board_is_taken_back(unknown: World, desk: Page) -> None:
    _answer_and_take_back(unknown, desk)


def test_without_a_script_it_is_taken_back_alike(unknown: World, plain_desk: Page) -> None:
    _answer_and_take_back(unknown, plain_desk)


def _answer_and_take_back(world: World, page: Page) -> None:
    sign_in(page, world)
    notice = page.locator("#notice-untyped")
    for choice in ("MRT nativ", "Braucht nie etwas"):
        notice.get_by_label(f"Art von „{TEXT}“").select_option(label=choice)
        notice.get_by_role("button", name="Zuordnen").click()
        line = page.locator("#answered")
        expect(line).to_contain_text(TEXT)
        world.run()
        assert known(world) == {"MRT nativ" if choice != "Braucht nie etwas" else TEXT}
        line.get_by_role("button", name="Rückgängig").click()
        expect(page.get_by_text("Zurückgenommen: Nach 2 Terminen wird wieder gefragt.")).to_be_visible()
        expect(line).to_have_count(0)
        world.run()
        assert known(world) == {None}
    page.reload()
    expect(notice.get_by_text("2 wurden schon vorbereitet; sie ruhen bis dahin")).to_be_visible()


def test_a_manager_sees_what_a_keyword_changes_before_it_is_saved(unknown: World, desk: Page) -> None:
    sign_in(desk, unknown)
    desk.get_by_role("link", name="Terminarten").click()
    expect(desk.get_by_role("heading", name="Terminarten", exact=True)).to_be_visible()
    assert not problems(desk)
    desk.get_by_role("link", name="MRT nativ", exact=True).click()
    words = desk.get_by_label("Erkannt an")
    kept = words.input_value()
    words.fill(f"{kept}\nct nativ")
    expect(desk.locator("#clash-notes")).to_contain_text("„ct nativ“ sagt dasselbe wie")
    words.fill(f"{kept}\nRöhre Bein")
    expect(desk.locator("#preview")).to_contain_text("2 kommende Termine bekommen eine andere Terminart.")
    expect(desk.locator("#clash-notes")).not_to_contain_text("sagt dasselbe")
    assert not problems(desk)
    assert known(unknown) == {None}
    desk.get_by_role("button", name="Speichern").click()
    expect(desk.get_by_text("2 kommende Termine haben jetzt eine andere Terminart.")).to_be_visible()
    assert known(unknown) == {"MRT nativ"}


def test_without_a_script_the_preview_takes_one_click(unknown: World, plain_desk: Page) -> None:
    sign_in(plain_desk, unknown)
    plain_desk.get_by_role("link", name="Terminarten").click()
    plain_desk.get_by_role("link", name="Terminart hinzufügen").click()
    plain_desk.get_by_label("Name").fill("Röhre")
    plain_desk.get_by_role("button", name="Vorschau").click()
    expect(plain_desk.locator("#preview")).to_contain_text("2 kommende Termine")
    expect(plain_desk.get_by_label("Name")).to_have_value("Röhre")
    plain_desk.get_by_role("button", name="Terminart hinzufügen").click()
    expect(plain_desk.get_by_role("heading", name="Röhre", exact=True)).to_be_visible()
    with tenancy.scope(unknown.practice.pk):
        assert AppointmentType.objects.filter(name="Röhre").exists()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_what_disappeared_is_cancelled_in_two_steps(
    unknown: World, desk: Page, plain_desk: Page, script: bool
) -> None:
    page = desk if script else plain_desk
    with tenancy.scope(unknown.practice.pk):
        missing = list(Appointment.objects.values_list("pk", flat=True))
        Feed.objects.update(
            state=FeedState.FROZEN, missing_ids=missing, next_poll_at=clock.now() + timedelta(hours=1)
        )
    sign_in(page, unknown)
    notice = page.locator(".notice", has_text="verschwunden")
    notice.get_by_text("Sie sind wirklich abgesagt …").click()
    expect(notice).to_contain_text("Noch wurde niemand angeschrieben")
    if script:
        assert not problems(page)
    notice.get_by_role("button", name="2 Termine absagen").click()
    expect(page.get_by_text("2 Termine sind abgesagt.")).to_be_visible()
    expect(notice).to_have_count(0)
