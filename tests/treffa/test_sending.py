"""The page about messages: the trial run, what would go out, and the manager's switch."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from messaging import operations
from messaging.models import Message
from practices import tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites.models import Case
from tests import factories
from tests.treffa.patients import make_case, require
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _standing_clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def practice() -> Practice:
    practice = factories.make_practice(sending=False)
    case = make_case(practice)
    require(case)
    with tenancy.scope(practice.pk):
        Case.objects.update(requests_due_at=case.opened_at)
    return practice


def shown(client: Client, path: str = "/messages/") -> str:
    return re.sub(r"\s+", " ", client.get(path).content.decode())


def test_a_trial_run_shows_what_would_go_out_and_sends_nothing(
    client: Client, practice: Practice, now: datetime
) -> None:
    staff = sign_in(client, practice, Role.MANAGER)
    operations.queue_requests(practice_id=practice.pk, now=now)
    html = shown(staff)
    assert "Trial run: nothing is sent." in html and "Would go out in the next seven days" in html
    assert "SMS: 1" in html
    with tenancy.scope(practice.pk):
        assert not Message.objects.exists()
        case = Case.objects.get()
    page = shown(staff, f"/cases/{case.pk}/")
    assert "SMS: Request" in page and "SMS: Reminder" in page
    assert "Not sent while the practice&#x27;s messages are switched off" in page


def test_the_manager_switches_on_once_and_the_requests_are_written(
    client: Client, practice: Practice, now: datetime
) -> None:
    staff = sign_in(client, practice, Role.MANAGER)
    for _ in range(2):
        assert staff.post("/messages/switch/", {"sending": "on"}).status_code == 302
    operations.queue_requests(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        assert Message.objects.get().occasion == "request"
        assert RecordEntry.objects.filter(event="practice.sending").count() == 1
    assert "Patients are written to." in shown(staff)


@pytest.mark.parametrize("role", [Role.STAFF, Role.PHYSICIAN, Role.VIEWER])
def test_nobody_but_managers_switches(client: Client, practice: Practice, role: Role) -> None:
    staff = sign_in(client, practice, role)
    assert "Switch on" not in shown(staff)
    assert staff.post("/messages/switch/", {"sending": "on"}).status_code == 403


def test_what_rests_and_who_is_unknown_is_said(client: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        operations.take(
            channel="sms", address="+4915299999999", text="Wer da?", provider_id="SM1", theirs=True, now=now
        )
        Practice.objects.update(stopped=True)
    html = shown(sign_in(client, practice))
    assert "Stopped by Treffa's operators." in html
    assert "1 reply came from a number that no patient has" in html
