"""What goes out of what is due: caps against made-up numbers, the switches, how often a patient is written to."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from messaging import operations
from messaging.models import Message
from practices import tenancy
from practices.models import Brake, Practice
from prerequisites.models import Case
from tests.factories import NOW
from tests.messaging.conftest import House
from tests.operators import operators_role
from treffa.sandbox import Sandbox

DAY = timedelta(days=1)


def texts(sandbox: Sandbox) -> list[str]:
    return [text.to for text in sandbox.twilio.messages()]


def test_made_up_numbers_cost_no_more_than_the_cap_of_the_day(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(daily_cap=12, channels=["sms"])
    for number in range(40):
        house.case(patient__phone=f"+49152545{number:05}")
    house.say()
    house.deliver()
    assert len(texts(sandbox)) == 12
    midnight = NOW.replace(hour=23) + DAY - DAY
    for message in house.messages():
        assert message.state == "accepted" or (message.due_at == midnight and message.problem == "daily_cap")
    house.deliver(at=midnight)
    assert len(texts(sandbox)) == 24


def test_one_number_gets_so_many_texts_a_day_whoever_is_said_to_have_it(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(number_cap=2)
    for _ in range(5):
        house.case()
    house.say()
    assert len(texts(sandbox)) == 2
    assert {m.problem for m in house.messages() if m.state == "queued"} == {"number_cap"}


@pytest.mark.parametrize(
    "number", ["+493023125400", "+15005550006", "+882161234567", "+447911123456", "+41445551212"]
)
def test_landlines_and_other_countries_get_no_texts(house: House, sandbox: Sandbox, number: str) -> None:
    house.case(patient__phone=number)
    house.say()
    assert house.states() == [("request", "email", "accepted")] and texts(sandbox) == []


def test_a_patient_with_a_landline_only_is_not_written_to_and_needs_a_contact(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case(patient__phone="+493023125400", patient__email="")
    house.say()
    house.look_again(case, at=NOW + DAY)
    house.say(at=NOW + DAY)
    assert house.messages() == []
    assert not house.reload(case).appointment.patient.reachable, "staff are asked for another number"


def test_who_can_be_written_to_again_gets_what_could_not_be_said(house: House, sandbox: Sandbox) -> None:
    house.case(patient__email="")
    addresses = [("sms", "+4915254599371"), ("whatsapp", "+4915254599371")]
    with tenancy.scope(house.practice.pk):
        operations.opt_out(addresses=addresses, reason="stop", now=NOW)
    house.say()
    assert house.states() == [("request", "sms", "failed")]
    with tenancy.scope(house.practice.pk):
        operations.opt_in(addresses=addresses, now=NOW)
    house.say()
    assert house.states()[1:] == [("request", "sms", "accepted")]


@pytest.mark.parametrize("switch", ["sending", "stopped", "brake"])
def test_each_switch_stops_what_is_queued_and_lets_it_go_again(
    house: House, sandbox: Sandbox, switch: str
) -> None:
    house.case()
    house.queue()

    def turn(*, stop: bool) -> None:
        if switch == "brake":
            with operators_role():
                Brake.objects.update_or_create(id=1, defaults={"pulled_at": NOW if stop else None})
        else:
            house.change(Practice, house.practice.pk, **{switch: stop if switch == "stopped" else not stop})

    turn(stop=True)
    house.deliver()
    assert texts(sandbox) == [] and house.states() == [("request", "sms", "queued")]
    turn(stop=False)
    house.deliver(at=NOW + timedelta(hours=1))
    assert len(texts(sandbox)) == 1


def test_a_patient_gets_so_many_messages_a_week_over_all_appointments(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(weekly_cap=2, number_cap=9)
    first = house.case()
    with tenancy.scope(house.practice.pk):
        patient = first.appointment.patient
    for _ in range(3):
        case = house.case(requests_due_at=None)
        house.change(type(case.appointment), case.appointment_id, patient=patient)
        house.look_again(case, at=NOW)
        house.say()
    assert len(texts(sandbox)) == 2
    house.deliver(at=NOW + 7 * DAY - timedelta(seconds=1))
    assert len(texts(sandbox)) == 2


def test_that_an_appointment_is_off_is_told_whatever_was_said_this_week(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(weekly_cap=1)
    case = house.case()
    house.say()
    house.change(type(case.appointment), case.appointment_id, status="cancelled")
    house.look_again(case, at=NOW)
    house.say()
    assert [occasion for occasion, _, _ in house.states()] == ["request", "cancelled"]
    assert len(texts(sandbox)) == 2


def test_nothing_goes_out_on_a_sunday_or_on_top_of_doctolibs_reminders(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(doctolib_reminds=True, days_of_rest=True)
    sunday = NOW - DAY
    case = house.case()
    house.look_again(case, at=sunday)
    house.say(at=sunday)
    (message,) = house.messages()
    assert message.due_at == sunday.replace(hour=23) and texts(sandbox) == []
    noon = message.told_start - timedelta(days=7)  # type: ignore[operator]
    house.change(Message, message.pk, due_at=noon)
    house.deliver(at=noon.replace(hour=11))
    assert texts(sandbox) == []
    house.deliver(at=noon.replace(hour=18))
    assert len(texts(sandbox)) == 1


def test_what_was_missed_while_down_comes_as_one(house: House, sandbox: Sandbox) -> None:
    """Reminder and last call both came and went: one message, and no second one later."""
    case = house.case()
    house.say()
    late = NOW + timedelta(days=6, hours=12)
    for at in (late, late + timedelta(hours=1)):
        house.look_again(case, at=at)
        house.say(at=at)
    assert [occasion for occasion, _, _ in house.states()] == ["request", "last_call"]


def test_after_the_reminder_there_is_one_last_call(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    at = NOW
    while at < NOW + 7 * DAY:
        at += timedelta(hours=6)
        house.look_again(case, at=at)
        house.say(at=at)
    assert [occasion for occasion, _, _ in house.states()] == ["request", "reminder", "last_call"]


def test_thanks_are_said_once_where_the_practice_says_them(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(says_thanks=True)
    case = house.case()
    house.say()
    with tenancy.scope(house.practice.pk):
        case.requirements.update(state="accepted", bring_along=False, obstacle="other")
    for _ in range(2):
        house.look_again(case, at=NOW)
        house.say()
    assert [occasion for occasion, _, _ in house.states()] == ["request", "thanks"]
    assert "alles da" in sandbox.twilio.messages()[-1].body


def test_who_is_silent_is_thanked_by_nobody(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    with tenancy.scope(house.practice.pk):
        case.requirements.update(state="accepted", obstacle="other")
    house.look_again(case, at=NOW)
    house.say()
    assert [occasion for occasion, _, _ in house.states()] == ["request"]
    assert isinstance(case, Case)
