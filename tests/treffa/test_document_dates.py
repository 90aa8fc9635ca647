"""The document's own date at accepting, and answers that are confirmed as they are: the pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client

from practices import record, tenancy
from practices.models import Practice, Role
from prerequisites import operations, planning
from prerequisites.models import Case, Requirement
from tests.factories import (
    AppointmentFactory,
    PatientFactory,
    PlanFactory,
    PrerequisiteFactory,
    make_practice,
)
from tests.treffa.patients import Phone, text
from tests.treffa.test_cases import act, sign_in, state

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = {"key": "metformin", "type": "yes_no", "label": {"de": "Metformin?"}, "choices": []}


@pytest.fixture
def practice() -> Practice:
    return make_practice()


@pytest.fixture
def staff(practice: Practice, settings: object) -> Iterator[Client]:
    yield sign_in(Client(), practice, Role.STAFF)


def lab(practice: Practice, now: datetime, **fields: object) -> Requirement:
    """A laboratory value that was handed in and waits for review."""
    validity = {"measured_at": "appointment", "days": 30, "effect": "block"}
    with tenancy.scope(practice.pk):
        plan = PlanFactory()
        PrerequisiteFactory(plan=plan, key="lab", validity=validity, **fields)
        AppointmentFactory(type=plan.type)
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        Requirement.objects.update(state="submitted")
        return Requirement.objects.get()


@pytest.fixture(autouse=True)
def _turned(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("practices.clock.now", lambda: now)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write the document"),
        ("gestern", "Write the document"),
        ("2026-03-03", "still to come"),
        ("2026-02-09", "Too old: 31 days"),
    ],
)
def test_a_date_that_is_not_taken_is_said_beside_the_field_and_kept(
    staff: Client, practice: Practice, now: datetime, typed: str, said: str
) -> None:
    row = lab(practice, now)
    html = act(staff, row, "accept", document_date=typed)
    assert state(row) == "submitted"
    assert said in html and f'value="{typed}"' in html and 'aria-invalid="true"' in html


def test_a_date_that_counts_is_stored_and_shown(staff: Client, practice: Practice, now: datetime) -> None:
    row = lab(practice, now)
    page = staff.get(f"/cases/{row.case_id}/").content.decode()
    assert 'type="date"' in page and "10 Feb 2026 or later" in page
    html = act(staff, row, "accept", document_date="2026-02-10")
    assert state(row) == "accepted" and "Document of 10 Feb 2026." in html


def test_what_comes_by_fax_has_a_date_too(staff: Client, practice: Practice, now: datetime) -> None:
    row = lab(practice, now)
    with tenancy.scope(practice.pk):
        Requirement.objects.update(state="open")
    assert "Too old" in act(staff, row, "receive", how="fax", document_date="2026-01-01")
    act(staff, row, "receive", how="fax", document_date="2026-03-01")
    assert state(row) == "accepted"


def test_what_a_physician_has_to_accept_is_offered_to_nobody_else(
    staff: Client, practice: Practice, now: datetime
) -> None:
    row = lab(practice, now, by_physician=True)
    assert f"accept-{row.pk}" not in staff.get(f"/cases/{row.case_id}/").content.decode()
    assert "only a physician" in act(staff, row, "accept", document_date="2026-03-01")
    physician = sign_in(Client(), practice, Role.PHYSICIAN, name="Dr. Fiktiv")
    act(physician, row, "accept", document_date="2026-03-01")
    assert state(row) == "accepted"


def second_case(practice: Practice, now: datetime, *, answer: str = "yes") -> Case:
    """The later of two appointments of one patient, whose earlier has its answers and its letter in place."""
    with tenancy.scope(practice.pk):
        plan, patient = PlanFactory(), PatientFactory()
        PrerequisiteFactory(plan=plan, key="form", kind="form", code="form", questions=[QUESTION])
        PrerequisiteFactory(plan=plan, key="letter", code="letter")
        for days in (10, 14):
            AppointmentFactory(type=plan.type, patient=patient, start=now + timedelta(days=days))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        first, second = Case.objects.order_by("pk")
        form = first.requirements.get(prerequisite__key="form")
        answers = {"metformin": answer}
        operations.submit_answers(requirement_id=form.pk, answers=answers, by=record.PATIENT, now=now)
        operations.accept(requirement_id=form.pk, by=record.SYSTEM, now=now)
        letter = first.requirements.get(prerequisite__key="letter")
        operations.mark_received(requirement_id=letter.pk, how="fax", by=record.SYSTEM, now=now)
        return second


def at_the_page(practice: Practice, case: Case) -> Phone:
    phone = Phone(case=case, practice=practice)
    phone.identify()
    return phone


def test_what_is_here_from_another_appointment_is_said_on_both_pages(
    staff: Client, practice: Practice, now: datetime
) -> None:
    case = second_case(practice, now)
    assert (
        "Already here from the appointment on 12 Mar 2026" in staff.get(f"/cases/{case.pk}/").content.decode()
    )
    phone = at_the_page(practice, case)
    assert "Haben wir von Ihrem anderen Termin" in text(phone.get("/p/"))


def test_nothing_has_changed_is_one_tap(practice: Practice, now: datetime) -> None:
    case = second_case(practice, now)
    phone = at_the_page(practice, case)
    with tenancy.scope(practice.pk):
        form = case.requirements.get(prerequisite__key="form")
    page = text(phone.get(f"/p/{form.pk}/"))
    assert "Nichts hat sich geändert" in page and "<dd>Ja</dd>" in page
    phone.send(f"/p/{form.pk}/", unchanged="1")
    assert state(form) == "accepted"


def test_earlier_answers_are_shown_to_nobody_whose_date_of_birth_is_not_known(
    practice: Practice, now: datetime
) -> None:
    case = second_case(practice, now)
    with tenancy.scope(practice.pk):
        patient = case.appointment.patient
        type(patient).objects.update(birth_date=None)
        form = case.requirements.get(prerequisite__key="form")
    phone = at_the_page(practice, case)
    page = text(phone.browser.get(f"/p/{form.pk}/", follow=True))
    assert "Metformin?" in page and "checked" not in page and "Nichts hat sich geändert" not in page
    phone.send(f"/p/{form.pk}/", unchanged="1")
    assert state(form) == "open"
