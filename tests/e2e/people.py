"""What people do on the pages, in the words that the pages show them."""

import re

from playwright.sync_api import Page, expect

from tests import files
from tests.e2e.conftest import PASSWORD, World


def identify(page: Page, *, day: str = "14", month: str = "3", year: str = "1947") -> None:
    """Tells the date of birth."""
    for label, value in (("Tag", day), ("Monat", month), ("Jahr", year)):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Weiter").click()


def open_item(page: Page, title: str) -> None:
    """From the list to one thing."""
    page.get_by_role("link", name=title).click()
    named = page.get_by_role("heading", name=title, level=1)
    expect(named.or_(page.get_by_text(re.compile(r"^Frage \d+ von")))).to_be_visible()


def send_photo(page: Page, *, name: str = "photo.jpg", content: bytes = b"") -> None:
    """Chooses a file and sends it."""
    kind = "image/jpeg" if name.endswith("jpg") else "application/octet-stream"
    photo = {"name": name, "mimeType": kind, "buffer": content or files.jpeg()}
    page.get_by_label("Foto oder Datei").set_input_files(photo)  # type: ignore[arg-type]
    page.get_by_role(
        "button", name=re.compile("^(An die Praxis senden|Fertig, diese Seiten senden)$")
    ).click()


def fill_in_questions(page: Page) -> None:
    """Answers the questions about the contrast agent: no, no, no, 72 kg."""
    while page.get_by_role("button", name="Weiter").count():
        number = page.get_by_text("Frage ").first.text_content()
        if page.get_by_label("Wie viel wiegen Sie?").count():
            page.get_by_label("Wie viel wiegen Sie?").fill("72")
        elif page.get_by_text("Nein", exact=True).count():  # else what was asked only if yes
            page.get_by_text("Nein", exact=True).click()
        page.get_by_role("button", name="Weiter").click()
        expect(page.get_by_text(number or "", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Antworten senden").click()


def confirm(page: Page) -> None:
    """Confirms an instruction."""
    page.get_by_label("Ich habe das gelesen und verstanden").check()
    page.get_by_role("button", name="Bestätigen").click()


def sign_in(page: Page, world: World) -> None:
    """At the reception's desk, to the board."""
    page.goto(world.url)
    page.get_by_label("E-Mail").fill(world.user.email)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Guten "))
    # Scripts come last: a key pressed before them does only what the bare page does.
    page.wait_for_load_state()
