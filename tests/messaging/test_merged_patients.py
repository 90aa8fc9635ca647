"""Messages about the appointments of a patient who turned out to be another one."""

from datetime import timedelta

from appointments import merging
from appointments.models import Patient
from messaging import queries, told
from practices import record, tenancy
from prerequisites.models import Case
from tests.factories import NOW, PatientFactory
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox


def merge(house: House, case: Case, **details: str) -> Patient:
    """The case's patient turns out to be one who was known before, under these details."""
    with tenancy.scope(house.practice.pk):
        theirs = case.appointment.patient
        known: Patient = PatientFactory(pk=theirs.pk - 1, **details)
        merging.merge(
            first_id=known.pk,
            second_id=theirs.pk,
            chosen=merging.Chosen(right={}),
            as_seen=merging.seen(known, theirs),
            by=record.SYSTEM,
            now=NOW,
        )
    return known


def house_with_case(house: House) -> Case:
    with tenancy.scope(house.practice.pk):
        PatientFactory().delete()  # leaves an id free before the next
    return house.case()


def test_what_waits_goes_out_to_the_same_number(house: House, sandbox: Sandbox) -> None:
    case = house_with_case(house)
    house.queue()
    merge(house, case)
    house.look_again(case, at=NOW)
    house.say()
    assert house.states() == [("request", "sms", "accepted")]
    with tenancy.scope(house.practice.pk):
        (message,) = told.messages_of_case(case.pk)
        assert "{link}" in queries.wording(message).text


def test_what_waits_for_a_number_that_is_not_the_persons_goes_to_theirs(
    house: House, sandbox: Sandbox
) -> None:
    case = house_with_case(house)
    house.queue()
    known = merge(house, case, phone="+4915254599372")
    house.look_again(case, at=NOW)
    for minutes in range(3):
        house.say(at=NOW + timedelta(minutes=minutes))
    assert house.states() == [("request", "sms", "cancelled"), ("request", "sms", "accepted")]
    assert house.messages()[1].address == known.phone
    assert house.messages()[1].patient_id == known.pk
