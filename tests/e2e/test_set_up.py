"""From an invitation to the first message on a patient's phone, by the set-up alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from playwright.sync_api import Page, expect

from practices import clock, invitation_mail, record, team, tenancy
from practices.models import Practice, Role
from tests.e2e.conftest import PASSWORD, PHONE, World
from tests.e2e.test_accessibility import problems
from tests.factories import make_practice
from tests.files import png

pytestmark = [pytest.mark.e2e, pytest.mark.axe]

LOOKED_AT = ("rules", "pack", "messages")


@pytest.fixture
def newcomer(world: World) -> Practice:
    """A practice as an operator makes it, and a calendar of four entries that nobody reads yet."""
    now = clock.now()
    practice = make_practice(name="Praxis Neuland", address="", phone="", sending=False, now=now)
    world.client.create_calendar("neuland", title="MRT 1")
    for number, (name, kind) in enumerate((("Otto", "MRT Knie"), ("Ida", "MRT Kopf"), ("Ute", "Spezial 2"))):
        world.client.book(
            "neuland",
            first_name=name,
            last_name="Probefeld",
            type=kind,
            start=(now + timedelta(days=3)).replace(hour=8 + number, minute=0, second=0, microsecond=0),
            phone=PHONE if number == 0 else f"+491525459938{number}",
        )
    with tenancy.scope(practice.pk):
        invited = team.invite(
            email="nina@neuland.example", name="Nina Neu", role=Role.MANAGER, by=record.SYSTEM, now=now
        )
        invitation_mail.send(invited, practice=practice)
    return practice


def walk(page: Page, world: World) -> Iterator[str]:
    """Every page of the way, one after the other; each is open when its name is given."""
    link = next(word for word in mail.outbox[-1].body.split() if word.startswith("http"))
    page.goto(link)
    yield "join"
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Beitreten").click()
    expect(page.get_by_role("heading", name="Ihre Praxis")).to_be_visible()
    yield "practice"
    page.get_by_label("Adresse").fill("Neuweg 1, 12345 Musterstadt")
    page.get_by_label("Telefon").fill("030 23125408")
    page.get_by_label("Land und Region").select_option("DE-BE")
    page.get_by_label("Eigene Farbe").check()
    page.get_by_label("Farbe", exact=True).fill("#d97706")
    logo = {"name": "logo.png", "mimeType": "image/png", "buffer": png()}
    page.get_by_label("Logo", exact=True).set_input_files(logo)  # type: ignore[arg-type]
    page.get_by_role("button", name="Speichern und weiter").click()
    yield from _calendar(page, world)
    yield from _rest(page, world)


def _calendar(page: Page, world: World) -> Iterator[str]:
    field = page.get_by_label("Kalender-Link")
    base = f"http://{settings.FEED_ALLOWED_ADDRESSES[0]}"
    field.fill(f"{base}/")
    page.get_by_role("button", name="Ansehen").click()
    page.get_by_role("heading", name="Der Kalender wird gelesen").wait_for()
    world.run()
    expect(page.locator(".field__error")).to_be_visible()
    yield "calendar-wrong"
    field.fill(f"{base}/doctolib/neuland.ics")
    page.get_by_label("Name").fill("MRT 1")
    page.get_by_role("button", name="Ansehen").click()
    page.get_by_role("heading", name="Der Kalender wird gelesen").wait_for()
    world.run()
    expect(page.locator(".step[aria-current]")).to_contain_text("Regeln")
    expect(page.locator(".events")).to_contain_text("Otto Probefeld")
    page.locator(".correct > summary").first.click()
    yield "rules"
    page.locator(".correct__ways button[value='mode:name']").first.click()
    expect(page.get_by_label("Nur der Name")).to_be_checked()
    page.get_by_label("Treffa entscheidet").check()
    expect(page.locator("#preview")).to_contain_text("MRT nativ")
    page.get_by_role("button", name="Diesen Kalender hinzufügen").click()


def _rest(page: Page, world: World) -> Iterator[str]:
    world.run()
    page.get_by_role("link", name="Radiologie").click()
    yield "pack"
    page.get_by_role("button", name="Diese Pläne übernehmen").click()
    expect(page.get_by_text("Pläne gelten.").first).to_be_visible()
    world.run()
    page.reload()
    yield "pack-in-use"
    page.get_by_label("Art von „Spezial 2“").select_option(label="Braucht nie etwas")
    page.get_by_role("button", name="Zuordnen").click()
    page.get_by_role("link", name="Team").last.click()
    yield "team"
    page.get_by_label("E-Mail").fill("dr@neuland.example")
    page.get_by_label("Rolle").last.select_option("physician")
    page.get_by_role("button", name="Einladung senden").click()
    page.get_by_role("button", name="Nachrichten").click()
    page.get_by_label("Weg", exact=True).select_option("sms")
    page.get_by_label("An", exact=True).fill("0152 54599372")
    page.get_by_role("button", name="Senden", exact=True).click()
    world.run()
    expect(page.locator("#tested")).to_contain_text("SMS an")
    yield "messages"
    page.get_by_role("button", name="Probelauf").click()
    expect(page.get_by_text("SMS: ").first).to_be_visible()
    yield "trial"
    page.get_by_role("button", name="Einschalten").click()
    yield "on"
    page.get_by_role("button", name="Einschalten").click()
    expect(page.get_by_text("Patienten werden ab jetzt angeschrieben")).to_be_visible()
    yield "board"


def test_an_invited_manager_gets_from_an_empty_practice_to_the_first_message(
    newcomer: Practice, world: World, desk: Page, phone: Page
) -> None:
    for step in walk(desk, world):
        if step in LOOKED_AT:
            assert not problems(desk), step
    world.run()
    assert "Praxis am Sonnenbogen" in world.texts()[-1]
    phone.goto(world.link())
    expect(phone.locator("img.p-logo")).to_be_visible()
    assert phone.evaluate("getComputedStyle(document.body).getPropertyValue('--tr-accent-fill')") != "#0b5a63"
    assert not problems(phone)
