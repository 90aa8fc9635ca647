"""What a policy's step says to patients keeps to all that a scheduled reminder keeps to."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from messaging.models import Suppression
from messaging.operations import insert_new, remind_otherwise
from practices import record, tenancy
from practices.models import Practice
from prerequisites.models import Case
from tests.factories import NOW
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + DAY


def remind(house: House, *cases: Case, at: datetime) -> None:
    """The step, as the sweep takes it."""
    with tenancy.scope(house.practice.pk):
        found = list(
            Case.objects.select_related("appointment__patient__practice").filter(pk__in=[c.pk for c in cases])
        )
        keys = {case.pk: f"escalated:{case.pk}" for case in found}
        messages, mentions = remind_otherwise(found, keys=keys, practice=Practice.objects.get(), now=at)
        record.write(*insert_new(messages, mentions=mentions, now=at))


def after(house: House) -> list[tuple[str, str, datetime | None]]:
    """(channel, state, when it went or will) of what followed the request."""
    return [(m.channel, m.state, m.accepted_at or m.due_at) for m in house.messages()[1:]]


@pytest.mark.parametrize(
    ("rule", "at", "expected"),
    [
        ({}, LATER, [("email", "accepted", LATER)]),
        ({}, NOW + 11 * HOUR, []),
        ({"sending": False}, LATER, []),
        ({"weekly_cap": 1}, LATER, [("email", "queued", NOW + 7 * DAY)]),
        ({"quiet_from": time(9), "quiet_until": time(18)}, LATER, [("email", "queued", LATER + 8 * HOUR)]),
        ({"days_of_rest": True}, NOW + 6 * DAY, [("email", "queued", NOW + 6 * DAY + 14 * HOUR)]),
        (
            {"doctolib_reminds": True},
            NOW + 3 * DAY + 2 * HOUR,
            [("email", "queued", NOW + 3 * DAY + 9 * HOUR)],
        ),
        ({"suppressed": True}, LATER, []),
        ({"stopped": True}, LATER, [("email", "queued", LATER + timedelta(minutes=5))]),
    ],
)
def test_a_policys_reminder_keeps_to_what_a_scheduled_one_keeps_to(
    house: House, sandbox: Sandbox, rule: dict[str, Any], at: datetime, expected: list[Any]
) -> None:
    case = house.case()
    house.change(Appointment, case.appointment_id, start=NOW + 10 * DAY)
    house.say()
    with tenancy.scope(house.practice.pk):
        if rule.get("suppressed"):
            email = case.appointment.patient.email
            Suppression.objects.create(
                practice=house.practice, channel="email", address=email, reason="stop", at=NOW
            )
        else:
            Practice.objects.filter(pk=house.practice.pk).update(**rule)
    remind(house, case, at=at)
    house.deliver(at=at)
    assert after(house) == expected


def test_a_policys_reminder_speaks_of_all_the_patients_cases_that_are_due_with_it(
    house: House, sandbox: Sandbox
) -> None:
    first, second = house.case(), house.case()
    house.change(Appointment, second.appointment_id, patient=first.appointment.patient)
    house.say()
    remind(house, first, second, at=LATER)
    assert [(m.occasion, m.channel, m.shared) for m in house.messages()] == [
        ("request", "sms", True),
        ("reminder", "email", True),
    ]


def test_what_did_not_arrive_takes_no_other_way_once_a_policy_has_reminded_by_it(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(fallback_hours=24)
    case = house.case()
    house.say()
    remind(house, case, at=NOW + 13 * HOUR)
    house.deliver(at=NOW + 13 * HOUR)
    house.deliver(at=NOW + DAY)
    assert [(m.occasion, m.channel) for m in house.messages()] == [("request", "sms"), ("reminder", "email")]
