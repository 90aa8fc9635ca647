"""The pictures in docs/images: the demo, photographed as staff and patients see it."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from practices import clock, tenancy
from practices.models import User
from practices.queries import memberships_of
from prerequisites import links, operations
from prerequisites.models import Case, Kind, Readiness, Requirement
from treffa.demo.practices import PASSWORD, PETRA, PRACTICES

PRACTICE = PRACTICES[0]
WIDE, NARROW = 1440, 390
COLOURS = 256
Theme = Literal["light", "dark"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is photographed: a case that staff review, and a patient who has something left to hand in."""

    case_id: int
    link: str
    born: date
    phone: str
    document_id: int


def choose() -> Subject:
    """Out of the seeded demo. LookupError if nobody in it fits."""
    petra = User.objects.get(email=PETRA[0])
    practice_id = next(m.practice_id for m in memberships_of(petra.pk) if m.practice_name == PRACTICE.name)
    with tenancy.scope(practice_id):
        reviewed = Case.objects.filter(closed_at=None, requirements__submissions__documents__isnull=False)
        case = reviewed.filter(readiness=Readiness.TO_REVIEW).order_by("appointment__start", "pk").first()
        asked = _left_to_hand_in()
        patient = asked.case.appointment.patient if asked else None
        if case is None or asked is None or patient is None or patient.birth_date is None:
            raise LookupError("the demo has no case to photograph")
        return Subject(
            case_id=case.pk,
            link=links.url_for(asked.case),
            born=patient.birth_date,
            phone=patient.phone,
            document_id=asked.pk,
        )


def _left_to_hand_in() -> Requirement | None:
    """A document that somebody who has sent other things already still has to send."""
    started = Case.objects.filter(closed_at=None, requirements__submissions__isnull=False)
    return (
        Requirement.objects.filter(
            state__in=operations.ASKED,
            prerequisite__kind=Kind.DOCUMENT,
            prerequisite__blocking=True,
            deadline__gt=clock.now(),
            obstacle="",
            case__in=started,
            case__appointment__patient__birth_date__isnull=False,
        )
        .exclude(case__appointment__patient__phone="")
        .select_related("case__appointment__patient", "prerequisite")
        .order_by("case__appointment__start", "pk")
        .first()
    )


class Photographer:
    """Opens the pages in a browser and keeps pictures in a folder."""

    def __init__(self, browser: Browser, *, folder: Path) -> None:
        self._browser, self._folder = browser, folder

    def staff(self, subject: Subject) -> None:
        """The board, a case and the tasks."""
        with self._page(WIDE, "light") as page:
            self._sign_in(page)
            self._keep(page, "board-1440-light")
            page.goto(f"{settings.PUBLIC_URL}/cases/{subject.case_id}/")
            self._keep(page, "case-1440-light", full=True)
            page.goto(f"{settings.PUBLIC_URL}/tasks/")
            self._keep(page, "tasks-1440-light")
            signed_in = page.context.storage_state()
        others: list[tuple[int, Theme]] = [(WIDE, "dark"), (NARROW, "light")]
        for width, theme in others:
            with self._page(width, theme, signed_in) as page:
                page.goto(f"{settings.PUBLIC_URL}/")
                self._keep(page, f"board-{width}-{theme}")

    def patient(self, subject: Subject) -> None:
        """The list and an upload, as the phone shows them."""
        themes: list[Theme] = ["light", "dark"]
        for theme in themes:
            with self._page(NARROW, theme) as page:
                page.goto(subject.link)
                for part in ("day", "month", "year"):
                    page.locator(f"#born-{part}").fill(str(getattr(subject.born, part)))
                page.locator("main button[type=submit]").click()
                page.locator(".visit").wait_for()
                self._keep(page, f"patient-390-{theme}", full=True)
                if theme == "light":
                    page.goto(f"{settings.PUBLIC_URL}/p/{subject.document_id}/")
                    self._keep(page, "patient-upload-390-light", full=True)

    def phone(self, subject: Subject) -> None:
        """The sandbox's page of a patient's phone."""
        with self._page(WIDE, "light") as page:
            page.goto(f"{settings.SANDBOX_URL}/phones/{quote(subject.phone)}")
            self._keep(page, "sandbox-phone-1440-light")

    def _sign_in(self, page: Page) -> None:
        page.goto(f"{settings.PUBLIC_URL}/")
        page.locator("[name=login]").fill(PETRA[0])
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button.btn-primary").click()
        page.locator(".practice-menu summary").click()
        page.get_by_role("button", name=PRACTICE.name).click()
        page.locator(".practice-switch", has_text=PRACTICE.name).wait_for()

    def _keep(self, page: Page, name: str, *, full: bool = False) -> None:
        """As a picture of few colours: the pages have few, and the files stay small."""
        page.evaluate("document.fonts.ready")
        for picture in page.locator("img").all():
            picture.scroll_into_view_if_needed()
            picture.evaluate("picture => picture.decode()")
        page.evaluate("scrollTo(0, 0)")
        shot = Image.open(io.BytesIO(page.screenshot(full_page=full, animations="disabled")))
        packed = shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        packed.save(self._folder / f"{name}.png", optimize=True)

    @contextmanager
    def _page(self, width: int, theme: Theme, signed_in: StorageState | None = None) -> Iterator[Page]:
        narrow = width == NARROW
        context = self._browser.new_context(
            viewport={"width": width, "height": 844 if narrow else 1020},
            device_scale_factor=2 if narrow else 1,
            has_touch=narrow,
            color_scheme=theme,
            locale="de-DE",
            storage_state=signed_in,
        )
        yield context.new_page()
        context.close()


def photograph(subject: Subject, *, executable: str, folder: Path) -> list[Path]:
    """Takes all pictures; returns the files. No database is asked here: Playwright's loop has this thread."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-gpu", "--disable-sync"],
            env={**os.environ, "LANGUAGE": "de"},
        )
        photographer = Photographer(browser, folder=folder)
        photographer.staff(subject)
        photographer.patient(subject)
        photographer.phone(subject)
        browser.close()
    return sorted(folder.glob("*.png"))
