"""What the reports count, for whom, and as what files."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from escalation.models import Task
from practices import clock, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import readiness
from prerequisites.models import Case, Readiness, Requirement
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from treffa.dashboard import report_tables, reports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


def had(*, weeks_ago: int, ready_hours_before: float | None, **appointment: Any) -> Case:
    """A case whose appointment was so many weeks ago, asked for ten days before and ready in time or not."""
    start = NOW - timedelta(weeks=weeks_ago, hours=1)
    return factories.CaseFactory(
        appointment=factories.AppointmentFactory(start=start, needs_planning=False, **appointment),
        opened_at=start - timedelta(days=10),
        ready_at=None if ready_hours_before is None else start - timedelta(hours=ready_hours_before),
        readiness=Readiness.CLOSED,
    )


def report(practice: Practice, *, weeks: int = 4) -> reports.Report:
    with tenancy.scope(practice.pk):
        return reports.load(practice, weeks=weeks, language="de", now=NOW)


def test_in_time_is_what_was_ready_at_the_start(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        for hours in (24.0, 0.0, -1.0, None):
            had(weeks_ago=0, ready_hours_before=hours)
    whole = report(practice).figures.whole
    assert (whole.total, whole.in_time, whole.share) == (4, 2, 50.0)
    assert whole.days == pytest.approx(9.5)


def test_cancelled_doubled_coming_and_set_aside_appointments_are_not_counted(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        kept = had(weeks_ago=1, ready_hours_before=5)
        had(weeks_ago=1, ready_hours_before=5, status="cancelled")
        had(weeks_ago=1, ready_hours_before=5, same_as=kept.appointment)
        had(weeks_ago=-1, ready_hours_before=5)
        aside = had(weeks_ago=1, ready_hours_before=5)
        Case.objects.filter(pk=aside.pk).update(plan=kept.plan)
    assert report(practice).figures.whole.total == 1


def test_a_period_is_compared_with_the_same_time_before(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        had(weeks_ago=1, ready_hours_before=10)
        had(weeks_ago=5, ready_hours_before=None)
        had(weeks_ago=9, ready_hours_before=None)
    found = report(practice)
    assert (found.figures.before.total, found.gain) == (1, 100)
    assert [week.count.total for week in found.weeks] == [0, 0, 1, 0]


def test_a_week_begins_on_monday_in_the_practices_zone(practice: Practice) -> None:
    sunday_23_30_utc = datetime.fromisoformat("2026-03-01T23:30:00+00:00")
    with tenancy.scope(practice.pk):
        case = had(weeks_ago=0, ready_hours_before=1)
        case.appointment.start = sunday_23_30_utc
        case.appointment.save()
    with tenancy.scope(practice.pk), timezone_of(practice):
        found = reports.load(practice, weeks=4, language="de", now=NOW)
    assert found.weeks[-1].count.total == 1


def timezone_of(practice: Practice) -> Any:
    from django.utils import timezone

    return timezone.override(practice.time_zone)


def test_types_and_practitioners_stand_by_how_ready_they_were(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        ct, mrt = (factories.AppointmentTypeFactory(name=name) for name in ("CT", "MRT"))
        had(weeks_ago=1, ready_hours_before=None, type=ct, practitioner="Dr. A")
        had(weeks_ago=1, ready_hours_before=9, type=mrt, practitioner="")
    found = report(practice)
    assert [(one.name, one.count.share) for one in found.types] == [("MRT", 100.0), ("CT", 0.0)]
    assert [one.name for one in found.people] == ["Dr. Fiktiv", "Dr. A"], (
        "the calendar's where the event says none"
    )


def test_what_was_missing_at_the_start_is_named_with_its_plan(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        case = had(weeks_ago=1, ready_hours_before=None)
        asked = factories.PrerequisiteFactory(plan=case.plan, title={"de": "Kreatinin"})
        start = case.appointment.start
        factories.RequirementFactory(case=case, prerequisite=asked, state="submitted")
        for state, decided in (("accepted", start - timedelta(hours=1)), ("withdrawn", None)):
            there = factories.PrerequisiteFactory(plan=case.plan)
            factories.RequirementFactory(case=case, prerequisite=there, state=state, decided_at=decided)
        late = factories.PrerequisiteFactory(plan=case.plan, title={"de": "Überweisung"})
        factories.RequirementFactory(
            case=case, prerequisite=late, state="accepted", decided_at=start + timedelta(minutes=5)
        )
    lacking = report(practice).lacking
    assert [(one.title, one.cases, one.plan_id) for one in lacking] == [
        ("Kreatinin", 1, case.plan_id),
        ("Überweisung", 1, case.plan_id),
    ]


def test_messages_and_slots_belong_to_the_appointments_of_the_period(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        case = had(weeks_ago=1, ready_hours_before=3)
        other = had(weeks_ago=1, ready_hours_before=None, status="cancelled")
        factories.MessageFactory(case=case, accepted_at=NOW, opened_at=NOW)
        factories.MessageFactory(case=case, accepted_at=NOW, channel="email")
        factories.MessageFactory(case=case, accepted_at=None)
        factories.MessageFactory(case=case, accepted_at=NOW, occasion="staff", patient=None)
        for one, outcome in ((case, "kept_in_time"), (other, "released")):
            Task.objects.create(
                practice=practice, case=one, kind="release_slot", cause=f"x{one.pk}", created_at=NOW,
                closed_at=NOW, state="done", outcome=outcome,
            )  # fmt: skip
        Practice.objects.update(text_price="0.0750")
        practice.refresh_from_db()
    found = report(practice)
    assert [(way.name.lower(), way.sent.sent, way.reports) for way in found.ways] == [
        ("sms", 1, True),
        ("e-mail", 1, False),
    ]
    assert (found.sent, str(found.cost)) == (2, "0.0750")
    assert (found.rescued, found.figures.kept) == (1, 1)
    assert sum(week.sent for week in found.weeks) == 2


def test_the_moment_of_readiness_is_kept_when_the_case_closes(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        requirement = factories.RequirementFactory()
        case_id = requirement.case_id

        def at(hours: int, state: str) -> datetime | None:
            Requirement.objects.update(state=state)
            readiness.refresh(case_ids=[case_id], now=NOW + timedelta(hours=hours))
            return Case.objects.get().ready_at

        assert at(0, "open") is None
        assert at(1, "accepted") == NOW + timedelta(hours=1)
        assert at(2, "waived") == NOW + timedelta(hours=1)
        assert at(3, "rejected") is None
        assert at(4, "accepted") == NOW + timedelta(hours=4)
        assert at(24 * 30, "accepted") == NOW + timedelta(hours=4), "closed by now"
        assert Case.objects.get().readiness == Readiness.CLOSED


def test_as_many_statements_for_many_as_for_one(
    client: Client, practice: Practice, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    staff = sign_in(client, practice, Role.MANAGER)
    with tenancy.scope(practice.pk):
        had(weeks_ago=1, ready_hours_before=3)
    with CaptureQueriesContext(connection) as few:
        assert staff.get("/reports/?weeks=52").status_code == 200
    with tenancy.scope(practice.pk):
        for weeks in range(3):
            had(weeks_ago=weeks, ready_hours_before=3)
    with django_assert_max_num_queries(len(few)):
        staff.get("/reports/?weeks=52")


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("physician", 200), ("viewer", 200), ("staff", 403)]
)
def test_who_sees_reports(client: Client, practice: Practice, role: str, status: int) -> None:
    staff = sign_in(client, practice, Role(role))
    assert staff.get("/reports/").status_code == status
    assert staff.get("/reports/weeks.csv").status_code == status
    assert staff.post("/reports/price/", {"price": "0.08"}).status_code == (302 if role == "manager" else 403)


def test_an_empty_practice_and_odd_periods_have_a_page(client: Client, practice: Practice) -> None:
    staff = sign_in(client, practice, Role.MANAGER)
    for asked in ("", "?weeks=4", "?weeks=5", "?weeks=" + "9" * 400, "?weeks=x", "?weeks=٤"):
        assert b"no appointment has taken place" in staff.get(f"/reports/{asked}").content
    assert staff.get("/reports/nothing.csv").status_code == 404


def test_every_table_is_a_file_that_a_spreadsheet_reads(client: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        type_ = factories.AppointmentTypeFactory(name="=cmd|' /C calc'!A0")
        had(weeks_ago=1, ready_hours_before=7, type=type_)
    staff = sign_in(client, practice, Role.MANAGER, language="de")
    for name in report_tables.TABLES:
        response = staff.get(f"/reports/{name}.csv?weeks=4")
        assert response["Content-Type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
        assert len({len(row) for row in rows}) == 1
        if name == "types":
            assert rows[1] == ["'=cmd|' /C calc'!A0", "1", "1", "100,0", "9,7"]


def test_a_price_is_kept_as_it_is_typed_in_the_language_and_recorded(
    client: Client, practice: Practice
) -> None:
    staff = sign_in(client, practice, Role.MANAGER, language="de")
    assert staff.post("/reports/price/", {"price": "0,0791"}).status_code == 302
    again = staff.post("/reports/price/", {"price": "viel"})
    assert again.status_code == 200
    assert 'value="viel"' in again.content.decode()
    with tenancy.scope(practice.pk):
        assert str(Practice.objects.get().text_price) == "0.0791"
        assert RecordEntry.objects.filter(event="practice.text_price").count() == 1
    assert clock.now() == NOW
