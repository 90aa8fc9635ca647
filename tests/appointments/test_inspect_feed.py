"""`manage.py inspect_feed`: one JSON line an event, the verdict last."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.appointments.feeds import Calendar
from tests.factories import NOW

CALENDAR = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTAMP:20260701T080000Z
DTSTART;TZID=Europe/Berlin:20260701T170000
DTEND;TZID=Europe/Berlin:20260701T173000
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:MRT Knie
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20260701T080000Z
DTSTART;VALUE=DATE:20260702
SUMMARY:Urlaub
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:irgendwann
END:VEVENT
END:VCALENDAR
"""


def inspect(source: str) -> tuple[int, list[dict[str, object]]]:
    out, code = io.StringIO(), 0
    try:
        call_command("inspect_feed", source, "--json", stdout=out)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_event_is_a_line_and_the_verdict_is_the_last(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    path.write_text(CALENDAR)
    code, lines = inspect(str(path))
    assert code == 0
    assert lines == [
        {
            "uid": "1",
            "recurrence_id": "",
            "start": "2026-07-01T15:00:00Z",
            "end": "2026-07-01T15:30:00Z",
            "all_day": False,
            "status": "CONFIRMED",
            "sequence": 2,
            "summary": "MRT Knie",
            "problems": [],
        },
        {
            "uid": "2",
            "recurrence_id": "",
            "start": "2026-07-02",
            "end": "2026-07-03",
            "all_day": True,
            "status": "",
            "sequence": 0,
            "summary": "Urlaub",
            "problems": [],
        },
        {"quarantined": "date_unreadable", "uid": "3", "excerpt": "DTSTART: irgendwann"},
        {"verdict": "ok", "reason": "", "events": 2, "quarantined": 1},
    ]


@pytest.mark.parametrize(("body", "reason"), [("", "empty"), ("<html>", "html"), (CALENDAR[:-20], "cut_off")])
def test_what_is_refused_has_no_events_and_exits_3(tmp_path: Path, body: str, reason: str) -> None:
    path = tmp_path / "feed.ics"
    path.write_text(body)
    verdict = {"verdict": "refused", "reason": reason, "events": 0, "quarantined": 0}
    assert inspect(str(path)) == (3, [verdict])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert inspect(str(tmp_path / "none.ics"))[0] == 3


def test_an_address_is_fetched_as_a_feed_is(calendar: Calendar) -> None:
    calendar.add("1", NOW)
    assert inspect(calendar.url)[1][-1]["events"] == 1
    code, lines = inspect("https://127.0.0.1/feed.ics")
    assert (code, lines[-1]["reason"]) == (3, "forbidden_address")
