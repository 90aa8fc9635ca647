"""What looks like one thing and is another: several calendars in a body, overrides that can't be read, lone returns."""

import itertools
from datetime import UTC, datetime

import pytest

from appointments import ical
from appointments.ical import recurrence, series
from tests.appointments.test_ical import BERLIN, calendar, event, only, read, reason, starts

WEEKLY = event("DTSTART;TZID=Europe/Berlin:20260302T100000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;COUNT=4")


def read_all(*bodies: bytes) -> ical.Calendar:
    return ical.read(b"".join(bodies), zone=BERLIN, window=None)


class TestSeveralCalendarsInOneBody:
    def test_one_that_calls_off_calls_off_its_own_events_only(self) -> None:
        booked = calendar(event("DTSTART:20260701T080000Z", uid="1"), head="METHOD:PUBLISH")
        off = calendar(event("DTSTART:20260702T080000Z", uid="2"), head="METHOD:CANCEL")
        for bodies in itertools.permutations((booked, off)):
            found = {one.uid: one.status for one in read_all(*bodies).events}
            assert found == {"1": "", "2": "CANCELLED"}

    def test_each_has_its_own_clock_for_times_without_a_zone(self) -> None:
        one, two, three = (
            calendar(
                event("DTSTART:20260701T100000", uid=zone or "none"), head=zone and f"X-WR-TIMEZONE:{zone}"
            )
            for zone in ("Europe/London", "", "Nowhere")
        )
        found = read_all(one, two, three)
        assert starts(found) == ["2026-07-01T09:00Z", "2026-07-01T08:00Z"]
        assert [(lost.uid, lost.reason) for lost in found.quarantined] == [("Nowhere", "unknown_zone")]

    def test_some_of_their_events_are_read_as_all_are(self) -> None:
        body = b"".join(
            calendar(*(event("DTSTART:20260701T100000", uid=f"{zone}{n}") for n in range(3)), head=f"X-WR-TIMEZONE:{zone}")
            for zone in ("Europe/London", "America/New_York")
        )  # fmt: skip
        some = ical.read_blocks(ical.split(body).only([1, 5]), zone=BERLIN, window=None)
        assert starts(some) == ["2026-07-01T09:00Z", "2026-07-01T14:00Z"]

    def test_a_series_is_changed_from_another_calendar_of_the_body(self) -> None:
        change = event("RECURRENCE-ID:20260309T090000Z", "DTSTART:20260309T120000Z")
        found = read_all(calendar(WEEKLY), calendar(change, head="METHOD:CANCEL"))
        assert sorted(one.start.hour for one in found.events) == [9, 9, 9, 12]
        assert [one.status for one in found.events if one.start.hour == 12] == ["CANCELLED"]


class TestOverridesThatCanNotBeRead:
    @pytest.mark.parametrize(
        "broken",
        [
            ("DTSTART;TZID=Nowhere:20260310T090000",),
            ("DTSTART:irgendwann",),
            ("DTSTART:20260310T090000Z", "BEGIN:VALARM"),
            (),
        ],
    )
    def test_the_series_is_not_believed_about_that_occurrence(self, broken: tuple[str, ...]) -> None:
        found = read(WEEKLY, event("RECURRENCE-ID;TZID=Europe/Berlin:20260309T100000", *broken))
        assert starts(found) == ["2026-03-02T09:00Z", "2026-03-16T09:00Z", "2026-03-23T09:00Z"]
        assert len(found.quarantined) == 1

    def test_nor_about_all_that_come_after_it(self) -> None:
        found = read(WEEKLY, event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T090000Z", "DTSTART:x"))
        assert starts(found) == ["2026-03-02T09:00Z"]

    def test_another_series_is_not_concerned(self) -> None:
        found = read(WEEKLY, event("RECURRENCE-ID:20260309T090000Z", "DTSTART:x", uid="other"))
        assert len(found.events) == 4

    @pytest.mark.parametrize("reach", ["THISANDPRIOR", "ALL"])
    def test_a_reach_that_is_none_is_not_taken_for_one_occurrence(self, reach: str) -> None:
        found = read(
            WEEKLY, event(f"RECURRENCE-ID;RANGE={reach}:20260309T090000Z", "DTSTART:20260309T120000Z")
        )
        assert [lost.reason for lost in found.quarantined] == ["recurrence_unsupported"]


def test_an_override_without_a_zone_is_on_the_clock_of_its_series() -> None:
    found = read(
        event("DTSTART;TZID=America/New_York:20260302T100000", "RRULE:FREQ=DAILY;COUNT=2"),
        event("RECURRENCE-ID:20260303T100000", "DTSTART;TZID=America/New_York:20260303T120000"),
    )
    assert sorted(starts(found)) == ["2026-03-02T15:00Z", "2026-03-03T17:00Z"]


def test_a_period_that_ends_before_it_begins_has_the_length_of_its_series() -> None:
    periods = "20260303T100000Z/20260303T090000Z,20260304T100000Z/-PT1H,20260305T100000Z/20260305T100000Z"
    found = read(event("DTSTART:20260302T090000Z", "DURATION:PT1H", f"RDATE;VALUE=PERIOD:{periods}"))
    assert [(one.end - one.start).seconds for one in found.events] == [3600, 3600, 3600, 0]
    assert found.events[0].problems == ("end_before_start",)


def test_dates_that_are_added_take_their_part_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "Budget", lambda: recurrence.Budget(left=1_000))
    dates = ",".join(f"202602{n + 1:02}T080000Z" for n in range(28))
    found = read(*(event("DTSTART:20260101T080000Z", f"RDATE:{dates}", uid=str(n)) for n in range(40)))
    assert len(found.events) == 11 * 29
    assert [lost.reason for lost in found.quarantined] == ["recurrence_budget"] * 29


def test_an_escaped_comma_does_not_part_a_category() -> None:
    found = only("DTSTART:20260302T090000Z", "CATEGORIES:MRT\\, Knie,Kasse\\\\,A\\;B,,\\", "CATEGORIES:Neu")
    assert found.categories == ("MRT, Knie", "Kasse\\", "A;B", "\\", "Neu")


def test_a_time_that_is_called_a_day_is_read_as_it_is_written_and_says_so() -> None:
    found = only("DTSTART;VALUE=DATE:20260302T103000Z")
    assert (found.all_day, found.start, found.problems) == (
        False,
        datetime(2026, 3, 2, 10, 30, tzinfo=UTC),
        ("time_in_day",),
    )


@pytest.mark.parametrize("name", ["localtime", "Factory", "posixrules"])
def test_the_clock_of_this_machine_is_no_zone(name: str) -> None:
    assert reason(f"DTSTART;TZID={name}:20260701T100000") == "unknown_zone"


class TestLoneReturns:
    def test_no_event_hides_behind_them(self) -> None:
        one, two, three = (event("DTSTART:20260701T080000Z", uid=str(n)) for n in range(3))
        body = calendar(one, "X-A:1", two, "X-B:1", three)
        lines = body.split(b"\r\n")
        for endings in ((b"\r", b"\n"), (b"\r\n", b"\r"), (b"\r", b"\r\n", b"\n")):
            mixed = b"".join(line + end for line, end in zip(lines, itertools.cycle(endings), strict=False))
            assert [found.uid for found in read_all(mixed).events] == ["0", "1", "2"]

    def test_as_many_of_either_kind_are_seen_too(self) -> None:
        body = calendar(
            event("DTSTART:20260701T080000Z", uid="1"), "X-A:1", event("DTSTART:20260702T080000Z", uid="2")
        )
        mixed = body.replace(b"X-A:1\r\n", b"X-A:1\n").replace(b"END:VEVENT\r\n", b"END:VEVENT\r", 1)
        assert len(read_all(mixed).events) == 2


class TestTruncation:
    """However a body ends before its end: refused, or nothing is missing."""

    BODIES = {
        "folds": calendar(event("DTSTART:20260701T080000Z", "DESCRIPTION:END:VCALENDAR\r\n  END:VCALENDAR\\nEND:VEVENT")),
        "a calendar within a text": calendar(
            event("DTSTART:20260701T080000Z", "DESCRIPTION:see", "BEGIN:VALARM", "X:END:VCALENDAR", "END:VALARM"), WEEKLY
        ),
        "a remark": calendar(event("DTSTART:20260701T080000Z")) + b"X-COMMENT:END:VCALENDAR\r\nX-B:1\r\n",
        "lone returns": calendar(event("DTSTART:20260701T080000Z", "SUMMARY:END:VCALENDAR")).replace(b"\r\n", b"\r"),
        "lower case": calendar(event("DTSTART:20260701T080000Z", uid="1"), WEEKLY).lower(),
        "folded boundaries": calendar(event("DTSTART:20260701T080000Z", uid="1"), WEEKLY).replace(b"END:", b"EN\r\n D:"),
        "UTF-16": calendar(event("DTSTART:20260701T080000Z", "SUMMARY:Müller"), WEEKLY).decode().encode("utf-16"),
        "a mark before it": b"\xef\xbb\xbf" + calendar(event("DTSTART:20260701T080000Z", "SUMMARY:Müller")),
    }  # fmt: skip

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_at_every_byte(self, body: bytes) -> None:
        whole = read_all(body)
        assert whole.refused is None
        assert whole.events
        for end in range(len(body)):
            found = read_all(body[:end])
            assert found.refused is not None or found == whole, body[:end][-40:]
