"""Another way, once, for what did not arrive in time; what the patient opens has arrived; at the end staff call."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import escalation.operations
from escalation.models import Task
from messaging import operations, schedule
from messaging.models import Message
from practices import tenancy
from practices.models import RecordEntry
from prerequisites.models import Case, PatientLink
from tests.factories import NOW
from tests.messaging.conftest import House
from tests.treffa.patients import Phone
from treffa.sandbox import Sandbox

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house(fallback_hours=24)


def report(house: House, message: Message, status: str, *, at: datetime) -> None:
    with tenancy.scope(house.practice.pk):
        operations.apply_callback(
            attempt_id=message.attempt_id,  # type: ignore[arg-type]
            provider_id=message.provider_id,
            status=status,
            code="",
            now=at,
        )


def tasks(house: House, *, at: datetime) -> list[str]:
    escalation.operations.advance(practice_id=house.practice.pk, now=at)
    with tenancy.scope(house.practice.pk):
        return list(Task.objects.filter(state="open").values_list("kind", flat=True))


def test_what_was_not_delivered_in_time_goes_by_mail_once(house: House, sandbox: Sandbox) -> None:
    house.case()
    house.say()
    house.deliver(at=NOW + DAY - timedelta(seconds=1))
    assert house.states() == [("request", "sms", "accepted")]
    for _ in range(3):
        house.deliver(at=NOW + DAY)
    assert house.states() == [("request", "sms", "accepted"), ("request", "email", "accepted")]
    assert len(sandbox.mail.mails()) == 1


def test_a_late_delivered_after_the_other_way_sends_nothing_twice(house: House, sandbox: Sandbox) -> None:
    house.case()
    house.say()
    (text,) = house.messages()
    house.deliver(at=NOW + DAY)
    report(house, text, "delivered", at=NOW + DAY + HOUR)
    house.deliver(at=NOW + 3 * DAY)
    assert house.states() == [("request", "sms", "delivered"), ("request", "email", "accepted")]
    assert len(sandbox.mail.mails()) == len(sandbox.twilio.messages()) == 1
    assert tasks(house, at=NOW + 3 * DAY) == []


def test_a_late_delivered_before_the_other_way_went_out_calls_it_off(house: House, sandbox: Sandbox) -> None:
    house.case()
    house.say()
    (text,) = house.messages()
    sandbox.mail.faults.set("temporary", count=1)
    house.deliver(at=NOW + DAY)
    report(house, text, "delivered", at=NOW + DAY)
    house.deliver(at=NOW + DAY + HOUR)
    assert house.states() == [("request", "sms", "delivered"), ("request", "email", "cancelled")]
    assert not sandbox.mail.mails()


def test_what_was_delivered_takes_no_other_way(house: House, sandbox: Sandbox) -> None:
    house.case()
    house.say()
    report(house, house.messages()[0], "delivered", at=NOW)
    house.deliver(at=NOW + DAY)
    assert house.states() == [("request", "sms", "delivered")]


def test_a_mail_that_nobody_opened_goes_by_text_and_then_staff_call(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(channels=["email", "sms"], fallback_hours=24)
    house.case()
    house.say()
    house.deliver(at=NOW + DAY)
    assert house.states() == [("request", "email", "accepted"), ("request", "sms", "accepted")]
    assert tasks(house, at=NOW + DAY) == []
    house.deliver(at=NOW + 2 * DAY)
    assert tasks(house, at=NOW + 2 * DAY) == ["call_patient"]
    report(house, house.messages()[1], "delivered", at=NOW + 2 * DAY)
    house.change(Case, house.messages()[0].case_id or 0, escalation_due_at=NOW)
    assert tasks(house, at=NOW + 2 * DAY) == []


def test_a_short_time_till_the_deadline_shortens_the_waiting(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    with tenancy.scope(house.practice.pk):
        case.requirements.update(deadline=NOW + 6 * HOUR)
    house.say()
    assert house.messages()[0].fallback_at == NOW + 3 * HOUR


def test_who_has_opened_the_page_is_not_written_to_another_way(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    phone = Phone(case=case, practice=house.practice)
    phone.tap_link()
    assert house.states() == [("request", "sms", "accepted")], "a GET changes nothing"
    phone.send("/p/", **{"born-day": "14", "born-month": "3", "born-year": "1947"})
    assert house.states() == [("request", "sms", "opened")]
    for status in ("sent", "delivered", "undelivered"):
        report(house, house.messages()[0], status, at=NOW)
    house.deliver(at=NOW + DAY)
    assert house.states() == [("request", "sms", "opened")]
    with tenancy.scope(house.practice.pk):
        (entry,) = RecordEntry.objects.filter(event="message.opened")
        assert entry.actor_kind == "patient"


def test_a_message_of_which_nobody_knew_is_settled_by_its_opening(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    sandbox.twilio.faults.set("reset", count=1)
    sandbox.twilio.faults.set("reject", status=500, at="list")
    house.say()
    assert house.states() == [("request", "sms", "unknown")]
    Phone(case=case, practice=house.practice).identify()
    assert house.states() == [("request", "sms", "opened")]
    house.deliver(at=NOW + DAY)
    assert len(sandbox.twilio.messages()) == 1


def test_a_link_that_was_renewed_opens_nothing_of_before(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    house.change(Case, case.pk, link_renewed_at=NOW + HOUR)
    with tenancy.scope(house.practice.pk):
        PatientLink.objects.update(generation=2)
        operations.mark_opened(case_id=case.pk, now=NOW + 2 * HOUR)
    assert house.states() == [("request", "sms", "accepted")]


def test_what_a_resting_channel_holds_back_too_long_goes_by_mail(house: House, sandbox: Sandbox) -> None:
    house.case(), house.case()
    sandbox.twilio.faults.set("reject", status=401, code=20003)
    house.say()
    house.deliver(at=NOW + DAY)
    house.deliver(at=NOW + DAY)
    by_mail = [state for _, channel, state in house.states() if channel == "email"]
    assert by_mail == ["accepted", "accepted"] and not sandbox.twilio.messages()
    assert [state for _, channel, state in house.states() if channel == "sms"] == ["failed", "failed"]


def test_what_need_not_be_said_any_more_takes_no_other_way(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    with tenancy.scope(house.practice.pk):
        case.requirements.update(state="accepted")
    house.deliver(at=NOW + DAY)
    assert house.states() == [("request", "sms", "accepted")]
    assert tasks(house, at=NOW + DAY) == []


@given(hours=st.integers(1, 200), left=st.timedeltas(timedelta(hours=-5), timedelta(days=30)))
def test_the_other_way_comes_within_the_hours_and_before_the_deadline_where_there_is_time(
    hours: int, left: timedelta
) -> None:
    at = schedule.fallback_at(sent_at=NOW, hours=hours, deadline=NOW + left)
    assert min(hours * HOUR, HOUR) <= at - NOW <= hours * HOUR
    assert at < NOW + left or left <= HOUR


@pytest.mark.parametrize("code", ["30003", "30008"])
def test_a_phone_that_stays_off_goes_by_mail_within_the_hours(
    house: House, sandbox: Sandbox, code: str
) -> None:
    house.case()
    house.say()
    at = NOW
    for _ in range(2):
        (message,) = house.messages()
        with tenancy.scope(house.practice.pk):
            operations.apply_callback(
                attempt_id=message.attempt_id,  # type: ignore[arg-type]
                provider_id=message.provider_id,
                status="undelivered",
                code=code,
                now=at,
            )
        at += timedelta(minutes=30)
        house.deliver(at=at)
    assert house.states() == [("request", "sms", "failed"), ("request", "email", "accepted")]


def test_nobody_is_called_about_an_unread_mail_before_the_reminder_has_gone(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(channels=["email"], fallback_hours=24)
    case = house.case()
    house.say()
    for days, calls in ((1, 0), (4, 0), (5, 0), (6, 0), (6.6, 1)):
        at = NOW + timedelta(days=days, hours=1)
        house.say(at=at)
        house.change(type(case), case.pk, escalation_due_at=at)
        escalation.operations.advance(practice_id=house.practice.pk, now=at)
        with tenancy.scope(house.practice.pk):
            assert Task.objects.filter(cause__startswith="unreached").count() == calls, days
