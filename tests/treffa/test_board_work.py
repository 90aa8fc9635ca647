"""Work on the board: narrowing, kept views, columns, several at once, outcomes in one click, tables and paper."""

import io
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Outcome
from messaging.models import Message, MessageState
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role, SavedView, UnsealedEntry, User
from prerequisites.models import Case, Readiness, Requirement
from tests import factories
from tests.treffa.staff import sign_in
from treffa.dashboard.version import version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


def make_case(
    practice: Practice, start: datetime, readiness: Readiness = Readiness.WAITING, *, name: str, **booked: Any
) -> Case:
    with tenancy.scope(practice.pk):
        appointment = factories.AppointmentFactory(
            start=start, patient=factories.PatientFactory(name=name), needs_planning=False, **booked
        )
        case: Case = factories.CaseFactory(appointment=appointment, readiness=readiness)
        factories.RequirementFactory(case=case, deadline=start - timedelta(hours=1))
    return case


def html_of(staff: Client, address: str) -> str:
    response = staff.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_days_and_filters_go_together_and_stand_in_the_address(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        room = factories.FeedFactory(name="MRT 2")
    make_case(practice, now + timedelta(hours=1), name="Tina Today", practitioner="Dr. Fiktiv")
    make_case(practice, now + timedelta(days=1), name="Tom Morrow", practitioner="Dr. Fiktiv", feed=room)
    make_case(practice, now + timedelta(days=1), name="Tilda Other", practitioner="Dr. Vorlage")
    day = (now + timedelta(days=1)).date().isoformat()
    for address, shown in (
        ("/?when=tomorrow", {"Tom", "Tilda"}),
        (f"/?when={day}", {"Tom", "Tilda"}),
        ("/?when=all", {"Tina", "Tom", "Tilda"}),
        ("/?when=all&with=Dr.+Fiktiv", {"Tina", "Tom"}),
        (f"/?when=all&with=Dr.+Fiktiv&feed={room.pk}", {"Tom"}),
        ("/?when=all&is=ready", set()),
        ("/?when=all&as=columns", {"Tina", "Tom", "Tilda"}),
        ("/?when=all&mine=1", set()),
        ("/?when=all&type=999999", set()),
    ):
        html = html_of(staff, address)
        assert {name for name in ("Tina", "Tom", "Tilda") if f">{name} " in html} == shown, address


def test_filter_page_offers_what_there_is_and_keeps_a_view_of_ones_own(
    staff: Client, practice: Practice, now: datetime, client: Client
) -> None:
    make_case(practice, now, name="Tina Today", practitioner="Dr. Fiktiv")
    assert "<option>Dr. Fiktiv</option>" in html_of(staff, "/filter/")
    chosen = {"when": "", "with": "Dr. Fiktiv", "type": "", "feed": "0"}
    assert staff.post("/narrow/", chosen)["Location"] == "/?with=Dr.+Fiktiv"
    kept = {"name": " Meine  CTs ", "board": "?when=week&with=Dr.+Fiktiv&s=abc"}
    assert staff.post("/views/", kept)["Location"] == "/?when=week&with=Dr.+Fiktiv"
    staff.post("/views/", kept)
    assert "Meine CTs" in html_of(staff, "/")
    assert staff.post("/views/", {**kept, "name": " "}).status_code == 422
    with tenancy.scope(practice.pk):
        view = SavedView.objects.get()
    other = sign_in(Client(), practice, name="Otto Andrer")
    assert "Meine CTs" not in html_of(other, "/")
    assert other.post(f"/views/{view.pk}/remove/").status_code == 404
    staff.post(f"/views/{view.pk}/remove/")
    assert "Meine CTs" not in html_of(staff, "/")


def test_what_is_over_stays_on_the_board_until_somebody_says_what_became_of_it(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now - timedelta(hours=2), Readiness.CLOSED, name="Otto Vorbei")
    assert f'value="{case.pk}:performed"' in html_of(staff, "/")
    staff.post("/mark/", {"mark": f"{case.pk}:performed", "board": "?"})
    html = html_of(staff, "/")
    assert f'value="{case.pk}:performed"' in html and 'name="undo"' in html
    staff.post("/mark/", {"undo": f"{case.pk}:performed", "board": "?"})
    with tenancy.scope(practice.pk):
        assert not Outcome.objects.exists()
    assert staff.post("/mark/", {"mark": "9999999:performed"}).status_code == 404
    assert staff.post("/mark/", {"mark": "x"}).status_code == 404


def test_reminder_is_shown_before_it_is_written_and_taken_back_for_a_minute(
    staff: Client, practice: Practice, now: datetime
) -> None:
    asked = make_case(practice, now + timedelta(days=6), name="Otto Gefragt")
    never = make_case(practice, now + timedelta(days=6), name="Nina Neu")
    with tenancy.scope(practice.pk):
        Requirement.objects.update(deadline=now + timedelta(days=4))
        Practice.objects.update(sending=True)
        sent = now - timedelta(days=8)
        factories.MessageFactory(
            case=asked, state=MessageState.DELIVERED, created_at=sent, accepted_at=sent, delivered_at=sent
        )
    chosen = {"case": [asked.pk, never.pk], "do": "remind", "board": "?when=week"}
    html = staff.post("/bulk/", chosen).content.decode()
    assert "gets a reminder" in html and "was not asked yet" in html
    with tenancy.scope(practice.pk):
        assert Message.objects.count() == 1
    assert staff.post("/bulk/do/", chosen)["Location"] == "/?when=week"
    staff.post("/bulk/do/", chosen)
    with tenancy.scope(practice.pk):
        reminder = Message.objects.get(state=MessageState.QUEUED)
        assert reminder.due_at is not None and reminder.due_at > now
        assert RecordEntry.objects.filter(event="message.asked_for", case_id=asked.pk).count() == 1
    staff.post("/bulk/undo/", {"board": "?"})
    with tenancy.scope(practice.pk):
        reminder.refresh_from_db()
        assert reminder.state == MessageState.CANCELLED


def test_cases_are_given_to_a_member_found_under_mine_and_given_back(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now + timedelta(hours=1), name="Otto Probefeld")
    with tenancy.scope(practice.pk):
        me = User.objects.get(name="Petra Erdmuster")
    stranger = factories.UserFactory()
    chosen = {"case": case.pk, "do": "assign", "board": "?"}
    assert staff.post("/bulk/do/", {**chosen, "to": stranger.pk}).status_code == 422
    staff.post("/bulk/do/", {**chosen, "to": me.pk})
    assert "Otto Probefeld" in html_of(staff, "/?mine=1")
    staff.post("/bulk/undo/", {"board": "?"})
    assert "Otto Probefeld" not in html_of(staff, "/?mine=1")


def test_only_a_physician_goes_without_what_blocks_and_takes_it_back(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now + timedelta(hours=4), name="Otto Probefeld")
    chosen = {"case": case.pk, "do": "waive", "board": "?", "reason": "Liegt in der Klinik vor"}
    assert "nothing that you may go without" in staff.post("/bulk/", chosen).content.decode()
    staff.post("/bulk/do/", chosen)
    physician = sign_in(Client(), practice, role=Role.PHYSICIAN)
    assert physician.post("/bulk/do/", {**chosen, "reason": " "}).status_code == 422
    assert state_of(practice) == "open"
    physician.post("/bulk/do/", chosen)
    assert state_of(practice) == "waived"
    physician.post("/bulk/undo/", {"board": "?"})
    assert state_of(practice) == "open"


def state_of(practice: Practice) -> str:
    with tenancy.scope(practice.pk):
        return Requirement.objects.get().state


def test_tables_hold_what_the_board_shows_and_no_formula(
    staff: Client, practice: Practice, now: datetime
) -> None:
    make_case(practice, now + timedelta(hours=1), name='=HYPERLINK("http://x.example")')
    make_case(practice, now + timedelta(days=30), name="Lars Later")
    csv = staff.post("/export/", {"format": "csv", "board": "?"})
    assert "\"'=HYPERLINK" in csv.content.decode("utf-8-sig")
    assert "Lars Later" not in csv.content.decode("utf-8-sig")
    book = openpyxl.load_workbook(
        io.BytesIO(staff.post("/export/", {"format": "xlsx", "board": "?"}).content)
    )
    cell = book.worksheets[0]["C2"]
    assert (cell.data_type, str(cell.value)[0]) == ("s", "=")
    assert "HYPERLINK" in html_of(staff, "/print/")
    with tenancy.scope(practice.pk):
        assert RecordEntry.objects.filter(event="board.exported").count() == 2


def test_another_practices_cases_are_not_found_in_bulk(staff: Client, now: datetime) -> None:
    other = factories.make_practice(name="Andere Praxis")
    case = make_case(other, now, name="Otto Fremd")
    for do in ("remind", "assign", "waive"):
        assert staff.post("/bulk/", {"case": case.pk, "do": do}).status_code == 404
        assert (
            staff.post("/bulk/do/", {"case": case.pk, "do": do, "to": "", "reason": "x"}).status_code == 404
        )


def test_entry_with_a_lower_number_that_is_committed_later_is_news(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('practices_recordentry', 'id'))")
            taken = cursor.fetchone()[0]
        record.write(record.Entry(event="case.opened", at=now))
        known = version(now=now)
        assert version(now=now) == known
        entry = RecordEntry.objects.latest("id")
        entry.pk = taken
        entry.save(force_insert=True)
        UnsealedEntry.objects.create(practice=practice, entry=entry)
        assert version(now=now) != known


def test_fifty_rows_cost_as_many_statements_as_a_few_and_little_to_load(
    staff: Client, practice: Practice, now: datetime
) -> None:
    def shown() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            html = html_of(staff, "/?when=all")
        return len(captured), len(html.encode())

    staff.get("/?when=2199-01-01")
    with CaptureQueriesContext(connection) as captured:
        staff.get("/?when=2199-01-01")
    empty = len(captured)
    states = (Readiness.OVERDUE, Readiness.WAITING, Readiness.READY, Readiness.READY)
    for number in range(50):
        make_case(
            practice, now + timedelta(hours=number + 1), states[number % 4], name=f"Alex Muster{number}"
        )
    statements, size = shown()
    assert statements - empty <= 8
    assert size < 70_000
