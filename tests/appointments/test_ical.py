"""What Treffa reads in a calendar, and what it refuses to read into one."""

import itertools
import time
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments import ical
from appointments.ical import Refusal, blocks, recurrence, rules

BERLIN = "Europe/Berlin"
SHIPPED = sorted((Path(icalendar.__file__).parent / "tests").rglob("*.ics"))


def event(*properties: str, uid: str = "a@doctolib.test") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260701T080000Z", *properties, "END:VEVENT"])


def calendar(*parts: str, head: str = "") -> bytes:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test//DE",
        *filter(None, [head]),
        *parts,
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines).encode()


def read(*parts: str, head: str = "", window: ical.Window | None = None) -> ical.Calendar:
    return ical.read(calendar(*parts, head=head), zone=BERLIN, window=window)


def only(*properties: str, head: str = "") -> ical.Event:
    found = read(event(*properties), head=head)
    assert found.quarantined == ()
    (single,) = found.events
    return single


def reason(*properties: str, head: str = "") -> str:
    found = read(event(*properties), head=head)
    assert found.events == ()
    (lost,) = found.quarantined
    return lost.reason


def starts(found: ical.Calendar) -> list[str]:
    return [f"{event.start:%Y-%m-%dT%H:%MZ}" for event in found.events]


class TestCompleteness:
    @pytest.mark.parametrize(
        ("body", "refusal"),
        [
            (b"", Refusal.EMPTY),
            (b" \r\n\r\n", Refusal.EMPTY),
            (b"<!DOCTYPE html><html><body>Maintenance</body></html>", Refusal.HTML),
            (b'{"error": "nope"}', Refusal.NOT_A_CALENDAR),
            (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", Refusal.NOT_A_CALENDAR),
            (calendar(event("DTSTART:20260701T080000Z"))[:-20], Refusal.CUT_OFF),
            (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", Refusal.UNBALANCED),
            (
                b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR",
                Refusal.UNBALANCED,
            ),
        ],
    )
    def test_what_is_not_a_complete_calendar_is_refused_with_its_reason(
        self, body: bytes, refusal: Refusal
    ) -> None:
        found = ical.read(body, zone=BERLIN, window=None)
        assert (found.refused, found.events, found.quarantined) == (refusal, (), ())

    def test_an_empty_calendar_is_a_calendar(self) -> None:
        assert read() == ical.Calendar(refused=None)

    def test_one_bad_event_costs_one_event(self) -> None:
        found = read(
            event("DTSTART:20260701T080000Z", uid="good"),
            event("DTSTART:someday", "SUMMARY:MRT Knie", uid="bad"),
            event("DTSTART:20260702T080000Z", uid="good too"),
        )
        assert [event.uid for event in found.events] == ["good", "good too"]
        (lost,) = found.quarantined
        assert (lost.reason, lost.uid) == ("date_unreadable", "bad")
        assert "MRT Knie" in lost.excerpt

    def test_an_alarm_that_does_not_close_costs_its_event_only(self) -> None:
        found = read(
            event("DTSTART:20260701T080000Z", "BEGIN:VALARM", "ACTION:DISPLAY", uid="bad"),
            event("DTSTART:20260702T080000Z", uid="good"),
        )
        assert [event.uid for event in found.events] == ["good"]
        assert [(lost.uid, lost.reason) for lost in found.quarantined] == [("bad", "unbalanced")]

    @given(cut=st.integers(min_value=1, max_value=400))
    def test_a_cut_off_calendar_is_never_read(self, cut: int) -> None:
        body = calendar(*(event("DTSTART:20260701T080000Z", uid=str(i)) for i in range(6))).rstrip()
        assert ical.read(body[:-cut], zone=BERLIN, window=None).refused is not None

    @given(st.binary(max_size=300))
    def test_no_bytes_crash_it(self, noise: bytes) -> None:
        ical.read(noise, zone=BERLIN, window=None)
        ical.read(
            calendar(event("DTSTART:20260701T080000Z")).replace(b"UID", noise), zone=BERLIN, window=None
        )

    @pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
    def test_every_calendar_that_icalendar_ships_is_read_or_refused_in_time(self, path: Path) -> None:
        before = time.monotonic()
        ical.read(path.read_bytes(), zone=BERLIN, window=None)
        assert time.monotonic() - before < 2


class TestTimes:
    @pytest.mark.parametrize(
        ("start", "expected"),
        [
            ("DTSTART:20260701T080000Z", "2026-07-01T08:00Z"),
            ("DTSTART;TZID=Europe/Berlin:20260701T100000", "2026-07-01T08:00Z"),
            ("DTSTART;TZID=Europe/Zurich:20260101T100000", "2026-01-01T09:00Z"),
            ("DTSTART;TZID=W. Europe Standard Time:20260701T100000", "2026-07-01T08:00Z"),
            ('DTSTART;TZID="Romance Standard Time":20260701T100000', "2026-07-01T08:00Z"),
            (
                "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Paris:20260701T100000",
                "2026-07-01T08:00Z",
            ),
            ("DTSTART;TZID=Europe/Berlin:20260701T080000Z", "2026-07-01T08:00Z"),
            ("DTSTART:20260701T100000", "2026-07-01T08:00Z"),
            # The night of 29 March: 02:30 does not exist. The night of 25 October: 02:30 comes twice.
            ("DTSTART;TZID=Europe/Berlin:20260329T023000", "2026-03-29T01:30Z"),
            ("DTSTART;TZID=Europe/Paris:20261025T023000", "2026-10-25T00:30Z"),
        ],
    )
    def test_a_start_is_understood_in_its_zone(self, start: str, expected: str) -> None:
        assert f"{only(start).start:%Y-%m-%dT%H:%MZ}" == expected

    def test_floating_times_take_the_calendars_own_zone_before_the_practices(self) -> None:
        found = only("DTSTART:20260701T100000", head="X-WR-TIMEZONE:Europe/London")
        assert found.start == datetime(2026, 7, 1, 9, tzinfo=UTC)

    def test_an_unknown_zone_is_quarantined_and_never_guessed(self) -> None:
        assert reason("DTSTART;TZID=Praxiszeit:20260701T100000") == "unknown_zone"
        assert reason("DTSTART:20260701T100000", head="X-WR-TIMEZONE:Praxiszeit") == "unknown_zone"

    def test_the_feeds_own_zone_is_used_and_does_not_leak_into_the_next_feed(self) -> None:
        zone = (
            "BEGIN:VTIMEZONE\r\nTZID:Praxiszeit\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
            "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE"
        )
        own = read(zone, event("DTSTART;TZID=Praxiszeit:20260701T100000"))
        assert starts(own) == ["2026-07-01T07:00Z"]
        assert reason("DTSTART;TZID=Praxiszeit:20260701T100000") == "unknown_zone"

    def test_a_zone_that_lies_about_a_known_name_is_not_believed(self) -> None:
        zone = (
            "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
            "TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE"
        )
        assert starts(read(zone, event("DTSTART;TZID=Europe/Berlin:20260701T100000"))) == [
            "2026-07-01T08:00Z"
        ]

    def test_a_zone_with_a_rule_by_the_second_is_not_followed(self) -> None:
        zone = (
            "BEGIN:VTIMEZONE\r\nTZID:Bomb\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
            "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE"
        )
        found = read(zone, event("DTSTART;TZID=Bomb:20260701T100000"))
        assert [lost.reason for lost in found.quarantined] == ["unknown_zone"]

    def test_a_day_is_a_day_with_or_without_saying_so(self) -> None:
        for start in (
            "DTSTART;VALUE=DATE:20260701",
            "DTSTART:20260701",
            "DTSTART;TZID=Europe/Berlin:20260701",
        ):
            found = only(start)
            assert (found.all_day, found.day, found.last_day) == (True, date(2026, 7, 1), date(2026, 7, 2))
            assert found.start == datetime(2026, 6, 30, 22, tzinfo=UTC)

    def test_a_duration_stands_in_for_the_end(self) -> None:
        found = only("DTSTART;TZID=Europe/Berlin:20260328T230000", "DURATION:PT4H")
        assert found.end == datetime(2026, 3, 29, 2, tzinfo=UTC)
        assert only("DTSTART;TZID=Europe/Berlin:20260328T230000", "DURATION:P1D").end == datetime(
            2026, 3, 29, 21, tzinfo=UTC
        )

    def test_an_end_before_the_start_is_put_right_and_said(self) -> None:
        found = only("DTSTART:20260701T080000Z", "DTEND:20260701T070000Z")
        assert (found.end, found.problems) == (found.start, ("end_before_start",))

    @pytest.mark.parametrize("start", ["DTSTART:20260230T080000Z", "DTSTART:2026-07-01", "DTSTART:", "X:1"])
    def test_a_start_that_is_none_is_quarantined(self, start: str) -> None:
        assert reason(start) in {"date_unreadable", "date_missing", "start_missing"}

    def test_a_time_at_the_edge_of_the_calendar_does_not_crash(self) -> None:
        assert reason("DTSTART;TZID=Asia/Tokyo:00010101T000000") == "date_out_of_range"


class TestTexts:
    def test_escapes_and_control_characters_are_resolved(self) -> None:
        found = only("DTSTART:20260701T080000Z", "SUMMARY:Schmidt\\, Anna\\; MRT\x00\\nKnie")
        assert found.summary == "Schmidt, Anna; MRT\nKnie"

    def test_a_fold_through_the_middle_of_a_character_is_joined(self) -> None:
        body = calendar(event("DTSTART:20260701T080000Z", "SUMMARY:Müller")).replace(
            b"M\xc3\xbc", b"M\xc3\r\n \xbc"
        )
        assert ical.read(body, zone=BERLIN, window=None).events[0].summary == "Müller"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
    def test_any_encoding_that_exporters_write_is_read(self, encoding: str) -> None:
        body = calendar(event("DTSTART:20260701T080000Z", "SUMMARY:Müller Straße")).decode().encode(encoding)
        assert ical.read(body, zone=BERLIN, window=None).events[0].summary == "Müller Straße"

    @pytest.mark.parametrize("newline", [b"\n", b"\r", b"\r\r\n"])
    def test_any_line_ending_is_read(self, newline: bytes) -> None:
        body = calendar(event("DTSTART:20260701T080000Z")).replace(b"\r\n", newline)
        assert len(ical.read(body, zone=BERLIN, window=None).events) == 1

    def test_a_folded_boundary_is_still_a_boundary(self) -> None:
        body = calendar(event("DTSTART:20260701T080000Z")).replace(b"BEGIN:VEVENT", b"BEG\r\n IN:VEV\r\n ENT")
        assert len(ical.read(body, zone=BERLIN, window=None).events) == 1

    def test_an_event_without_uid_keeps_its_identity_from_fetch_to_fetch(self) -> None:
        body = calendar("BEGIN:VEVENT\r\nDTSTART:20260701T080000Z\r\nSUMMARY:CT\r\nEND:VEVENT")
        first, second = (ical.read(body, zone=BERLIN, window=None).events[0] for _ in range(2))
        assert first.uid == second.uid != ""
        assert set(first.problems) == {"uid_missing", "stamp_missing"}

    def test_attendees_and_categories_are_given(self) -> None:
        found = only(
            "DTSTART:20260701T080000Z",
            "CATEGORIES:MRT,Kasse",
            'ATTENDEE;CN="Schmidt, Anna":mailto:anna@example.org',
        )
        assert found.categories == ("MRT", "Kasse")
        assert found.attendees == (ical.Attendee(name="Schmidt, Anna", address="anna@example.org"),)

    def test_an_alarms_properties_are_not_the_events(self) -> None:
        alarm = ("BEGIN:VALARM", "SUMMARY:Alarm", "DURATION:PT1H", "END:VALARM")
        found = only("DTSTART:20260701T080000Z", *alarm, "SUMMARY:CT")
        assert (found.summary, found.end) == ("CT", found.start)


class TestIdentity:
    def test_the_highest_sequence_wins_wherever_it_stands(self) -> None:
        found = read(
            event("DTSTART:20260703T080000Z", "SEQUENCE:2"),
            event("DTSTART:20260701T080000Z", "SEQUENCE:0"),
        )
        assert starts(found) == ["2026-07-03T08:00Z"]

    def test_two_appointments_under_one_uid_are_not_dropped_unseen(self) -> None:
        found = read(event("DTSTART:20260703T080000Z"), event("DTSTART:20260701T080000Z"))
        assert starts(found) == ["2026-07-03T08:00Z"]
        assert [lost.reason for lost in found.quarantined] == ["uid_twice"]

    def test_a_hash_ignores_the_stamps_even_when_they_are_folded(self) -> None:
        one = b"BEGIN:VEVENT\r\nDTSTAMP:20260701T080000Z\r\nUID:1\r\nEND:VEVENT"
        two = b"BEGIN:VEVENT\r\nDTSTAMP;X-A=1:2026\r\n 0801T\r\n\t080000Z\r\nUID:1\r\nEND:VEVENT"
        assert ical.block_hash(one) == ical.block_hash(two)
        assert ical.block_hash(one) != ical.block_hash(one.replace(b"UID:1", b"UID:2"))


class TestSeries:
    window = ical.Window(start=datetime(2026, 7, 1, tzinfo=UTC), end=datetime(2026, 8, 1, tzinfo=UTC))

    def test_a_weekly_event_is_expanded_inside_the_window_in_wall_time(self) -> None:
        found = read(
            event("DTSTART;TZID=Europe/Berlin:20260105T100000", "RRULE:FREQ=WEEKLY"), window=self.window
        )
        assert starts(found) == [f"2026-07-{day:02}T08:00Z" for day in (6, 13, 20, 27)]
        assert found.events[0].recurrence_id == "20260706T080000Z"

    def test_exceptions_additions_and_overrides_are_applied(self) -> None:
        found = read(
            event(
                "DTSTART;TZID=Europe/Berlin:20260706T100000",
                "RRULE:FREQ=WEEKLY;COUNT=4",
                "EXDATE;TZID=Europe/Berlin:20260713T100000",
                "RDATE;TZID=Europe/Berlin:20260714T110000",
            ),
            event(
                "DTSTART;TZID=Europe/Berlin:20260722T120000",
                "RECURRENCE-ID;TZID=Europe/Berlin:20260720T100000",
            ),
            window=self.window,
        )
        assert sorted(starts(found)) == [
            "2026-07-06T08:00Z",
            "2026-07-14T09:00Z",
            "2026-07-22T10:00Z",
            "2026-07-27T08:00Z",
        ]
        moved = next(event for event in found.events if event.start.day == 22)
        assert moved.recurrence_id == "20260720T080000Z"

    def test_this_and_future_moves_the_rest(self) -> None:
        found = read(
            event("DTSTART:20260706T080000Z", "RRULE:FREQ=WEEKLY;COUNT=4"),
            event("DTSTART:20260713T090000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260713T080000Z"),
            window=self.window,
        )
        assert sorted(starts(found)) == [
            "2026-07-06T08:00Z",
            "2026-07-13T09:00Z",
            "2026-07-20T09:00Z",
            "2026-07-27T09:00Z",
        ]

    def test_a_series_of_days_is_of_days(self) -> None:
        found = read(
            event("DTSTART;VALUE=DATE:20260706", "RRULE:FREQ=DAILY;UNTIL=20260708"), window=self.window
        )
        assert [event.recurrence_id for event in found.events] == ["20260706", "20260707", "20260708"]

    def test_without_a_window_a_finite_series_is_whole_and_an_endless_one_ends(self) -> None:
        assert len(read(event("DTSTART:20260101T080000Z", "RRULE:FREQ=DAILY;COUNT=1500")).events) == 1500
        assert len(read(event("DTSTART:20260101T080000Z", "RRULE:FREQ=WEEKLY")).events) == 105
        assert len(read(event("DTSTART:20260101T080000Z", "RRULE:FREQ=HOURLY")).events) == 1000

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY",
            "FREQ=MINUTELY;BYSETPOS=1",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=99999999999999",
            "FREQ=YEARLY;BYHOUR=1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=1,2,3,4,5,6,7,8,9,10,11",
            "FREQ=NEVER",
            "INTERVAL=1",
            "nonsense",
        ],
    )
    def test_a_rule_that_would_hang_or_says_nothing_is_quarantined(self, rule: str) -> None:
        before = time.monotonic()
        assert reason("DTSTART:20260101T080000Z", f"RRULE:{rule}").startswith("recurrence")
        assert time.monotonic() - before < 4

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
            "FREQ=HOURLY;BYMONTH=13",
        ],
    )
    def test_a_rule_that_never_matches_ends(self, rule: str) -> None:
        before = time.monotonic()
        read(event("DTSTART:20260101T080000Z", f"RRULE:{rule}"))
        assert time.monotonic() - before < 4

    def test_a_thousand_greedy_series_share_one_budget(self) -> None:
        before = time.monotonic()
        found = read(
            *(
                event("DTSTART:19000101T000000Z", "RRULE:FREQ=HOURLY;BYMONTH=2", uid=str(i))
                for i in range(1000)
            ),
            window=self.window,
        )
        assert {lost.reason for lost in found.quarantined} == {"recurrence_budget"}
        assert time.monotonic() - before < 20

    @given(
        frequency=st.sampled_from(["HOURLY", "DAILY", "WEEKLY"]),
        interval=st.sampled_from([1, 2, 3, 5]),
        days=st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), unique=True, max_size=3),
        months=st.lists(st.integers(min_value=1, max_value=12), unique=True, max_size=3),
        month_days=st.lists(st.sampled_from([1, 13, 28, -1, -3]), unique=True, max_size=3),
        hours=st.lists(st.integers(min_value=0, max_value=23), unique=True, max_size=2),
        begin=st.sampled_from(["MO", "SU"]),
    )
    @settings(max_examples=60, deadline=None)
    def test_our_walk_agrees_with_dateutil(
        self,
        *,
        frequency: str,
        interval: int,
        days: list[str],
        months: list[int],
        month_days: list[int],
        hours: list[int],
        begin: str,
    ) -> None:
        limits = {
            "BYDAY": days,
            "BYMONTH": months,
            "BYMONTHDAY": month_days if frequency != "WEEKLY" else [],
            "BYHOUR": hours if frequency != "HOURLY" else [],
        }
        text = f"FREQ={frequency};INTERVAL={interval};WKST={begin}"
        text += "".join(f";{name}={','.join(map(str, values))}" for name, values in limits.items() if values)
        first = datetime(2026, 1, 7, 10, 15)
        theirs = rrulestr(f"RRULE:{text};UNTIL=20270601T000000", dtstart=first)
        rule = rules.parse(text, until=datetime(2027, 6, 1))
        ours = recurrence.expand(rule, first=first, window=None, budget=recurrence.Budget())
        assert ours == (list(itertools.islice(theirs, recurrence.MAX_FINITE)), False)


class TestCuttingWithoutAWalk:
    """What is written as nearly all calendars are is cut many times faster, and just as by the walk."""

    PIECES = (
        "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nUID:2\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:3\nEND:VEVENT",
        "begin:vevent\r\nUID:4\r\nend:vevent",
        "BEGIN:VEVENT\r\nDESCRIPTION:BEGIN:VEVENT\r\n END:VEVENT\r\nEND:VEVENT",
        "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nEND:STANDARD\r\nEND:VTIMEZONE",
        "BEGIN:VTODO\r\nEND:VTODO",
        "X-REMARK:outside",
        "BEGIN:VEVENT\r\nEN\r\n D:VEVENT",
        "BEG\r\n IN:VEVENT\r\nUID:5\r\nEND:VEVENT",
        "BEGIN:VEVENT \r\nUID:6\r\nEND:VEVENT\t",
        "BEGIN:VEVENTS\r\nEND:VEVENTS",
        "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nEND:VEVENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "BUSY:x",
        "",
    )

    @given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"]))
    def test_both_cut_alike(self, pieces: list[str], ending: str) -> None:
        text = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *pieces, "END:VCALENDAR", ""))
        body = text.replace("\r\n", ending).encode()
        quick, walked = self.cut(body, quick=True), self.cut(body, quick=False)
        assert quick == walked

    @staticmethod
    def cut(body: bytes, *, quick: bool) -> object:
        with pytest.MonkeyPatch.context() as patched:
            if not quick:
                patched.setattr(blocks, "_cut_regular", lambda body: None)
            try:
                found = ical.split(body)
            except ical.CalendarRefusedError as refused:
                return refused.refusal
            return found.head.split(), found.zones, found.events, found.broken

    def test_an_ordinary_calendar_needs_no_walk(self) -> None:
        body = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *self.PIECES[:2], "END:VCALENDAR", ""))
        assert blocks._cut_regular(body.encode()) is not None

    @pytest.mark.parametrize("name", ["DTSTAMP", "dtstamp", "LAST-MODIFIED"])
    def test_a_stamp_is_masked_and_nothing_else_is(self, name: str) -> None:
        def block(stamp: str, rest: str = "SUMMARY:a") -> bytes:
            return f"BEGIN:VEVENT\r\n{name}:{stamp}\r\n{rest}\r\nEND:VEVENT\r".encode()

        first, second = (
            ical.block_hash(block(stamp)) for stamp in ("20260101T000000Z", "2026\r\n 0202T000000Z")
        )
        assert first == second
        assert ical.block_hash(block("20260101T000000Z", "SUMMARY:b")) != first
        assert ical.block_hash(block("20260101T000000Z\rSUMMARY:b")) != first
        assert ical.block_hash(block("1", "SUMMARY:b")) == ical.block_hash(block("2", "SUMMARY:b"))
