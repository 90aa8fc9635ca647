"""Rules as RFC 5545 has them: its own examples beside dateutil, whole if finite, and what they may cost."""

import itertools
import time
from datetime import UTC, datetime

import pytest
from dateutil.rrule import rrulestr

from appointments import ical
from tests.appointments.test_ical import event, read, reason, starts

# RFC 5545, 3.8.5.3, from 2 September 1997 at nine unless said otherwise.
FIRST = datetime(1997, 9, 2, 9)
TEN = "0,1,2,3,4,5,6,7,8,9"
EXAMPLES = (
    "FREQ=DAILY;COUNT=10",
    "FREQ=DAILY;UNTIL=19971224T000000",
    "FREQ=DAILY;INTERVAL=2",
    "FREQ=DAILY;INTERVAL=10;COUNT=5",
    "FREQ=YEARLY;UNTIL=20000131T140000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
    "FREQ=DAILY;UNTIL=20000131T140000;BYMONTH=1",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "FREQ=WEEKLY;UNTIL=19971007T000000;WKST=SU;BYDAY=TU,TH",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
    "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
    "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
    "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
    "FREQ=MONTHLY;BYMONTHDAY=-3",
    "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
    "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
    "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
    "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
    "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=40",
    "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=9",
    "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000",
    "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
    "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
    "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40;UNTIL=19980901T000000",
    "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16;UNTIL=19980901T000000",
    "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
    # And more of what is allowed but rare.
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=9",
    "FREQ=YEARLY;INTERVAL=4;COUNT=60",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1,-1;COUNT=20",
    "FREQ=DAILY;BYHOUR=8,12,16;BYSETPOS=-1;COUNT=20",
    "FREQ=DAILY;BYYEARDAY=-1,1;COUNT=9",
    "FREQ=HOURLY;BYYEARDAY=-1;COUNT=30",
    "FREQ=DAILY;BYHOUR=9,9,10;COUNT=7",
    "FREQ=HOURLY;BYMINUTE=0,30;BYSECOND=0,15;COUNT=50",
    "FREQ=MINUTELY;BYMINUTE=5,10;BYSECOND=30;COUNT=50",
    "FREQ=YEARLY;BYDAY=MO;BYMONTH=5;BYSETPOS=1;COUNT=80",
)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_the_standards_examples_are_followed_as_dateutil_does(rule: str) -> None:
    first = datetime(1997, 9, 1, 9) if "BYSETPOS=1,-1" in rule else FIRST
    found = read(event(f"DTSTART:{first:%Y%m%dT%H%M%SZ}", f"RRULE:{rule}"))
    theirs = rrulestr(f"RRULE:{rule}", dtstart=first)
    if "COUNT" not in rule and "UNTIL" not in rule:
        theirs = theirs.between(first, first.replace(year=1999), inc=True)
    expected = sorted({first, *itertools.islice(theirs, 50_000)})
    assert found.quarantined == ()
    assert [one.start.replace(tzinfo=None) for one in found.events] == expected
    assert {one.problems for one in found.events} == {()}


@pytest.mark.parametrize(
    "rule", ["FREQ=WEEKLY;COUNT=52", "FREQ=MONTHLY;COUNT=24", "FREQ=DAILY;UNTIL=20261231"]
)
def test_a_practice_full_of_finite_series_is_read_whole(rule: str) -> None:
    series = [event("DTSTART:20260105T080000Z", f"RRULE:{rule}", uid=str(number)) for number in range(120)]
    found = read(*series)
    assert found.quarantined == ()
    assert len(found.events) == 120 * len(read(series[0]).events)


def test_series_that_began_long_ago_cost_what_is_in_the_window() -> None:
    window = ical.Window(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2027, 8, 1, tzinfo=UTC))
    series = [event("DTSTART:20010105T080000Z", "RRULE:FREQ=DAILY", uid=str(number)) for number in range(100)]
    found = read(*series, window=window)
    assert (len(found.events), found.quarantined) == (100 * 426, ())


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;UNTIL=abc",
        "FREQ=DAILY;UNTIL=",
        "FREQ=DAILY;UNTIL=20261231T235959Zx",
        "FREQ=DAILY;UNTIL=2026-12-31",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY;BYSETPOS=a",
        "FREQ=DAILY;FOO=1",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=DAILY;BYWEEKNO=20",
        "FREQ=MONTHLY;BYWEEKNO=20",
        "FREQ=HOURLY;BYSETPOS=1",
        "FREQ=DAILY;BYHOUR=25",
        "FREQ=MONTHLY;BYDAY=XX",
    ],
)
def test_a_rule_that_is_not_understood_as_a_whole_is_not_followed_in_part(rule: str) -> None:
    assert reason("DTSTART:20260101T080000Z", f"RRULE:{rule}") in {
        "recurrence_unreadable",
        "recurrence_unsupported",
        "date_unreadable",
        "date_missing",
    }


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYDAY=MO;BYSETPOS=400",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=5",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        # Seven hundred offers a week, of which none is taken.
        f"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={TEN};BYMINUTE={TEN};BYSETPOS=-701;UNTIL=99990101",
        *(
            pytest.param(rule, marks=pytest.mark.chaos)
            for rule in (
                "FREQ=MONTHLY;BYMONTHDAY=32",
                "FREQ=MONTHLY;BYDAY=6MO",
                "FREQ=YEARLY;BYDAY=60MO",
                "FREQ=YEARLY;BYYEARDAY=400",
                "FREQ=YEARLY;BYMONTH=13",
                "FREQ=YEARLY;BYWEEKNO=60",
                "FREQ=WEEKLY;BYMONTH=13;UNTIL=99991231",
            )
        ),
    ],
)
def test_a_thousand_rules_that_never_match_share_one_budget(rule: str) -> None:
    before = time.process_time()
    found = read(*(event("DTSTART:20260101T080000Z", f"RRULE:{rule}", uid=str(n)) for n in range(1000)))
    assert time.process_time() - before < 12
    assert len(found.events) < 20
    assert "recurrence_budget" in {lost.reason for lost in found.quarantined}


def test_what_a_window_would_miss_is_said_instead() -> None:
    """A count has to be counted from the first on; where that is too much, nothing is given for it."""
    window = ical.Window(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 7, 1, tzinfo=UTC))
    found = read(event("DTSTART:20000101T000000Z", "RRULE:FREQ=MINUTELY;COUNT=99999999"), window=window)
    assert [lost.reason for lost in found.quarantined] == ["recurrence_budget"]
    assert starts(found) == []
