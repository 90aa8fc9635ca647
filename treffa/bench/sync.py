"""`bench sync`: from a calendar's bytes in memory to the committed result, beside a full parse by `icalendar`."""

from datetime import datetime

import icalendar

from treffa.bench.practice import BenchPractice, Calendar
from treffa.bench.timing import peak_mb, seconds

Result = dict[str, float]


class NotAppliedError(Exception):
    """The sync did not do what the benchmark is about; the text says what it did."""


def run(*, events: int, now: datetime) -> Result:
    """Every event has a new DTSTAMP at every fetch. Ratios: how many times faster than the full parse."""
    practice = BenchPractice(now=now)
    practice.add_feed()
    calendar = Calendar(events=events, begins=practice.begins)
    first = calendar.body(at=practice.now)
    full = seconds(lambda: icalendar.Calendar.from_ical(first))
    import_s = _poll(practice, first, created=events)
    unchanged = _poll(practice, calendar.body(at=practice.now))
    one = calendar.share(1)
    changed_1 = _poll(practice, calendar.body(at=practice.now, moved=one), moved=len(one))
    ten = calendar.share(10)
    # What moved before stays moved: exactly ten percent change.
    moved = set(ten) ^ set(one)
    changed_10 = _poll(practice, calendar.body(at=practice.now, moved=moved), moved=len(ten))
    return {
        "events": events,
        "full_parse_s": round(full, 4),
        "first_import_s": round(import_s, 4),
        "unchanged_s": round(unchanged, 4),
        "changed_1pct_s": round(changed_1, 4),
        "changed_10pct_s": round(changed_10, 4),
        "ratio_unchanged": round(full / unchanged, 2),
        "ratio_1pct": round(full / changed_1, 2),
        "ratio_10pct": round(full / changed_10, 2),
        "ratio_first": round(import_s / full, 2),
        "peak_mb": peak_mb(),
    }


def _poll(practice: BenchPractice, body: bytes, *, created: int = 0, moved: int = 0) -> float:
    """The seconds of one poll that creates and moves exactly so many."""
    reports = []
    took = seconds(lambda: reports.append(practice.poll(body)))
    counts = [(one.counts.created, one.counts.moved) for one in reports[0].feeds]
    if counts != [(created, moved)]:
        raise NotAppliedError(f"created and moved {counts}, expected {(created, moved)}")
    return took
