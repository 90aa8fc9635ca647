"""The stages as beat and the worker run them: every tick hands out all that is due, what fails stands alone, and what is
asked for twice, or never, comes out the same."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, connection

from appointments.models import Appointment, Feed, TrialPurpose
from appointments.operations import add_feed, begin_trial
from escalation.models import Preference, Task
from messaging.models import Message
from practices import clock, heads, record, tenancy
from practices.models import Practice, RecordEntry, Webhook
from practices.tenant_models import TenantModel
from prerequisites.adoption import adopt_pack
from prerequisites.models import Case
from tests import factories
from tests.factories import make_practice
from treffa import pipeline, tasks
from treffa.celery import app
from treffa.logs import LineFormatter
from treffa.sandbox import sandbox as outside
from treffa.sandbox.client import SandboxClient
from treffa.webhooks import addresses as hooks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:task_always_eager has no effect on send_task"),
]

PHONES = ("+4915254599371", "+4915254599372")
BEGINS = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class World:
    """Practices with a calendar each in one sandbox; `at` is the time."""

    def __init__(self, running: outside.Sandbox, travel: Any) -> None:
        self.client, self._running, self._travel = SandboxClient(running.http_url), running, travel
        self.practices = [self._open(number) for number in range(2)]

    def _open(self, number: int) -> Practice:
        practice = make_practice(name=f"Praxis {number}")
        calendar = self.client.create_calendar(f"room-{number}", title=f"CT {number}")
        with tenancy.scope(practice.pk):
            adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=clock.now())
            add_feed(
                name=f"CT {number}",
                url=calendar.url,
                by=record.SYSTEM,
                now=clock.now(),
                allowed_addresses=frozenset({self._running.http_url.removeprefix("http://")}),
            )
        self.client.book(
            f"room-{number}",
            first_name="Otto",
            last_name="Probefeld",
            type="CT Abdomen mit KM",
            start=clock.now() + timedelta(days=8),
            phone=PHONES[number],
            uid="one",
        )
        return practice

    def ticks(self, count: int) -> None:
        """So many minutes pass."""
        for _ in range(count):
            tasks.tick()
            self._travel.shift(timedelta(minutes=1))

    def texts(self, number: int) -> int:
        return len(self.client.messages(PHONES[number]))

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All that the tables of both practices hold."""
        found: dict[str, list[dict[str, Any]]] = {}
        for practice in self.practices:
            with tenancy.scope(practice.pk):
                for model in apps.get_models():
                    if issubclass(model, TenantModel):
                        found[f"{practice.pk} {model.__name__}"] = list(model.objects.order_by("pk").values())
        return found

    def advance_all(self) -> None:
        for stage in pipeline.STAGES:
            for practice in self.practices:
                pipeline.advance(stage=stage, practice_id=practice.pk, now=clock.now())


@pytest.fixture(scope="module")
def running() -> Iterator[outside.Sandbox]:
    with outside.start() as sandbox:
        yield sandbox


@pytest.fixture
def world(running: outside.Sandbox, settings: Any, tmp_path: Any) -> Iterator[World]:
    """Tasks run where they are sent; nudges go to a broker at which nobody listens, unless a test sends them on."""
    running.reset()
    settings.TWILIO_BASE_URL = running.http_url
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_ACCOUNT_SID or outside.ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN or outside.AUTH_TOKEN
    settings.FEED_ALLOWED_ADDRESSES = [running.http_url.removeprefix("http://")]
    settings.DOCUMENT_ROOT = tmp_path
    app.conf.task_always_eager = True
    try:
        with time_machine.travel(BEGINS, tick=False) as travel:
            yield World(running, travel)
    finally:
        app.conf.task_always_eager = False


def test_ticks_alone_bring_a_booking_to_the_phone_though_every_nudge_is_lost(world: World) -> None:
    world.ticks(5)
    assert [world.texts(0), world.texts(1)] == [1, 1]
    with tenancy.scope(world.practices[0].pk):
        assert Case.objects.count() == 1
    assert not record.practices_with_unsealed()


def test_the_tick_hands_out_every_stage_that_has_something_due(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[tuple[str, int]] = []
    monkeypatch.setattr(
        pipeline, "advance", lambda *, stage, practice_id, now: handed.append((stage, practice_id))
    )
    monkeypatch.setattr(heads, "FROM", datetime.min.time())
    practice = world.practices[0]
    with tenancy.scope(practice.pk):
        record.seal(now=BEGINS)
        record.write(record.Entry(event="test.event", at=BEGINS))
        case = factories.CaseFactory(requests_due_at=BEGINS, escalation_due_at=BEGINS, due_at=BEGINS)
        factories.MessageFactory(case=case, state="queued", due_at=BEGINS)
        Feed.objects.filter(pk=case.appointment.feed_id).update(watched_from=BEGINS - timedelta(hours=2))
        url = Feed.objects.all()[0].url()
        Preference.objects.create(
            practice=practice, user=factories.MembershipFactory().user, digest_at=time.min
        )
        begin_trial(
            purpose=TrialPurpose.ADD, user_id=factories.UserFactory().pk, url=f"{url}?other", now=BEGINS
        )
        by = record.staff(factories.UserFactory().pk)
        hooks.add(name="x", url="https://pvs.example/", by=by, now=BEGINS)
        hooks.try_out(webhook_id=Webhook.objects.get().pk, now=BEGINS)
    tasks.tick()
    assert [stage for stage, whose in handed if whose == practice.pk] == list(pipeline.STAGES)


def test_a_stage_that_fails_in_one_practice_stops_neither_its_others_nor_another_practice(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = world.practices[0]
    _break(monkeypatch, stage="requests", practice=broken)
    with caplog.at_level(logging.INFO):
        world.ticks(5)
    assert [world.texts(0), world.texts(1)] == [0, 1]
    with tenancy.scope(broken.pk):
        assert Case.objects.count() == 1, "the stages before it ran"
    failed = [line for line in caplog.records if line.levelname == "ERROR"]
    assert {line.getMessage() for line in failed} == {f"failed stage=requests practice={broken.pk}"}
    printed = LineFormatter().format(failed[0])
    assert "IntegrityError" in printed and "test_pipeline.py" in printed
    assert "Probefeld" not in printed


def test_what_failed_is_made_good_by_the_next_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken_for_a_while:
        _break(broken_for_a_while, stage="cases", practice=world.practices[0])
        world.ticks(5)
        assert [world.texts(0), world.texts(1)] == [0, 1]
    world.ticks(5)
    assert [world.texts(0), world.texts(1)] == [1, 1]


def _break(monkeypatch: pytest.MonkeyPatch, *, stage: str, practice: Practice) -> None:
    """From now on the database refuses a row in this stage, in its own words."""
    advance: Callable[..., None] = pipeline.advance

    def failing(*, stage: str, practice_id: int, now: datetime, wanted: str = stage) -> None:
        if (stage, practice_id) == (wanted, practice.pk):
            raise IntegrityError("DETAIL: Key (name)=(Otto Probefeld) already exists.")
        advance(stage=stage, practice_id=practice_id, now=now)

    monkeypatch.setattr(pipeline, "advance", failing)


def test_all_stages_run_again_change_no_row(world: World) -> None:
    for days in (0, 5, 3, 4):  # asked, reminded, overdue with a task, over
        world._travel.shift(timedelta(days=days))
        world.ticks(6)
        while pipeline.due(now=clock.now()):
            world.advance_all()
        before = world.rows()
        world.advance_all()
        assert world.rows() == before
    with tenancy.scope(world.practices[0].pk):
        assert Message.objects.count() > 1
        assert Task.objects.exists()


def test_nudges_that_arrive_twice_and_at_once_do_the_work_once(world: World) -> None:
    def asked_for(stage: str, practice_id: int) -> None:
        try:
            tasks.advance(stage, practice_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        for _ in range(2):
            for stage in pipeline.STAGES:
                doubled = [practice.pk for practice in world.practices for _ in range(2)]
                list(workers.map(asked_for, [stage] * len(doubled), doubled))
    assert [world.texts(0), world.texts(1)] == [1, 1]
    for practice in world.practices:
        with tenancy.scope(practice.pk):
            assert Appointment.objects.count() == Case.objects.count() == 1
            assert Message.objects.count() == 1
            assert RecordEntry.objects.filter(event="case.opened").count() == 1
