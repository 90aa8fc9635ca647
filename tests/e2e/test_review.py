"""The review in a real browser: by keyboard alone, and without script."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from practices import clock, tenancy
from prerequisites.models import Readiness, Requirement, RequirementState
from tests.e2e.conftest import World
from tests.e2e.people import sign_in
from tests.e2e.test_accessibility import problems

pytestmark = pytest.mark.e2e


def state(world: World, title: str) -> str:
    """How a requirement of the only case stands."""
    with tenancy.scope(world.practice.pk):
        return Requirement.objects.get(prerequisite__title__de=title).state


def ready_to_review(world: World, desk: Page) -> None:
    """Everything is handed in; the desk is at the queue."""
    world.book()
    world.run()
    world.hand_in()
    sign_in(desk, world)
    desk.goto(f"{world.url}/review/")


def workspace_open(desk: Page) -> None:
    """The workspace stands and hears: its script comes last, a key pressed before it is nobody's."""
    expect(desk.locator("#review")).to_be_visible()
    desk.wait_for_load_state()


def type_date(desk: Page, day: date) -> None:
    """By keyboard, in the order that the browser asks for: its own language's, not the page's."""
    for order in ("%d%m%Y", "%m%d%Y"):
        desk.keyboard.press("d")
        desk.keyboard.type(day.strftime(order))
        field = desk.locator("#document-date")
        if field.input_value() == day.isoformat():
            return
        field.fill("")
        field.blur()
    raise AssertionError("the browser takes no date by keyboard")


def test_all_is_decided_by_keyboard_alone_and_taken_back(world: World, desk: Page) -> None:
    ready_to_review(world, desk)
    desk.locator("#begin").focus()
    desk.keyboard.press("Enter")
    workspace_open(desk)
    desk.evaluate("window.loadedOnce = true")
    titles = [desk.locator("#what").inner_text()]
    desk.keyboard.press("j")
    expect(desk.locator("#what")).not_to_have_text(titles[0])
    desk.keyboard.press("k")
    expect(desk.locator("#what")).to_have_text(titles[0])

    desk.keyboard.press("+")
    expect(desk.locator("#stage")).to_have_class("doc-stage zoom-125")
    desk.keyboard.press("t")
    expect(desk.locator("#stage")).to_have_class("doc-stage zoom-125 turn-1")
    desk.keyboard.press("0")
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_visible()
    desk.keyboard.press("a")
    desk.keyboard.press("Escape")
    expect(desk.locator("#keys")).to_be_hidden()
    assert state(world, titles[0]) == RequirementState.SUBMITTED, "a key went through the list of keys"

    desk.keyboard.press("r")
    desk.keyboard.press("2")
    words = desk.locator("#reason")
    expect(words).not_to_have_value("")
    said = words.input_value()
    desk.keyboard.press("Enter")
    expect(desk.locator(".review__toast")).to_contain_text(f"{titles[0]} von Otto Probefeld nachgefordert")
    assert state(world, titles[0]) == RequirementState.REJECTED and said
    desk.keyboard.press("z")
    expect(desk.locator("#what")).to_have_text(titles[0])
    assert state(world, titles[0]) == RequirementState.SUBMITTED

    for _ in range(6):
        accept = desk.locator("#accept")
        if not accept.count():
            break
        here = desk.locator("#what").inner_text()
        if desk.locator("#document-date").count():
            type_date(desk, clock.now().date())
            expect(desk.locator("#verdict .verdict.is-ready")).to_be_visible()
        desk.keyboard.press("a")
        expect(desk.locator("#what").filter(has_text=here)).to_have_count(0)
    expect(desk.get_by_role("heading", name="Alles ist geprüft")).to_be_visible()
    assert world.case().readiness == Readiness.READY


def test_somebody_who_was_quicker_is_named_and_nothing_is_decided_twice(
    world: World, desk: Page, plain_desk: Page
) -> None:
    ready_to_review(world, desk)
    desk.locator("#begin").click()
    workspace_open(desk)
    title = desk.locator("#what").inner_text()
    sign_in(plain_desk, world)
    plain_desk.goto(desk.url)
    plain_desk.locator("#ask summary").click()
    plain_desk.get_by_text("Man kann das Bild nicht lesen.").first.click()
    plain_desk.get_by_role("button", name="Senden und weiter").click()
    expect(plain_desk.locator(".review__toast")).to_contain_text("nachgefordert")
    desk.keyboard.press("a")
    expect(desk.get_by_role("status").first).to_contain_text("Petra Erdmuster hat das schon nachgefordert")
    assert state(world, title) == RequirementState.REJECTED


def test_what_is_refused_stays_open_with_the_problem_in_sight(world: World, desk: Page) -> None:
    ready_to_review(world, desk)
    desk.locator("#begin").click()
    workspace_open(desk)
    desk.keyboard.press("w")
    desk.get_by_role("button", name="Ausnahme machen").last.click()
    expect(desk.locator("#waive-error")).to_be_visible()
    expect(desk.locator("#waive-reason")).to_be_focused()
    desk.keyboard.press("Escape")
    desk.keyboard.press("r")
    desk.get_by_role("button", name="Senden und weiter").click()
    expect(desk.locator("#reason-error")).to_be_visible()
    expect(desk.locator("#waive-error")).to_have_count(0)


def test_without_script_the_pages_are_plain_pictures_and_all_is_decided(
    world: World, plain_desk: Page
) -> None:
    ready_to_review(world, plain_desk)
    plain_desk.locator("#begin").click()
    for _ in range(8):
        if not plain_desk.locator("#accept").count():
            break
        if plain_desk.locator("#document-date").count():
            plain_desk.locator("#document-date").fill((clock.now() - timedelta(days=1)).date().isoformat())
        plain_desk.locator("#accept").click()
    expect(plain_desk.get_by_role("heading", name="Alles ist geprüft")).to_be_visible()
    assert world.case().readiness == Readiness.READY


@pytest.mark.axe
def test_axe_finds_nothing_in_the_review(world: World, desk: Page) -> None:
    ready_to_review(world, desk)
    assert not problems(desk)
    desk.locator("#begin").click()
    workspace_open(desk)
    assert not problems(desk)
    desk.keyboard.press("r")
    assert not problems(desk)
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    assert not problems(desk)
