"""What is foretold is what happens: the same decisions, asked ahead."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from messaging import prospects
from messaging.forecast import Expected
from practices import tenancy
from practices.models import Practice
from prerequisites.models import Case, Prerequisite
from tests.factories import NOW, PlanFactory, PrerequisiteFactory
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def foretold(house: House, case: Case, *, at: datetime = NOW) -> list[Expected]:
    with tenancy.scope(house.practice.pk):
        found = Case.objects.select_related("appointment__patient__practice").get(pk=case.pk)
        return prospects.prospects_of([found], practice=Practice.objects.get(), now=at)[case.pk]


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"quiet_from": time(20), "quiet_until": time(8)},
        {
            "quiet_from": time(20),
            "quiet_until": time(8),
            "doctolib_reminds": True,
            "weekly_cap": 2,
            "days_of_rest": True,
        },
        {"weekly_cap": 1},
        {"channels": ["email"]},
        {"channels": []},
    ],
)
@pytest.mark.parametrize("days", [3, 10, 40])
def test_what_is_foretold_is_what_then_goes_out(
    make_house: Callable[..., House], sandbox: Sandbox, details: dict[str, Any], days: int
) -> None:
    house = make_house(**details)
    case = house.case()
    start = NOW + days * DAY
    house.change(type(case.appointment), case.appointment_id, start=start)
    with tenancy.scope(house.practice.pk):
        case.requirements.update(deadline=start - 2 * DAY)
    told = foretold(house, case)
    at = NOW
    while at < start:
        house.say(at=at)
        with tenancy.scope(house.practice.pk):
            due = [
                moment
                for moment in (
                    *Case.objects.values_list("requests_due_at", flat=True),
                    *(m.due_at for m in house.messages() if m.state == "queued"),
                )
                if moment and moment > at
            ]
        at = min(due, default=start)
    went = [(m.occasion, m.channel, m.accepted_at) for m in house.messages() if m.state == "accepted"]
    assert went == [(one.occasion, one.channel, one.at) for one in told if one.channel]
    assert bool(told) and (bool(went) or not details.get("channels", True))


def test_a_queued_message_is_foretold_once_and_what_follows_it(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    before = foretold(house, case)
    house.queue()
    assert foretold(house, case) == before
    assert [one.occasion for one in before] == ["request", "reminder", "last_call"]


def test_it_says_what_follows_where_nothing_arrives(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(fallback_hours=24)
    (request, *_rest) = foretold(house, house.case())
    assert (request.then, request.then_at) == ("email", NOW + DAY)
    (request, *_rest) = foretold(house, house.case(patient__email=""))
    assert request.then == ""


def test_in_the_shadow_all_is_foretold_and_nothing_written(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(sending=False)
    case = house.case()
    house.say()
    assert house.messages() == [] and len(foretold(house, case)) == 3
    house.change(Practice, house.practice.pk, sending=True)
    house.say(at=NOW + HOUR)
    assert house.states() == [("request", "sms", "accepted")]


def test_a_sample_appointment_shows_what_a_plan_would_do(house: House, sandbox: Sandbox) -> None:
    with tenancy.scope(house.practice.pk):
        plan = PlanFactory(state="draft", published_at=None)
        PrerequisiteFactory(plan=plan, days_before=5, time_of_day=time(18))
        PrerequisiteFactory(plan=plan, audience="staff", kind="check", days_before=1, time_of_day=time(12))
        practice = Practice.objects.get()
        start = NOW + 30 * DAY
        shown = prospects.what_if(plan, start=start, booked_at=NOW, practice=practice)
        assert len(shown.required) == 2
        assert [one.occasion for one in shown.messages] == ["request", "reminder", "last_call"]
        assert shown.messages[0].at == start - 21 * DAY
        late = prospects.what_if(plan, start=NOW + 3 * HOUR, booked_at=NOW, practice=practice)
        assert [one.occasion for one in late.messages] == ["request"]
        assert Prerequisite.objects.count() == 2
