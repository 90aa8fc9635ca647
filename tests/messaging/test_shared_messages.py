"""Several appointments of one patient share one message, from the decision to what became of it."""

from datetime import timedelta

import pytest

from appointments.models import Appointment, AppointmentStatus
from escalation.models import Task, TaskKind
from escalation.operations import advance
from messaging import queries
from messaging.models import Mention, Message
from messaging.operations import mark_opened
from practices import tenancy
from practices.models import Practice, RecordEntry
from prerequisites.models import Case
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

DAY = timedelta(days=1)


@pytest.fixture
def two(house: House, sandbox: Sandbox) -> list[Case]:
    """Two appointments of one patient, on two days, both to be asked about."""
    with tenancy.scope(house.practice.pk):
        patient = PatientFactory()
    return [appointment_of(house, patient, days=days) for days in (5, 6)]


def appointment_of(house: House, patient: object, *, days: int) -> Case:
    with tenancy.scope(house.practice.pk):
        appointment = AppointmentFactory(patient=patient, start=NOW + days * DAY, needs_planning=False)
    case = house.case(appointment=appointment)
    with tenancy.scope(house.practice.pk):
        case.requirements.update(deadline=NOW + (days - 2) * DAY)
    return case


def text(house: House, message: Message) -> str:
    with tenancy.scope(house.practice.pk):
        return queries.wording(Message.objects.select_related("patient", "practice").get(pk=message.pk)).text


def events(house: House, case: Case) -> list[str]:
    with tenancy.scope(house.practice.pk):
        found = RecordEntry.objects.filter(case_id=case.pk, event__startswith="message.").order_by("id")
        return list(found.values_list("event", flat=True))


def test_two_appointments_are_asked_for_and_reminded_of_in_one_message(house: House, two: list[Case]) -> None:
    house.say()
    (request,) = house.messages()
    said = text(house, request)
    assert "Samstag, 7. März" in said and "und Sonntag, 8. März" in said and "bis Donnerstag, 5. März" in said
    assert request.case_id == two[1].pk and request.told_deadline == NOW + 3 * DAY
    house.say(at=NOW + 2 * DAY)
    assert house.states()[:2] == [("request", "sms", "accepted"), ("reminder", "sms", "accepted")]
    assert all(message.shared for message in house.messages())
    assert events(house, two[0])[:2] == events(house, two[1])[:2] == ["message.queued", "message.accepted"]
    with tenancy.scope(house.practice.pk):
        mark_opened(case_id=two[0].pk, now=NOW + 2 * DAY)
        assert Message.objects.get(pk=request.pk).state == "opened"
    assert "message.opened" in events(house, two[1])


def test_a_cancellation_before_it_goes_out_leaves_the_other_its_own_message(
    house: House, two: list[Case]
) -> None:
    house.queue()
    house.change(Appointment, two[0].appointment_id, status=AppointmentStatus.CANCELLED)
    house.say()
    house.say()
    assert [(m.state, m.shared, m.case_id) for m in house.messages()] == [
        ("cancelled", True, two[1].pk),
        ("accepted", False, two[1].pk),
    ]
    assert "und" not in text(house, house.messages()[1]).partition("Bitte")[0].partition("am")[2]


def test_an_appointment_booked_while_it_waits_joins_and_one_booked_later_gets_its_own(
    house: House, sandbox: Sandbox
) -> None:
    with tenancy.scope(house.practice.pk):
        patient = PatientFactory()
    appointment_of(house, patient, days=5)
    house.queue()
    appointment_of(house, patient, days=9)
    house.say()
    assert [(m.state, m.shared) for m in house.messages()] == [("cancelled", False), ("accepted", True)]
    appointment_of(house, patient, days=7)
    house.say()
    assert [(m.state, m.shared) for m in house.messages()][2:] == [("accepted", False)]


def test_what_did_not_arrive_goes_the_other_way_about_what_is_still_missing(
    house: House, two: list[Case]
) -> None:
    house.say()
    (request,) = house.messages()
    with tenancy.scope(house.practice.pk):
        two[1].requirements.update(state="accepted")
        Practice.objects.update(fallback_hours=24)
        Message.objects.filter(pk=request.pk).update(due_at=NOW + DAY)
    house.deliver(at=NOW + DAY)
    fallback = house.messages()[1]
    assert (fallback.channel, fallback.case_id, fallback.shared) == ("email", two[0].pk, False)
    assert fallback.dedupe_key.rpartition("/")[0] == request.dedupe_key.rpartition("/")[0]
    assert house.reload(two[0]).escalation_due_at == NOW + DAY


def test_the_practices_cases_alone_are_mentioned(house: House, two: list[Case]) -> None:
    house.queue()
    with tenancy.scope(house.practice.pk):
        assert sorted(Mention.objects.values_list("case_id", flat=True)) == [case.pk for case in two]


def test_a_message_in_doubt_about_two_appointments_is_looked_after_for_each(
    house: House, two: list[Case]
) -> None:
    house.queue()
    with tenancy.scope(house.practice.pk):
        Message.objects.update(state="unknown", due_at=None)
        Case.objects.update(escalation_due_at=NOW)
    advance(practice_id=house.practice.pk, now=NOW)
    with tenancy.scope(house.practice.pk):
        found = Task.objects.filter(kind=TaskKind.CHECK_MESSAGE).values_list("case_id", flat=True)
        assert sorted(found) == sorted(case.pk for case in two)
