"""Several appointments of one patient share one message, pure: whatever the set of them, one message of an occasion at a time,
and none is forgotten."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import forecast, joining
from messaging.forecast import Expected
from messaging.joining import SAID_TOGETHER, TOGETHER, Round, decide_together
from messaging.occasions import Facts, Need, Said
from messaging.schedule import Hours
from prerequisites.working_days import Calendar

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WAYS = (("sms", "+4915235000001"), ("email", "erika@post.example"))
BERLIN = Calendar(zone="Europe/Berlin", country="DE")
ANY_HOUR = Hours(quiet_from=time(0), quiet_until=time(0), calendar=BERLIN, days_of_rest=False, doctolib=False)
NIGHT = Hours(quiet_from=time(20), quiet_until=time(8), calendar=BERLIN, doctolib=False)


def case(number: int, *, start: datetime, before: timedelta = 2 * DAY, said: Sequence[Said] = ()) -> Facts:
    need = Need(id=number, kind="document", state="open", deadline=start - before)
    return Facts(
        case_id=number, start=start, needs=[need], ways=WAYS, addresses=dict(WAYS), said=said, starts=[start]
    )


def queued(about: Facts, *, number: int = 1, key: str = "request:1/sms", state: str = "queued") -> Said:
    return Said(
        id=number,
        occasion="request",
        channel="sms",
        address=WAYS[0][1],
        key=key,
        state=state,
        told_start=about.start,
        told_deadline=about.next_deadline,
        created_at=NOW - HOUR,
        sent_at=NOW - HOUR,
    )


def saying(facts: Sequence[Facts], *due: int, free: set[int] | None = None, now: datetime = NOW) -> Round:
    return decide_together(
        {one.case_id: one for one in facts}, due=set(due), hours=ANY_HOUR, free=free, now=now
    )


@pytest.mark.parametrize(
    ("days", "about"),
    [((5, 9), [(1, 2)]), ((5, 22), [(1, 2)]), ((5, 22.9), [(1, 2)]), ((5, 23.1), [(1,)]), ((9, 5), [(2, 1)])],
)
def test_a_request_speaks_of_what_is_asked_for_soon(days: Sequence[float], about: list[tuple[int]]) -> None:
    facts = [case(number, start=NOW + day * DAY) for number, day in enumerate(days, start=1)]
    found = saying(facts, 1)
    assert [one.cases for one in found.sayings] == about
    assert found.sayings[0].key == f"request:{about[0][-1]}"


def test_what_waits_is_taken_back_and_said_in_one_unless_it_is_just_going_out() -> None:
    first = case(1, start=NOW + 5 * DAY)
    first = replace(first, said=[queued(first)])
    second = case(2, start=NOW + 9 * DAY)
    found = saying([first, second], 2)
    assert found.drop == {1: SAID_TOGETHER}
    assert [(one.key, one.cases) for one in found.sayings] == [("request:2", (1, 2))]
    alone = saying([first, second], 2, free=set())
    assert (alone.drop, [one.cases for one in alone.sayings]) == ({}, [(2,)])


def test_what_went_out_is_not_said_again_with_an_appointment_that_is_booked_later() -> None:
    first = case(1, start=NOW + 5 * DAY)
    first = replace(first, said=[queued(first, state="accepted")])
    found = saying([first, case(2, start=NOW + 9 * DAY)], 2)
    assert (found.drop, [one.cases for one in found.sayings]) == ({}, [(2,)])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cancelled": True}, "appointment_cancelled"),
        ({"closed": True}, "case_closed"),
        ({"start": NOW + 6 * DAY}, "appointment_moved"),
        ({"needs": []}, "complete"),
    ],
)
def test_wrong_for_one_it_is_taken_back_for_all_and_said_anew_about_the_other(
    change: dict[str, object], why: str
) -> None:
    first, second = case(1, start=NOW + 5 * DAY), case(2, start=NOW + 9 * DAY)
    first = replace(first, said=[queued(first, key="request:2/sms")], **change)  # type: ignore[arg-type]
    second = replace(second, said=[queued(second, key="request:2/sms")])
    found = saying([first, second], 1)
    assert found.drop == {1: why}
    expected = (1, 2) if why == "appointment_moved" else (2,)
    assert [one.cases for one in found.sayings] == [expected]


def test_what_is_about_one_appointment_is_said_alone() -> None:
    first, second = case(1, start=NOW + 5 * DAY), case(2, start=NOW + 5 * DAY + HOUR)
    told = [
        replace(queued(one, number=one.case_id, state="accepted"), told_start=NOW) for one in (first, second)
    ]
    found = saying([replace(first, said=told[:1]), replace(second, said=told[1:])], 1, 2)
    assert [(one.occasion, one.cases) for one in found.sayings] == [("moved", (1,)), ("moved", (2,))]


def foretold(facts: Sequence[Facts], hours: Hours, *, now: datetime = NOW) -> dict[int, list[Expected]]:
    return forecast.expected({one.case_id: one for one in facts}, hours=hours, fallback_hours=24, now=now)


appointments = st.lists(
    st.tuples(st.timedeltas(12 * HOUR, 60 * DAY), st.timedeltas(HOUR, 10 * DAY)), min_size=1, max_size=4
)


@settings(max_examples=25, deadline=None)
@given(found=appointments, quiet=st.booleans())
def test_no_occasion_comes_twice_within_the_window_and_no_appointment_is_left_out(
    found: list[tuple[timedelta, timedelta]], quiet: bool
) -> None:
    facts = [case(n, start=NOW + ahead, before=before) for n, (ahead, before) in enumerate(found, start=1)]
    starts = [one.start for one in facts]
    told = foretold([replace(one, starts=starts) for one in facts], NIGHT if quiet else ANY_HOUR)
    for one in facts:
        occasions = [message.occasion for message in told[one.case_id]]
        asleep = quiet and one.start - NOW < DAY
        assert asleep or occasions.count("request") == 1
        assert len(occasions) == len(set(occasions))
    went = {(m.occasion, m.at) for messages in told.values() for m in messages}
    for occasion in joining.JOINED:
        times = sorted(at for what, at in went if what == occasion)
        apart = [later - earlier for earlier, later in pairwise(times)]
        assert all(gap > TOGETHER for gap in apart)


PLACES = {"Europe/Berlin": "DE", "Europe/Paris": "FR", "Europe/Rome": "IT", "Europe/Zurich": "CH"}
NIGHTS = (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC))


def sweep(zone: str, night: datetime, step: int) -> None:
    """From Saturday noon to Monday noon: nothing in quiet hours or on the Sunday, nothing left out, and both in one."""
    hours = Hours(
        quiet_from=time(20),
        quiet_until=time(8),
        calendar=Calendar(zone=zone, country=PLACES[zone]),
        doctolib=False,
    )
    for minute in range(0, 48 * 60, step):
        now = night + timedelta(minutes=minute)
        facts = [case(number, start=now + days * DAY) for number, days in ((1, 6), (2, 7))]
        told = foretold([replace(one, starts=[f.start for f in facts]) for one in facts], hours, now=now)
        assert [[(m.occasion, m.about) for m in told[n]][:2] for n in (1, 2)] == [
            [("request", 2), ("reminder", 2)]
        ] * 2
        for message in told[1] + told[2]:
            wall = message.at.astimezone(ZoneInfo(zone))
            assert time(8) <= wall.time() < time(20) and not hours.calendar.rests_on(wall.date())


@pytest.mark.parametrize("night", NIGHTS)
def test_shared_messages_heed_the_night_on_which_the_clock_changes(night: datetime) -> None:
    sweep("Europe/Berlin", night, step=397)


@pytest.mark.chaos
@pytest.mark.parametrize("zone", PLACES)
@pytest.mark.parametrize("night", NIGHTS)
def test_shared_messages_heed_every_minute_of_it_in_four_zones(zone: str, night: datetime) -> None:
    sweep(zone, night, step=1)
