"""The whole product in one process for a real browser: live server, sandbox, and the stages run by hand."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from appointments.operations import add_feed
from practices import clock, record, tenancy
from practices.models import Practice, Role, User
from practices.operations import add_member
from prerequisites.adoption import adopt_pack
from prerequisites.models import Case, Requirement
from tests.factories import make_practice
from treffa import pipeline
from treffa.demo import chromium
from treffa.demo.actors import hand_in
from treffa.demo.papers import sample
from treffa.sandbox import sandbox as outside
from treffa.sandbox.client import SandboxClient

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the tests' thread
PATIENCE_MS = 20_000  # a machine that does much else is slow, not wrong
expect.set_options(timeout=PATIENCE_MS)
PASSWORD = "ein-langes-kennwort"
PHONE = "+4915254599371"
BORN = date(1947, 3, 14)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's chromium where there is one, else Playwright's own."""
    found = chromium.find()
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update"]
    return {**browser_type_launch_args, "args": quiet, **({"executable_path": found} if found else {})}


@dataclass(kw_only=True)
class World:
    """A practice with a calendar in the sandbox and one member."""

    practice: Practice
    client: SandboxClient
    url: str
    user: User

    def book(self, *, born: date | None = BORN, days: int = 12) -> None:
        """An appointment appears in the calendar."""
        start = (clock.now() + timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0)
        self.client.book(
            "e2e",
            first_name="Otto",
            last_name="Probefeld",
            type="CT Abdomen mit KM",
            start=start,
            born=born,
            phone=PHONE,
            uid="appointment-1",
        )

    def run(self, now: datetime | None = None) -> None:
        """What beat and the worker do, until nothing is due."""
        moment = now or clock.now()
        for _ in range(6):
            due = pipeline.due(now=moment)
            for stage, practice_id in due:
                pipeline.advance(stage=stage, practice_id=practice_id, now=moment)
            if not due:
                return

    def link(self) -> str:
        """The link in the newest message on the patient's phone."""
        return [link for message in self.client.messages(PHONE) for link in message.links][-1]

    def texts(self) -> list[str]:
        """What the patient was told, oldest first."""
        return [message.text for message in self.client.messages(PHONE)]

    def case(self) -> Case:
        """The only case there is."""
        with tenancy.scope(self.practice.pk):
            return Case.objects.get()

    def hand_in(self) -> None:
        """The patient sends all that is asked for, and the scanner has looked at it."""
        sample("Überweisung"), sample("Laborbericht mit Kreatinin")
        with tenancy.scope(self.practice.pk):
            asked = Requirement.objects.filter(prerequisite__blocking=True).select_related("prerequisite")
            for requirement in asked:
                hand_in(requirement, now=clock.now())
        self.run()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[outside.Sandbox]:
    with outside.start() as running:
        yield running


@pytest.fixture
def world(
    transactional_db: None, live_server: Any, settings: Any, tmp_path: Any, sandbox_process: outside.Sandbox
) -> World:
    sandbox_process.reset()
    settings.PUBLIC_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.TWILIO_BASE_URL = sandbox_process.http_url
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_ACCOUNT_SID or outside.ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN or outside.AUTH_TOKEN
    settings.CLAMD_ADDRESS = sandbox_process.clamd_address
    settings.EMAIL_HOST, _, port = sandbox_process.smtp_address.partition(":")
    settings.EMAIL_PORT = int(port)
    settings.DOCUMENT_ROOT = tmp_path
    settings.FEED_ALLOWED_ADDRESSES = [sandbox_process.http_url.removeprefix("http://")]
    now = clock.now()
    practice = make_practice(now=now)
    client = SandboxClient(sandbox_process.http_url)
    calendar = client.create_calendar("e2e", title="CT 1")
    with tenancy.scope(practice.pk):
        user = User.objects.create_user("petra@praxis.example", PASSWORD, name="Petra Erdmuster")
        add_member(user=user, role=Role.PHYSICIAN, by=record.SYSTEM, now=now)
        adopt_pack("radiology", signed_off_by=user, by=record.staff(user.pk), now=now)
        add_feed(
            name="CT 1",
            url=calendar.url,
            by=record.staff(user.pk),
            now=now,
            allowed_addresses=frozenset(settings.FEED_ALLOWED_ADDRESSES),
        )
    return World(practice=practice, client=client, url=live_server.url, user=user)


@pytest.fixture
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A patient's phone: small, touch, German."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, locale="de-DE")
    yield from _page(context, request)
    context.close()


@pytest.fixture
def old_phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone without JavaScript."""
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=False, locale="de-DE"
    )
    yield from _page(context, request)
    context.close()


@pytest.fixture
def desk(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The reception's screen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="de-DE")
    yield from _page(context, request)
    context.close()


@pytest.fixture
def plain_desk(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The reception's screen, in a browser that runs no script."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, java_script_enabled=False, locale="de-DE"
    )
    yield from _page(context, request)
    context.close()


def _page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page whose console must say nothing of the content security policy, whatever is done on it (axe, which writes
    a style of its own into the page, aside)."""
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    broken = [text for text in said if "Content Security Policy" in text]
    assert not broken or request.node.get_closest_marker("axe"), broken
