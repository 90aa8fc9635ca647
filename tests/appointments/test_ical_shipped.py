"""Every calendar that `icalendar` ships, through what `inspect_feed` shows of it, with its verdict pinned.

`tests/data/shipped_calendars.json` holds [verdict, reason, events, quarantine's reasons] by the file's name; each was
looked at by eye. What differs from other readers, and why:

- parts of calendars (an event, a zone, an alarm alone) are no calendars, and one whose end is missing or misspelt is cut off;
- two DTSTARTs, an unknown zone, RDATEs that are times without a day, calendars that are not Gregorian: quarantined, not guessed;
- an event without DTSTART is quarantined, as RFC 5545 allows it only beside a METHOD and nobody can prepare for it.
"""

import json
import warnings
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pytest

from appointments import ical
from appointments.management.commands.inspect_feed import lines_of

ROOT = Path(icalendar.__file__).parent / "tests"
SHIPPED = sorted(ROOT.rglob("*.ics"))
PINNED = json.loads((Path(__file__).parent.parent / "data" / "shipped_calendars.json").read_text())


def verdict(path: Path) -> list[object]:
    *lines, last = lines_of((path.read_bytes(), ""), zone="Europe/Berlin")
    lost = sorted(str(line["quarantined"]) for line in lines if "quarantined" in line)
    assert (len(lines) - len(lost), len(lost)) == (last["events"], last["quarantined"])
    return [last["verdict"], last["reason"], last["events"], lost]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_calendar_has_the_verdict_that_was_looked_at(path: Path) -> None:
    assert verdict(path) == PINNED[path.relative_to(ROOT).as_posix()]


def test_no_shipped_calendar_is_forgotten() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in SHIPPED} == set(PINNED)
    assert Counter(found[0] for found in PINNED.values()) == {"refused": 57, "ok": 106}


def theirs(path: Path) -> dict[str, datetime | date]:
    """When the single events start, as icalendar has it: in UTC where it knows the zone, a day, or a time without one."""
    found: dict[str, datetime | date] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendars = icalendar.Calendar.from_ical(path.read_bytes(), multiple=True)
        for one in (event for calendar in calendars for event in calendar.walk("VEVENT")):
            start = one.get("DTSTART")
            if not {"RRULE", "RDATE", "RECURRENCE-ID"} & set(one) and hasattr(start, "dt"):
                aware = isinstance(start.dt, datetime) and start.dt.tzinfo is not None
                found[str(one.get("UID"))] = start.dt.astimezone(UTC) if aware else start.dt
    return found


READ = [path for path in SHIPPED if PINNED[path.relative_to(ROOT).as_posix()][2]]
# Where we read it otherwise on purpose.
OTHERWISE = frozenset({"issue_104_broken_calendar.ics"})


@pytest.mark.parametrize(
    "path", [path for path in READ if path.name not in OTHERWISE], ids=lambda path: path.name
)
def test_single_events_start_when_icalendar_says(path: Path) -> None:
    expected = theirs(path)
    for event in ical.read(path.read_bytes(), zone="Europe/Berlin", window=None).events:
        start = expected.get(event.uid)
        if isinstance(start, datetime) and start.tzinfo is not None:
            assert event.start == start
        elif isinstance(start, datetime):
            assert not event.all_day
        elif start is not None:
            assert event.day == start
