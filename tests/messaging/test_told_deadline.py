"""What waits to go out says nothing that is over by then, and no reminder follows on its heels."""

from datetime import timedelta
from typing import Any

import pytest

from messaging import queries
from messaging.models import Message
from messaging.operations import writing
from practices import tenancy
from practices.models import Practice
from prerequisites.models import Requirement
from tests.factories import NOW
from tests.messaging.conftest import House
from tests.messaging.test_requests import requirement_of
from treffa.sandbox import Sandbox

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def send_nothing(house: House, *, sending: bool) -> None:
    house.change(Practice, house.practice.pk, sending=sending)


def everything_for(house: House, *, hours: int, start: Any) -> None:
    """The stages, every hour, as the worker runs them."""
    for hour in range(hours):
        for _ in range(2):
            house.say(at=start + hour * HOUR)


def test_a_deadline_that_passed_while_the_message_waited_is_not_told(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.queue()
    late = NOW + 7 * DAY + HOUR
    house.deliver(at=late)
    assert house.states() == [("request", "sms", "cancelled")]
    assert house.messages()[0].problem == "deadline_past"
    house.look_again(case, at=late)
    house.say(at=late)
    house.say(at=late + HOUR)
    assert house.states() == [("request", "sms", "cancelled"), ("request", "sms", "accepted")]
    (text,) = sandbox.twilio.messages()
    assert "so bald wie möglich" in text.body and "bis" not in text.body


def test_a_deadline_that_is_no_longer_the_cases_is_not_told(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.queue()
    item = requirement_of(house, case)
    house.change(Requirement, item.pk, deadline=NOW + 4 * DAY)
    house.say(at=NOW + HOUR)
    house.say(at=NOW + HOUR)
    assert [message.problem for message in house.messages()] == ["deadline_moved", ""]
    (text,) = sandbox.twilio.messages()
    assert "bis Freitag, 6. März" in text.body


def test_a_request_that_waited_for_days_is_followed_by_no_reminder_at_once(
    house: House, sandbox: Sandbox
) -> None:
    house.case()
    house.queue()
    send_nothing(house, sending=False)
    everything_for(house, hours=3, start=NOW + 5 * DAY)
    send_nothing(house, sending=True)
    everything_for(house, hours=6, start=NOW + 5 * DAY + 4 * HOUR)
    assert [body.split(":")[1][:4] for body in (text.body for text in sandbox.twilio.messages())] == [" Für"]
    everything_for(house, hours=36, start=NOW + 5 * DAY + 10 * HOUR)
    assert [(m.occasion, m.state) for m in house.messages()] == [
        ("request", "accepted"),
        ("reminder", "accepted"),
    ]


def test_a_reminder_written_down_while_its_request_was_lost_waits_for_it(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case()
    house.say()
    due = house.reload(case).requests_due_at
    assert due is not None
    house.queue(at=due)
    request, _ = house.messages()
    house.change(Message, request.pk, state="queued", due_at=due, accepted_at=None)
    house.deliver(at=due + timedelta(seconds=10))
    assert len(sandbox.twilio.messages()) == 2, "the request once more, no reminder with it"
    assert [(m.occasion, m.state, m.problem) for m in house.messages()] == [
        ("request", "accepted", ""),
        ("reminder", "cancelled", "asked_since"),
    ]
    everything_for(house, hours=3, start=due + timedelta(minutes=1))
    assert len(sandbox.twilio.messages()) == 2


def queue_other_way(house: House, message: Message) -> None:
    """The second way of a decision, as it is written down when the first fails."""
    with tenancy.scope(house.practice.pk):
        found = Message.objects.select_related("practice", "case__appointment__patient__practice").get(
            pk=message.pk
        )
        assert found.case is not None
        facts = queries.facts_of([found.case], practice=found.practice, now=NOW)[found.case.pk]
        about = [(found.case, facts)]
        writing.queue_again(message=found, way=("email", facts.addresses["email"]), about=about, now=NOW)


@pytest.mark.parametrize("late", [timedelta(minutes=5), 8 * DAY])
def test_what_failed_on_one_way_and_came_too_late_for_the_other_is_asked_anew(
    house: House, sandbox: Sandbox, late: timedelta
) -> None:
    house.case()
    house.say()
    (first,) = house.messages()
    house.change(Message, first.pk, state="failed")
    queue_other_way(house, first)
    at = NOW + late
    for _ in range(3):
        house.deliver(at=at)
        house.queue(at=at)
    assert house.messages()[-1].state == "accepted"
