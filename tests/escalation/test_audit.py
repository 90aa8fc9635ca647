"""The auditor: what was forgotten is found, queued anew where that does no harm, and gone from the list with its cause."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command

from escalation import audit, operations
from escalation.audit import Found
from escalation.models import Finding, FindingKind, Pulse, Task
from messaging.models import MessageState
from practices import tenancy
from practices.models import Practice
from prerequisites import readiness
from prerequisites.models import Case, Requirement
from tests.factories import FeedFactory, MessageFactory, RequirementFactory, make_practice
from treffa import heartbeat, tasks

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def practice(now: datetime) -> Practice:
    audit.beat("tick", now=now)
    return make_practice()


def make(practice: Practice, now: datetime) -> Requirement:
    """A case as the stages leave it."""
    with tenancy.scope(practice.pk):
        row: Requirement = RequirementFactory(case__appointment__feed__next_poll_at=now + HOUR)
        readiness.refresh(case_ids=[row.case_id], now=now)
        Case.objects.update(escalation_due_at=now)
    operations.advance(practice_id=practice.pk, now=now)
    return row


def change(practice: Practice, **fields: object) -> None:
    with tenancy.scope(practice.pk):
        Case.objects.update(**fields)


def test_a_house_in_order_has_no_findings(practice: Practice, now: datetime) -> None:
    make(practice, now)
    assert audit.run(now=now) == []


def test_an_open_case_that_nobody_would_look_at_again_gets_a_next_step(
    practice: Practice, now: datetime
) -> None:
    row = make(practice, now)
    change(practice, due_at=None, escalation_due_at=None)
    assert audit.run(now=now) == [Found(FindingKind.CASE_WITHOUT_STEP, practice.pk, row.case_id)]
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
        assert (case.due_at, case.escalation_due_at) == (now, now)
        readiness.refresh(case_ids=[row.case_id], now=now)
    operations.advance(practice_id=practice.pk, now=now)
    assert audit.run(now=now + timedelta(minutes=1)) == []
    (finding,) = Finding.objects.all()
    assert finding.mended_at == now and finding.gone_at == now + timedelta(minutes=1)


def test_a_stalled_case_that_was_never_escalated_is_found_and_escalated(
    practice: Practice, now: datetime
) -> None:
    row = make(practice, now)
    with tenancy.scope(practice.pk):
        readiness.refresh(case_ids=[row.case_id], now=row.deadline)
        Case.objects.update(escalation_due_at=None)
    audit.beat("tick", now=row.deadline)
    (found,) = [one for one in audit.run(now=row.deadline) if one.kind == FindingKind.CASE_WITHOUT_STEP]
    assert found.subject == row.case_id
    operations.advance(practice_id=practice.pk, now=row.deadline)
    with tenancy.scope(practice.pk):
        assert Task.objects.count() == 1


@pytest.mark.parametrize("due", ["due_at", "escalation_due_at", "requests_due_at"])
def test_a_step_that_is_long_due_is_found(practice: Practice, now: datetime, due: str) -> None:
    row = make(practice, now)
    change(practice, **{due: now - HOUR})
    assert audit.run(now=now) == [Found(FindingKind.CASE_LEFT_BEHIND, practice.pk, row.case_id)]


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN])
def test_a_message_that_hangs_is_found(practice: Practice, now: datetime, state: str) -> None:
    row = make(practice, now)
    with tenancy.scope(practice.pk):
        message = MessageFactory(case=row.case, state=state, due_at=now - HOUR)
        MessageFactory(case=row.case, state=MessageState.DELIVERED, due_at=None)
    assert audit.run(now=now) == [Found(FindingKind.MESSAGE_HANGS, practice.pk, message.pk)]


def test_a_calendar_that_nobody_polls_is_found_unless_it_is_paused(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        feed = FeedFactory(next_poll_at=now - HOUR)
        FeedFactory(next_poll_at=now - HOUR, state="paused")
    assert audit.run(now=now) == [Found(FindingKind.FEED_OVERDUE, practice.pk, feed.pk)]


def test_a_tick_that_stopped_or_never_began_is_found_and_nothing_is_said_outside(
    practice: Practice, now: datetime, settings: Any
) -> None:
    settings.HEARTBEAT_URL = "http://127.0.0.1:9"
    later = now + timedelta(minutes=6)
    assert tasks.examine(now=later) == [Found(FindingKind.BEAT_SILENT)]
    Pulse.objects.filter(name="tick").delete()
    assert audit.run(now=later) == [Found(FindingKind.BEAT_SILENT)]
    assert not Pulse.objects.filter(name="heartbeat").exists()


def test_the_same_finding_is_one_row_as_long_as_it_is_there(practice: Practice, now: datetime) -> None:
    make(practice, now)
    change(practice, due_at=now - HOUR)
    for minutes in (0, 1, 2):
        audit.run(now=now + timedelta(minutes=minutes))
    (finding,) = Finding.objects.all()
    assert (finding.found_at, finding.seen_at) == (now, now + timedelta(minutes=2))


def test_the_command_says_what_is_wrong_and_ends_so(practice: Practice, now: datetime) -> None:
    Pulse.objects.all().delete()
    out = StringIO()
    call_command("audit", stdout=out)
    assert "nothing was forgotten" in out.getvalue()
    with pytest.raises(SystemExit):
        call_command("audit", stdout=out)
    assert "beat_silent" in out.getvalue()


class _Listener(BaseHTTPRequestHandler):
    calls: list[str] = []
    status = 200

    def do_GET(self) -> None:
        self.calls.append(self.path)
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def outside(settings: Any) -> Iterator[type[_Listener]]:
    """Somebody who listens for the sign of life."""
    _Listener.calls, _Listener.status = [], 200
    server = HTTPServer(("127.0.0.1", 0), _Listener)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ping/abc"
    yield _Listener
    server.shutdown()
    server.server_close()


def test_the_auditor_says_outside_that_it_looked(
    practice: Practice, now: datetime, outside: type[_Listener]
) -> None:
    tasks.examine(now=now)
    assert outside.calls == ["/ping/abc"]
    assert Pulse.objects.get(name="heartbeat").at == now


def test_an_address_that_does_not_answer_well_is_no_error_and_no_sign_of_life(
    practice: Practice, now: datetime, outside: type[_Listener], settings: Any
) -> None:
    outside.status = 500
    assert heartbeat.send(now=now) is False
    settings.HEARTBEAT_URL = "http://127.0.0.1:9"
    assert heartbeat.send(now=now) is False
    settings.HEARTBEAT_URL = ""
    assert heartbeat.send(now=now) is False
    assert not Pulse.objects.filter(name="heartbeat").exists()
