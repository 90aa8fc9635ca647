"""What became of an appointment: marked on its day and after, taken back, kept beside how it stood."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appointments.models import Appointment, Outcome
from messaging.models import Message
from messaging.operations import deliver, queue_requests
from practices import tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import planning
from prerequisites.models import Case, Readiness
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


def make_case(practice: Practice, start: datetime, readiness: Readiness = Readiness.WAITING) -> Case:
    with tenancy.scope(practice.pk):
        appointment = factories.AppointmentFactory(start=start, needs_planning=False)
        case: Case = factories.CaseFactory(appointment=appointment, readiness=readiness)
        factories.RequirementFactory(case=case, deadline=start - timedelta(hours=1))
    return case


def mark(staff: Client, case: Case, kind: str, **given: Any) -> Any:
    return staff.post(
        reverse("dashboard:outcome", args=[case.pk]), {"kind": kind, "seen": "", **given}, follow=True
    )


def told(practice: Practice, case: Case) -> list[str]:
    with tenancy.scope(practice.pk):
        found = RecordEntry.objects.filter(case_id=case.pk, event__startswith="outcome.").order_by("id")
        return [entry.event for entry in found]


def test_outcome_closes_the_case_keeps_how_it_stood_and_is_taken_back(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now + timedelta(hours=3), Readiness.OVERDUE)
    mark(staff, case, "no_show")
    with tenancy.scope(practice.pk):
        case.refresh_from_db()
        assert (case.readiness, case.readiness_at_start) == (Readiness.CLOSED, Readiness.OVERDUE)
        assert Outcome.objects.get().kind == "no_show"
    staff.post(reverse("dashboard:take_back_outcome", args=[case.pk]), {"seen": "no_show"})
    with tenancy.scope(practice.pk):
        case.refresh_from_db()
        assert (case.closed_at, case.readiness_at_start) == (None, "")
        assert not Outcome.objects.exists()
    assert told(practice, case) == ["outcome.marked", "outcome.taken_back"]


def test_what_could_not_be_performed_has_a_reason_and_nothing_else_has(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now - timedelta(hours=3))
    html = mark(staff, case, "not_performable").content.decode()
    assert "Say why" in html
    mark(staff, case, "not_performable", reason="values_missing")
    with tenancy.scope(practice.pk):
        assert Outcome.objects.get().reason == "values_missing"
    mark(staff, case, "performed", reason="values_missing", seen="not_performable")
    with tenancy.scope(practice.pk):
        assert (Outcome.objects.get().kind, Outcome.objects.get().reason) == ("performed", "")


def test_second_of_two_people_is_told_and_a_double_click_is_one_entry(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now - timedelta(hours=3))
    mark(staff, case, "performed")
    mark(staff, case, "performed")
    answer = staff.post(
        reverse("dashboard:outcome", args=[case.pk]), {"kind": "no_show", "seen": ""}, follow=True
    )
    assert "somebody else" in answer.content.decode()
    assert told(practice, case) == ["outcome.marked"]


@pytest.mark.parametrize(("days", "status"), [(1, "confirmed"), (0, "cancelled")])
def test_appointment_of_tomorrow_and_one_that_was_cancelled_have_no_outcome(
    staff: Client, practice: Practice, now: datetime, days: int, status: str
) -> None:
    case = make_case(practice, now + timedelta(days=days, hours=1))
    with tenancy.scope(practice.pk):
        Appointment.objects.update(status=status)
    mark(staff, case, "performed")
    with tenancy.scope(practice.pk):
        assert not Outcome.objects.exists()


def test_viewer_marks_nothing(client: Client, practice: Practice, now: datetime) -> None:
    case = make_case(practice, now)
    viewer = sign_in(client, practice, role=Role.VIEWER)
    assert mark(viewer, case, "performed").status_code == 403


def test_nobody_is_written_to_about_an_appointment_with_an_outcome(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now + timedelta(hours=3), Readiness.AT_RISK)
    with tenancy.scope(practice.pk):
        factories.MessageFactory(case=case, state="queued", due_at=now)
        Case.objects.update(requests_due_at=now)
    staff.post(reverse("dashboard:mark_on_board"), {"mark": f"{case.pk}:no_show", "board": "?"})
    queue_requests(practice_id=practice.pk, now=now)
    deliver(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        case.refresh_from_db()
        assert case.closed_at is not None
        assert list(Message.objects.values_list("state", flat=True)) == ["cancelled"]


def test_what_is_seen_to_after_the_start_does_not_make_it_look_ready(
    practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now + timedelta(hours=1), Readiness.OVERDUE)
    with tenancy.scope(practice.pk):
        Case.objects.update(due_at=now + timedelta(hours=1))
    begun = now + timedelta(hours=1, minutes=1)
    planning.advance_cases(practice_id=practice.pk, now=begun)
    with tenancy.scope(practice.pk):
        case.refresh_from_db()
        assert case.readiness_at_start == Readiness.OVERDUE


def test_patients_link_is_shown_once_by_a_post_and_that_is_in_the_record(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = make_case(practice, now + timedelta(days=3))
    address = reverse("dashboard:show_link", args=[case.pk])
    assert staff.get(address).status_code == 405
    assert "/t/" in staff.post(address).content.decode()
    assert "/t/" not in staff.get(reverse("dashboard:case", args=[case.pk])).content.decode()
    with tenancy.scope(practice.pk):
        assert RecordEntry.objects.filter(event="link.shown", case_id=case.pk).count() == 1
