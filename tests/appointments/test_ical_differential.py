"""Our reader beside dateutil on series that hypothesis makes up, EXDATE, RDATE and overrides included."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from tests.appointments.test_ical import event, read

ZURICH = ZoneInfo("Europe/Zurich")
LAST = datetime(2150, 1, 1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@dataclass
class Series:
    first: datetime
    rule: str
    dropped: list[int]
    added: list[datetime]
    changed: list[int]

    def starts(self) -> list[datetime]:
        """What dateutil makes of it, in wall time; the first is always one (RFC 5545, 3.8.5.3)."""
        return _starts(self.first, self.rule, tuple(self.added))

    def body(self) -> list[str]:
        starts = self.starts()
        lines = [f"DTSTART;TZID=Europe/Zurich:{self.first:%Y%m%dT%H%M%S}", f"RRULE:{self.rule}"]
        lines += [f"RDATE;TZID=Europe/Zurich:{moment:%Y%m%dT%H%M%S}" for moment in self.added]
        lines += [f"EXDATE;TZID=Europe/Zurich:{starts[i]:%Y%m%dT%H%M%S}" for i in self.named(self.dropped)]
        changes = [
            event(
                f"RECURRENCE-ID:{utc(starts[i]):%Y%m%dT%H%M%SZ}",
                f"DTSTART:{changed(starts[i]):%Y%m%dT%H%M%SZ}",
            )
            for i in self.named(self.changed)
        ]
        return [event(*lines), *changes]

    def named(self, numbers: list[int]) -> set[int]:
        return {number % len(self.starts()) for number in numbers}

    def expected(self) -> list[datetime]:
        starts, moved = self.starts(), self.named(self.changed)
        left = [utc(one) for i, one in enumerate(starts) if i not in self.named(self.dropped) | moved]
        return sorted([*set(left), *(changed(starts[i]) for i in moved)])


@lru_cache(maxsize=8)
def _starts(first: datetime, rule: str, added: tuple[datetime, ...]) -> list[datetime]:
    """Once a series: a rule that never meets is followed for a hundred years."""
    found = rruleset()
    found.rrule(rrulestr(f"RRULE:{rule}", dtstart=first))
    found.rdate(first)
    for moment in added:
        found.rdate(moment)
    return list(found.between(datetime(2000, 1, 1), LAST, inc=True))


def utc(local: datetime) -> datetime:
    return local.replace(tzinfo=ZURICH).astimezone(UTC)


def changed(local: datetime) -> datetime:
    return utc(local) + timedelta(days=1, minutes=7)


def some(values: st.SearchStrategy[object], size: int = 3) -> st.SearchStrategy[list[object]]:
    return st.lists(values, unique=True, max_size=size)


NTH = st.sampled_from([f"{n}{day}" for n in (1, 2, 3, 4, -1, -2) for day in WEEKDAYS] + WEEKDAYS)
WALL = st.builds(
    lambda day, hour, minute: datetime(2026, 1, 1) + timedelta(days=day, hours=hour, minutes=minute),
    st.integers(0, 400),
    st.integers(0, 23),
    st.sampled_from([0, 15, 30]),
)


@st.composite
def rules(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    days = draw(some(NTH if kind == "MONTHLY" else st.sampled_from(WEEKDAYS)))
    parts = {
        "FREQ": [kind],
        "INTERVAL": [draw(st.sampled_from([1, 1, 2, 3, 5]))],
        "WKST": [draw(st.sampled_from(["MO", "SU"]))],
        "BYDAY": days if kind != "YEARLY" else [],
        "BYMONTH": draw(some(st.integers(1, 12))),
        "BYMONTHDAY": draw(some(st.sampled_from([1, 13, 28, -1, -3])))
        if kind != "WEEKLY" and not days
        else [],
        "BYSETPOS": draw(some(st.sampled_from([1, 2, -1]), 2)) if kind == "MONTHLY" and days else [],
    }
    end = draw(st.sampled_from(["COUNT=7", "COUNT=12", "UNTIL=20271031T020000Z", "UNTIL=20270328"]))
    return (
        ";".join(f"{name}={','.join(map(str, values))}" for name, values in parts.items() if values)
        + f";{end}"
    )


NUMBERS = st.lists(st.integers(0, 40), max_size=3)


@given(
    st.builds(
        Series, first=WALL, rule=rules(), dropped=NUMBERS, added=st.lists(WALL, max_size=3), changed=NUMBERS
    )
)
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_series_are_those_of_dateutil(series: Series) -> None:
    until = series.rule.partition("UNTIL=")[2]
    asked = series.rule
    if until:
        # dateutil knows no zones here: the end in wall time, a day alone with all of its hours.
        last = datetime(2027, 3, 28, 23, 59, 59) if len(until) == 8 else datetime(2027, 10, 31, 3, 0)
        series.rule = asked.replace(until, f"{last:%Y%m%dT%H%M%S}")
    assert_same(series, [part.replace(f"RRULE:{series.rule}", f"RRULE:{asked}") for part in series.body()])


def assert_same(series: Series, body: list[str]) -> None:
    found = read(*body)
    assert found.quarantined == ()
    assume(not any("recurrence_capped" in one.problems for one in found.events))
    assert sorted(one.start for one in found.events) == series.expected()
