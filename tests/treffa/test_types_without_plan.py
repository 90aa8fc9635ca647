"""An appointment of a type without a plan opens no case: the board says so until somebody says what the type needs."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from appointments.models import Appointment, AppointmentType, Feed
from practices import tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import packs, planning
from prerequisites.models import Case, Plan
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]

SAID = "of a type without a plan"


def book(practice: Practice, now: datetime, *, type_name: str = "CT Herz", **type_fields: bool) -> int:
    """An appointment in three days of a type without a plan, as the calendar left it; the type's id."""
    with tenancy.scope(practice.pk):
        type_ = AppointmentType.objects.filter(name=type_name).first()
        appointment = factories.AppointmentFactory(
            type=type_ or factories.AppointmentTypeFactory(name=type_name, **type_fields),
            feed=Feed.objects.first() or factories.FeedFactory(),
            start=now + timedelta(days=3),
        )
    planning.advance_cases(practice_id=practice.pk, now=now)
    type_id: int = appointment.type_id
    return type_id


def plan_of_another_type(practice: Practice) -> Plan:
    with tenancy.scope(practice.pk):
        plan: Plan = factories.PlanFactory(type__name="CT Abdomen")
        factories.PrerequisiteFactory(plan=plan, key="referral")
        factories.PrerequisiteFactory(plan=plan, key="lab")
    return plan


def asked_for(practice: Practice, now: datetime) -> list[list[str]]:
    """What each case asks for, by keys."""
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        return [
            list(
                case.requirements.order_by("prerequisite__position").values_list(
                    "prerequisite__key", flat=True
                )
            )
            for case in Case.objects.order_by("pk")
        ]


def test_it_stands_on_the_board_with_its_appointments_and_what_can_be_done(
    client: Client, practice: Practice, now: datetime
) -> None:
    plan_of_another_type(practice)
    book(practice, now)
    book(practice, now)
    html = sign_in(client, practice).get("/").content.decode()
    assert f"2 appointments are {SAID}" in html
    for expected in ("CT Herz", "Otto Probefeld", "The same as CT Abdomen", "Never needs anything"):
        assert expected in html
    assert not asked_for(practice, now)


def test_what_needs_nothing_is_over_or_cancelled_or_has_its_case_is_no_notice(
    client: Client, practice: Practice, now: datetime
) -> None:
    book(practice, now, type_name="Blutdruck", needs_nothing=True)
    book(practice, now, type_name="Vorbei")
    with tenancy.scope(practice.pk):
        Appointment.objects.filter(type__name="Vorbei").update(end=now)
        cancelled = factories.AppointmentFactory(status="cancelled", start=now + timedelta(days=1))
        factories.CaseFactory(appointment__start=now + timedelta(days=1), appointment__feed=cancelled.feed)
    assert SAID not in sign_in(client, practice).get("/").content.decode()


def test_the_same_as_another_type_opens_its_cases(client: Client, practice: Practice, now: datetime) -> None:
    plan = plan_of_another_type(practice)
    type_id = book(practice, now)
    staff = sign_in(client, practice)
    said = staff.post(f"/types/{type_id}/plan/", {"type": plan.type_id}, follow=True).content.decode()
    assert "“CT Herz” has a plan now." in said
    assert SAID not in said
    assert asked_for(practice, now) == [["referral", "lab"]]
    with tenancy.scope(practice.pk):
        assert Plan.objects.get(type_id=type_id).signed_off_by is None
        assert plan.prerequisites.count() == 2
        assert RecordEntry.objects.filter(event="plan.published").count() == 1


def test_who_comes_second_changes_nothing(client: Client, practice: Practice, now: datetime) -> None:
    plan = plan_of_another_type(practice)
    type_id = book(practice, now)
    staff = sign_in(client, practice)
    staff.post(f"/types/{type_id}/plan/", {"type": plan.type_id})
    again = staff.post(f"/types/{type_id}/plan/", {"type": plan.type_id}, follow=True).content.decode()
    assert "Somebody was quicker" in again
    with tenancy.scope(practice.pk):
        assert Plan.objects.filter(type_id=type_id).count() == 1


def test_a_type_that_never_needs_anything_is_quiet_from_then_on(
    client: Client, practice: Practice, now: datetime
) -> None:
    type_id = book(practice, now)
    staff = sign_in(client, practice)
    assert (
        SAID not in staff.post(f"/types/{type_id}/plan/", {"type": "nothing"}, follow=True).content.decode()
    )
    assert not asked_for(practice, now)


@pytest.mark.parametrize(("role", "may"), [(Role.MANAGER, True), (Role.PHYSICIAN, True), (Role.STAFF, False)])
def test_managers_and_physicians_adopt_the_pack_that_knows_the_type(
    client: Client, practice: Practice, now: datetime, role: Role, may: bool
) -> None:
    known = packs.load("cardiology").plans[0]
    type_id = book(practice, now, type_name=known.type_name)
    member = sign_in(client, practice, role)
    assert ("What the pack “Cardiology” says" in member.get("/").content.decode()) is may
    answer = member.post(f"/types/{type_id}/plan/", {"type": "pack"})
    assert answer.status_code == (302 if may else 403)
    assert asked_for(practice, now) == (
        [[p.key for p in known.for_country("DE") if not p.condition]] if may else []
    )
    if may:
        with tenancy.scope(practice.pk):
            plan = Plan.objects.get(type_id=type_id)
            entries = RecordEntry.objects.filter(event="plan.signed_off", data__plan=plan.pk)
            assert (plan.signed_off_by is not None) is entries.exists() is (role is Role.PHYSICIAN)


def test_what_nobody_has_signed_off_is_on_the_board_until_a_physician_does(
    client: Client, practice: Practice, now: datetime
) -> None:
    plan = plan_of_another_type(practice)
    type_id = book(practice, now)
    staff = sign_in(client, practice)
    staff.post(f"/types/{type_id}/plan/", {"type": plan.type_id})
    with tenancy.scope(practice.pk):
        Plan.objects.filter(pk=plan.pk).update(signed_off_at=now)
        unsigned = Plan.objects.get(type_id=type_id)
    html = staff.get("/").content.decode()
    assert "No physician has signed off 1 plan in use" in html and f'href="/plans/{unsigned.pk}/"' in html
    physician = sign_in(Client(), practice, Role.PHYSICIAN)
    page = physician.get(f"/plans/{unsigned.pk}/").content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    physician.post(f"/plans/{unsigned.pk}/sign/", {"seen": seen[1] if seen else ""})
    assert "No physician has signed off" not in staff.get("/").content.decode()


@pytest.mark.parametrize("chosen", ["", "pack", "x", "-1", "²"])
def test_a_choice_that_makes_no_sense_is_not_found(
    client: Client, practice: Practice, now: datetime, chosen: str
) -> None:
    type_id = book(practice, now)
    staff = sign_in(client, practice, Role.MANAGER)
    assert staff.post(f"/types/{type_id}/plan/", {"type": chosen}).status_code == 404


def test_a_viewer_reads_the_notice_and_decides_nothing(
    client: Client, practice: Practice, now: datetime
) -> None:
    type_id = book(practice, now)
    viewer = sign_in(client, practice, Role.VIEWER)
    html = viewer.get("/").content.decode()
    assert SAID in html
    assert f"/types/{type_id}/plan/" not in html
    assert viewer.post(f"/types/{type_id}/plan/", {"type": "nothing"}).status_code == 403
