"""What is said about a case as it goes: asked, reminded, asked again, moved, called off."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.db import models

from appointments.models import Appointment, Patient
from messaging import occasions, queries
from messaging.models import Channel, Message, MessageState, Occasion
from practices import record, tenancy
from practices.models import ActorKind
from prerequisites import links, readiness
from prerequisites.models import (
    Case,
    Kind,
    Prerequisite,
    Readiness,
    Requirement,
    RequirementState,
    Submission,
)
from tests.factories import NOW, RequirementFactory
from tests.messaging.conftest import House, in_another_transaction
from treffa.sandbox import Sandbox
from treffa.sandbox.client import SandboxClient

DAY = timedelta(days=1)


def requirement_of(house: House, case: Case) -> Requirement:
    with tenancy.scope(house.practice.pk):
        return Requirement.objects.filter(case=case).order_by("id")[0]


def hand_in(house: House, requirement: Requirement) -> None:
    with tenancy.scope(house.practice.pk):
        Submission.objects.create(
            practice=house.practice, requirement=requirement, by=ActorKind.PATIENT, at=NOW + DAY
        )
    house.change(Requirement, requirement.pk, state="submitted")


def test_a_patient_who_does_nothing_is_reminded_once_before_the_last_call(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case()
    house.say()
    due = house.reload(case).requests_due_at
    house.say(at=due - timedelta(minutes=1))
    assert house.states() == [("request", "sms", "accepted")]
    house.say(at=due)
    house.look_again(case, at=due + DAY)
    house.say(at=due + DAY)
    assert house.states() == [("request", "sms", "accepted"), ("reminder", "sms", "accepted")]
    assert house.reload(case).requests_due_at == NOW + 6 * DAY, "the last call"
    house.say(at=NOW + 6 * DAY)
    assert house.reload(case).requests_due_at is None


def test_a_link_that_was_replaced_is_sent_anew_once(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    (first,) = SandboxClient(sandbox.http_url).messages(house.reload(case).appointment.patient.phone)
    later = NOW + timedelta(minutes=10)
    with tenancy.scope(house.practice.pk):
        links.revoke(case_id=case.pk, by=record.SYSTEM, now=later)
    for minutes in (0, 1, 60):
        house.say(at=later + timedelta(minutes=minutes))
        house.look_again(case, at=later + timedelta(minutes=minutes + 1))
    assert house.states() == [("request", "sms", "accepted")] * 2
    second = SandboxClient(sandbox.http_url).messages(house.reload(case).appointment.patient.phone)[-1]
    assert first.links != second.links
    with tenancy.scope(house.practice.pk):
        assert second.links == (links.url_for(house.reload(case)),)


def test_a_patient_who_answered_is_not_reminded(house: House, sandbox: Sandbox) -> None:
    case = house.case(requirements=2)
    house.say()
    due = house.reload(case).requests_due_at
    hand_in(house, requirement_of(house, case))
    house.say(at=due)
    assert house.states() == [("request", "sms", "accepted")]


def test_a_patient_who_answers_after_the_reminder_was_written_down_does_not_get_it(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case(requirements=2)
    house.say()
    due = house.reload(case).requests_due_at
    house.queue(at=due)
    hand_in(house, requirement_of(house, case))
    house.deliver(at=due)
    assert house.states()[1] == ("reminder", "sms", "cancelled")
    assert len(sandbox.twilio.messages()) == 1


def test_a_patient_is_asked_again_once_for_each_rejection(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    item = requirement_of(house, case)
    for day in (1, 2):
        at = NOW + day * DAY
        house.change(Requirement, item.pk, state="rejected", decided_at=at)
        for _ in range(2):
            house.look_again(case, at=at)
            house.say(at=at)
    assert [occasion for occasion, _, _ in house.states()] == ["request", "rejected", "rejected"]


def test_two_rejections_at_once_make_one_message(house: House, sandbox: Sandbox) -> None:
    case = house.case(requirements=2)
    house.say()
    with tenancy.scope(house.practice.pk):
        Requirement.objects.filter(case=case).update(state="rejected", decided_at=NOW + DAY)
    house.look_again(case, at=NOW + DAY)
    house.say(at=NOW + DAY)
    house.look_again(case, at=NOW + DAY)
    house.say(at=NOW + DAY)
    assert [occasion for occasion, _, _ in house.states()] == ["request", "rejected"]


def test_a_moved_appointment_is_told_each_time_also_back_and_forth(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    first, second = case.appointment.start, case.appointment.start + DAY
    for number, start in enumerate((second, first, second), start=1):
        at = NOW + timedelta(minutes=number)
        house.change(Appointment, case.appointment_id, start=start)
        for _ in range(2):
            house.look_again(case, at=at)
            house.say(at=at)
    assert [occasion for occasion, _, _ in house.states()] == ["request", "moved", "moved", "moved"]
    assert "13. März" in sandbox.twilio.messages()[-1].body


def test_a_request_with_the_old_time_is_not_sent_but_written_anew(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.queue()
    house.change(Appointment, case.appointment_id, start=case.appointment.start + DAY)
    house.look_again(case, at=NOW)
    house.say()
    assert house.states() == [("request", "sms", "cancelled"), ("request", "sms", "accepted")]
    (text,) = sandbox.twilio.messages()
    assert "13. März" in text.body


def test_a_cancellation_is_told_to_those_who_were_asked_and_to_nobody_else(
    house: House, sandbox: Sandbox
) -> None:
    asked, queued = house.case(), house.case(requests_due_at=None)
    house.say()
    house.look_again(queued, at=NOW)
    house.queue()
    for case in (asked, queued):
        house.change(Appointment, case.appointment_id, status="cancelled")
        house.change(Case, case.pk, closed_at=NOW, readiness="closed", requests_due_at=NOW)
    house.say()
    for case in (asked, queued):
        house.look_again(case, at=NOW)
    house.say()
    assert house.states() == [
        ("request", "sms", "accepted"),
        ("request", "sms", "cancelled"),
        ("cancelled", "sms", "accepted"),
    ]


def test_an_appointment_that_takes_place_after_all_is_asked_about_anew(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case()
    house.say()
    house.change(Appointment, case.appointment_id, status="cancelled")
    house.look_again(case, at=NOW)
    house.say()
    house.change(Appointment, case.appointment_id, status="confirmed")
    house.look_again(case, at=NOW)
    house.say()
    assert [occasion for occasion, _, _ in house.states()] == ["request", "cancelled", "request"]


def test_a_patient_without_any_address_is_left_to_staff(house: House, sandbox: Sandbox) -> None:
    case = house.case(patient__phone="", patient__email="")
    house.say()
    case = house.reload(case)
    assert house.messages() == [] and case.escalation_due_at == NOW and case.requests_due_at is None
    house.change(Patient, case.appointment.patient_id, email="o@post.example")
    house.look_again(case, at=NOW)
    house.say()
    assert house.states() == [("request", "email", "accepted")]


def test_what_staff_have_to_check_is_not_asked_of_the_patient(house: House, sandbox: Sandbox) -> None:
    case = house.case(requirements=0)
    with tenancy.scope(house.practice.pk):
        RequirementFactory(case=case, prerequisite__plan=case.plan, prerequisite__kind="staff_check")
    house.say()
    assert house.messages() == []


def too_late(house: House, requirement: Requirement) -> None:
    """It takes so long to get that it can't be had any more, as in a late booking."""
    house.change(Prerequisite, requirement.prerequisite_id, lead_days=30)
    with tenancy.scope(house.practice.pk):
        readiness.refresh(case_ids=[requirement.case_id], now=NOW)


def test_a_late_booking_whose_laboratory_is_too_late_is_asked_for_what_can_still_be_done(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case(requirements=2)
    too_late(house, requirement_of(house, case))
    assert house.reload(case).readiness == Readiness.NOT_PERFORMABLE
    house.say()
    assert house.states() == [("request", "sms", "accepted")]


def test_where_nothing_can_be_had_in_time_the_patient_is_left_to_staff(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case()
    too_late(house, requirement_of(house, case))
    house.say()
    assert house.states() == []


def test_who_was_never_written_to_hears_of_no_cancellation(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.queue()
    house.change(Message, house.messages()[0].pk, state="accepted")
    house.change(Appointment, case.appointment_id, status="cancelled")
    house.look_again(case, at=NOW)
    house.queue()
    house.change(Message, house.messages()[0].pk, state="cancelled")
    house.deliver()
    assert house.states() == [("request", "sms", "cancelled"), ("cancelled", "sms", "cancelled")]


def test_a_past_appointment_is_not_written_about(house: House, sandbox: Sandbox) -> None:
    house.case(appointment__start=NOW)
    house.say()
    assert house.messages() == []


def test_a_decision_withdrawn_and_taken_again_gets_a_key_of_its_own(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    item = requirement_of(house, case)
    house.change(Requirement, item.pk, state="rejected", decided_at=NOW + DAY)
    for number in range(3):
        house.look_again(case, at=NOW + DAY)
        house.queue(at=NOW + DAY)
        house.change(Patient, case.appointment.patient_id, phone=f"+491525459937{number}")
        house.deliver(at=NOW + DAY)
    house.say(at=NOW + DAY)
    assert [state for occasion, _, state in house.states() if occasion == "rejected"] == [
        "cancelled",
        "cancelled",
        "cancelled",
        "accepted",
    ]


def test_a_patient_whose_key_is_destroyed_is_not_written_to(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.queue()
    house.change(Patient, case.appointment.patient_id, wrapped_key=None)
    house.deliver()
    assert house.states() == [("request", "sms", "cancelled")] and not sandbox.twilio.messages()


@pytest.fixture
def nudges() -> Iterator[list[tuple[str, bool]]]:
    """The stages that were nudged, and whether only for later."""
    sent: list[tuple[str, bool]] = []

    def note(body: Any, headers: dict[str, Any], **_: Any) -> None:
        sent.append((body[0][0], headers["eta"] is not None))

    before_task_publish.connect(note, weak=False)
    try:
        yield sent
    finally:
        before_task_publish.disconnect(note)


def test_a_case_that_somebody_else_holds_is_looked_at_again_in_a_moment_not_with_the_next_tick(
    house: House, nudges: list[tuple[str, bool]]
) -> None:
    case = house.case()
    with tenancy.scope(house.practice.pk):
        Case.objects.select_for_update().get(pk=case.pk)
        in_another_transaction(house.queue)
        assert nudges == [("requests", True)] and not Message.objects.exists()
    house.queue()
    assert nudges[1:] == [("deliver", False)] and house.states() == [("request", "sms", "queued")]
    house.queue()
    assert len(nudges) == 2


@pytest.mark.parametrize("cases", [1, 3])
def test_the_facts_of_any_number_of_cases_take_the_same_few_statements(
    house: House, cases: int, django_assert_num_queries: object
) -> None:
    for _ in range(cases):
        house.case()
    with tenancy.scope(house.practice.pk):
        found = list(Case.objects.select_related("appointment__patient__practice"))
        with django_assert_num_queries(3):  # type: ignore[operator]
            queries.facts_of(found, practice=house.practice, now=NOW)


def test_the_pure_words_are_those_of_the_models() -> None:
    def values(choices: type[models.TextChoices]) -> set[str]:
        return set(choices.values)

    assert values(Kind) > occasions.PATIENT_KINDS
    assert values(RequirementState) > occasions.MISSING
    assert values(MessageState) > occasions.COUNTS
    assert {"request", "moved", "rejected", "reminder", "cancelled"} < values(Occasion)
    assert {"sms", "email"} < values(Channel)
