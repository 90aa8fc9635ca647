"""A sandbox as the outside world, a practice in it, and cases with something missing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from messaging import operations
from messaging.models import Message
from messaging.operations import results
from messaging.providers.twilio.sending import TwilioProvider
from practices import clock, tenancy
from practices.models import Practice
from prerequisites.models import Case
from tests.factories import NOW, CaseFactory, RequirementFactory, make_practice
from treffa.sandbox import Sandbox, start


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with start(callback_delay=0.02) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings: Any) -> Sandbox:
    """The outside world, and the product pointed at it. Callbacks go nowhere unless a test says where."""
    running_sandbox.reset()
    settings.TWILIO_BASE_URL = running_sandbox.http_url
    settings.TWILIO_ACCOUNT_SID = running_sandbox.twilio.account_sid
    settings.TWILIO_AUTH_TOKEN = running_sandbox.twilio.auth_token
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = running_sandbox.mail.address
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    return running_sandbox


@pytest.fixture
def callbacks(sandbox: Sandbox, live_server: Any, settings: Any) -> Sandbox:
    """The sandbox's callbacks reach the product."""
    settings.PUBLIC_URL = live_server.url
    return sandbox


@pytest.fixture(autouse=True)
def time_stands_still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The clock of the views and of the sandbox stands at NOW, the product's calls have short deadlines."""
    monkeypatch.setattr(clock, "_FILE", str(tmp_path / "clock"))
    clock.turn(to=NOW, speed=0)
    monkeypatch.setattr("messaging.providers.twilio.sending.DEADLINE_S", 2.0)
    monkeypatch.setattr("messaging.providers.email.DEADLINE_S", 2.0)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts go out one after the other."""
    monkeypatch.setattr(TwilioProvider, "capabilities", replace(TwilioProvider.capabilities, at_once=1))


class House:
    """A practice at work: what the stages do, and what came of it, in few words."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice

    def case(self, *, requirements: int = 1, **details: Any) -> Case:
        """A case that waits for its patient; `patient__...` and the like go to the factory."""
        with tenancy.scope(self.practice.pk):
            details.setdefault("requests_due_at", NOW)
            named = {f"appointment__{k}" if k.startswith("patient__") else k: v for k, v in details.items()}
            case: Case = CaseFactory(**named)
            for _ in range(requirements):
                RequirementFactory(case=case, prerequisite__plan=case.plan)
            return case

    def queue(self, *, at: datetime = NOW) -> None:
        operations.queue_requests(practice_id=self.practice.pk, now=at)

    def deliver(self, *, at: datetime = NOW) -> None:
        operations.deliver(practice_id=self.practice.pk, now=at)

    def say(self, *, at: datetime = NOW) -> None:
        self.queue(at=at)
        self.deliver(at=at)

    def messages(self) -> list[Message]:
        with tenancy.scope(self.practice.pk):
            return list(Message.objects.order_by("id"))

    def states(self) -> list[tuple[str, str, str]]:
        return [(message.occasion, message.channel, message.state) for message in self.messages()]

    def reload(self, case: Case) -> Case:
        with tenancy.scope(self.practice.pk):
            return Case.objects.select_related("appointment__patient").get(pk=case.pk)

    def change(self, model: type[Any], pk: int, **fields: Any) -> None:
        with tenancy.scope(self.practice.pk):
            model.objects.filter(pk=pk).update(**fields)

    def look_again(self, case: Case, *, at: datetime) -> None:
        self.change(Case, case.pk, requests_due_at=at)


@pytest.fixture
def house(transactional_db: None) -> House:
    return House(make_practice())


@pytest.fixture
def make_house(transactional_db: None) -> Callable[..., House]:
    return lambda **details: House(make_practice(**details))


SOON = NOW + results.ABSENT_AFTER + timedelta(minutes=1)


def own_connection(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()


def in_another_transaction(act: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(own_connection, act).result()
