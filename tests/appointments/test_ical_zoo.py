"""The nastiest calendars, and what each must say. Expected values by hand, from RFC 5545 and the clocks of the places."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from appointments import ical
from tests.appointments.test_ical import BERLIN, calendar, event, only, read, reason, starts

CUSTOM = """BEGIN:VTIMEZONE
TZID:Praxiszeit
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""
RULED = """BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
"""
WINDOW = ical.Window(start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 4, 13, tzinfo=UTC))


def spans(found: ical.Calendar) -> list[str]:
    """Start and end, in order."""
    return sorted(f"{one.start:%m-%dT%H:%M}/{one.end:%m-%dT%H:%M}" for one in found.events)


class TestNightsOfTheClock:
    """29 March 2026, 02:00 to 03:00 does not exist; 25 October 2026, 02:00 to 03:00 comes twice."""

    ZONES = (
        "Europe/Berlin",
        "Europe/Paris",
        "Europe/Zurich",
        "Europe/Rome",
        "Romance Standard Time",
        "Praxiszeit",
    )

    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize(
        ("local", "utc"),
        [
            ("20260329T015959", "2026-03-29T00:59Z"),
            # RFC 5545, 3.3.5: a time in the gap is read with the offset before it.
            ("20260329T020000", "2026-03-29T01:00Z"),
            ("20260329T023000", "2026-03-29T01:30Z"),
            ("20260329T030000", "2026-03-29T01:00Z"),
            ("20261025T015959", "2026-10-24T23:59Z"),
            # And of two the first.
            ("20261025T020000", "2026-10-25T00:00Z"),
            ("20261025T023000", "2026-10-25T00:30Z"),
            ("20261025T030000", "2026-10-25T02:00Z"),
        ],
    )
    def test_a_time_that_does_not_exist_or_comes_twice_is_read_as_the_standard_says(
        self, zone: str, local: str, utc: str
    ) -> None:
        assert starts(read(CUSTOM, event(f"DTSTART;TZID={zone}:{local}"))) == [utc]

    @pytest.mark.parametrize("zone", ZONES)
    def test_a_daily_series_keeps_its_wall_time_over_both_nights(self, zone: str) -> None:
        spring = read(CUSTOM, event(f"DTSTART;TZID={zone}:20260328T023000", "RRULE:FREQ=DAILY;COUNT=3"))
        assert starts(spring) == ["2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"]
        autumn = read(CUSTOM, event(f"DTSTART;TZID={zone}:20261024T023000", "RRULE:FREQ=DAILY;COUNT=3"))
        assert starts(autumn) == ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]

    def test_hours_are_true_hours_and_days_are_days_over_the_night(self) -> None:
        start = "DTSTART;TZID=Europe/Zurich:20260328T230000"
        assert only(start, "DURATION:PT5H").end == datetime(2026, 3, 29, 3, tzinfo=UTC)
        assert only(start, "DURATION:P1D").end == datetime(2026, 3, 29, 21, tzinfo=UTC)
        assert only(start, "DURATION:P1DT2H").end == datetime(2026, 3, 29, 23, tzinfo=UTC)
        assert only("DTSTART;TZID=Europe/Zurich:20261024T230000", "DURATION:PT5H").end == datetime(
            2026, 10, 25, 2, tzinfo=UTC
        )

    def test_a_day_of_23_hours_is_one_day(self) -> None:
        found = only("DTSTART;VALUE=DATE:20260329")
        assert found.end - found.start == timedelta(hours=23)

    def test_an_hour_named_twice_is_one_occurrence(self) -> None:
        """02:30 does not exist and is 03:30 by the clock: RFC 5545 has the hour's own occurrence fall together with it."""
        found = read(event("DTSTART;TZID=Europe/Berlin:20260329T013000", "RRULE:FREQ=HOURLY;COUNT=3"))
        assert len({one.recurrence_id for one in found.events}) == len(found.events)


class TestZones:
    @pytest.mark.parametrize(
        ("zone", "utc"),
        [
            ("TZID=europe/berlin", "08"),
            ("TZID= Europe/Berlin ", "08"),
            ('TZID="Europe/Berlin"', "08"),
            ("TZID=W. Europe Standard Time", "08"),
            ("TZID=GMT Standard Time", "09"),
            ("TZID=Central European Standard Time", "08"),
            ("TZID=/citadel.org/20190914_1/Europe/Zurich", "08"),
            ("TZID=/Europe/Rome", "08"),
            ("X-A=1;TZID=Europe/Paris;X-B=\"a:b;c\"", "08"),
            (";TZID=Europe/Paris", "08"),
            ("TZID=Etc/GMT+5", "15"),
        ],
    )  # fmt: skip
    def test_a_zone_is_found_however_it_is_written(self, zone: str, utc: str) -> None:
        assert starts(read(event(f"DTSTART;{zone}:20260701T100000"))) == [f"2026-07-01T{utc}:00Z"]

    def test_a_custom_zone_is_read_from_the_calendar_wherever_it_stands(self) -> None:
        one = event("DTSTART;TZID=Praxiszeit:20260701T100000")
        assert starts(read(one, CUSTOM)) == starts(read(CUSTOM, one)) == ["2026-07-01T08:00Z"]

    @pytest.mark.parametrize(
        "zone", ["Praxiszeit", "Western/Central Europe", "(UTC+01:00) Amsterdam", "UTC+1", ""]
    )
    def test_what_nobody_knows_is_quarantined_unless_it_is_no_zone_at_all(self, zone: str) -> None:
        found = read(event(f'DTSTART;TZID="{zone}":20260701T100000'))
        assert [lost.reason for lost in found.quarantined] == (["unknown_zone"] if zone else [])

    def test_an_unquoted_zone_with_a_colon_is_never_half_read(self) -> None:
        assert reason("DTSTART;TZID=(UTC+01:00) Amsterdam, Berlin:20260701T100000") == "date_unreadable"

    def test_a_zone_that_is_no_zone_costs_only_the_events_that_name_it(self) -> None:
        broken = "BEGIN:VTIMEZONE\r\nTZID:Kaputt\r\nBEGIN:STANDARD\r\nTZOFFSETTO:viel\r\nEND:STANDARD\r\nEND:VTIMEZONE"
        found = read(
            broken,
            event("DTSTART;TZID=Kaputt:20260701T100000", uid="1"),
            event("DTSTART;TZID=Europe/Berlin:20260701T100000", uid="2"),
        )
        assert [one.uid for one in found.events] == ["2"]
        assert [lost.reason for lost in found.quarantined] == ["unknown_zone"]

    @pytest.mark.parametrize(
        "zone",
        [
            CUSTOM.replace("END:VTIMEZONE", RULED * 400 + "END:VTIMEZONE"),
            CUSTOM.replace("BYDAY=-1SU", "BYMONTHDAY=" + ",".join(map(str, range(1, 32)))),
            CUSTOM.replace("BYMONTH=10;BYDAY=-1SU", "BYYEARDAY=" + ",".join(map(str, range(1, 367)))),
            CUSTOM.replace("BYMONTH=10;BYDAY=-1SU", "BYDAY=MO,TU,WE,TH,FR,SA,SU"),
        ],
        ids=["four hundred rules", "each day of a month", "each day of a year", "each day of a week"],
    )
    def test_a_zone_of_more_rules_than_any_country_has_is_not_followed(self, zone: str) -> None:
        zone = zone.replace("1970", "1601")
        before = time.process_time()
        found = read(zone, event("DTSTART;TZID=Praxiszeit:20260701T100000"))
        assert [lost.reason for lost in found.quarantined] == ["unknown_zone"]
        assert time.process_time() - before < 1

    def test_a_clock_of_the_feeds_own_is_not_followed_for_thousands_of_years(self) -> None:
        before = time.process_time()
        far = event("DTSTART;TZID=Praxiszeit:99980701T100000", uid="far")
        near = event("DTSTART;TZID=Praxiszeit:20260701T100000", "RRULE:FREQ=YEARLY;UNTIL=99980701T080000Z")
        found = read(CUSTOM.replace("END:VTIMEZONE", RULED * 10 + "END:VTIMEZONE"), far, near, window=WINDOW)
        assert [(lost.uid, lost.reason) for lost in found.quarantined] == [("far", "date_out_of_range")]
        assert time.process_time() - before < 1

    def test_a_zone_with_all_that_a_country_ever_changed_is_read(self) -> None:
        changes = "".join(
            RULED.replace("-1SU", f"-1SU;UNTIL={year}1231T000000Z").replace("1970", str(year))
            for year in range(1915, 1945)
        )
        zone = CUSTOM.replace("END:VTIMEZONE", changes + "END:VTIMEZONE")
        assert starts(read(zone, event("DTSTART;TZID=Praxiszeit:20260701T100000"))) == ["2026-07-01T08:00Z"]

    def test_a_day_is_of_the_practices_calendar_and_says_if_its_zone_was_ignored(self) -> None:
        found = only("DTSTART;VALUE=DATE;TZID=America/New_York:20260701")
        assert (str(found.day), str(found.last_day), found.problems) == (
            "2026-07-01",
            "2026-07-02",
            ("zone_on_day",),
        )

    def test_a_zone_on_a_time_in_utc_is_ignored_and_said(self) -> None:
        found = only("DTSTART;TZID=America/New_York:20260701T100000Z")
        assert (found.start, found.problems) == (datetime(2026, 7, 1, 10, tzinfo=UTC), ("zone_on_utc",))


class TestBytes:
    def test_lines_that_end_in_every_way_in_one_file(self) -> None:
        body = calendar(event("DTSTART:20260701T080000Z", "SUMMARY:MRT", "LOCATION:Raum 1"))
        mixed = body.replace(b"SUMMARY:MRT\r\n", b"SUMMARY:MRT\n").replace(
            b"VERSION:2.0\r\n", b"VERSION:2.0\r\r\n"
        )
        (found,) = ical.read(mixed, zone=BERLIN, window=None).events
        assert (found.summary, found.location) == ("MRT", "Raum 1")

    def test_a_fold_with_a_tab_or_behind_a_blank_line_is_a_fold(self) -> None:
        body = calendar(event("DTSTART:20260701T080000Z", "SUMMARY:MRT Knie"))
        for fold in (b"M\r\n\tRT", b"M\n RT", b"M\r\n\r\n RT"):
            assert (
                ical.read(body.replace(b"MRT", fold), zone=BERLIN, window=None).events[0].summary
                == "MRT Knie"
            )

    def test_each_line_is_decoded_for_itself(self) -> None:
        body = calendar(event("DTSTART:20260701T080000Z", "SUMMARY:Müller", "LOCATION:Zürich"))
        body = body.replace("Zürich".encode(), "Zürich".encode("cp1252"))
        (found,) = ical.read(body, zone=BERLIN, window=None).events
        assert (found.summary, found.location) == ("Müller", "Zürich")

    def test_a_byte_order_mark_and_white_space_around_do_no_harm(self) -> None:
        body = b"\xef\xbb\xbf\r\n " + calendar(event("DTSTART:20260701T080000Z")) + b"\r\n\x00\r\n"
        assert len(ical.read(body, zone=BERLIN, window=None).events) == 1

    def test_a_remark_behind_the_end_is_not_a_cut_and_anything_else_is(self) -> None:
        body = calendar(event("DTSTART:20260701T080000Z"))
        assert ical.read(body + b"X-COMMENT:Cached\r\n", zone=BERLIN, window=None).refused is None
        for rest in (b"BEGIN:VEVENT\r\n", b"<html>", b"X-A:1\r\n<html>", b"SUMMARY:x\r\n"):
            assert ical.read(body + rest, zone=BERLIN, window=None).refused is ical.Refusal.CUT_OFF

    def test_bad_alarms_cost_nothing(self) -> None:
        alarm = (
            "BEGIN:VALARM",
            "TRIGGER:irgendwann",
            "DURATION:quer",
            "REPEAT:-1",
            "DTSTART:x",
            "END:VALARM",
        )
        assert only("DTSTART:20260701T080000Z", *alarm).problems == ()

    def test_unreadable_lines_are_left_out_and_said(self) -> None:
        assert only("DTSTART:20260701T080000Z", "SUMMARY=MRT").problems == ("line_unreadable",)


class TestIdentities:
    def test_two_events_without_uid_at_one_time_are_two(self) -> None:
        bare = "BEGIN:VEVENT\r\nDTSTART:20260701T080000Z\r\nSUMMARY:Termin\r\nDESCRIPTION:{}\r\nEND:VEVENT"
        found = read(bare.format("Patient: Mia Muster"), bare.format("Patient: Otto Probefeld"))
        assert len({one.uid for one in found.events}) == 2

    def test_the_same_event_twice_is_one(self) -> None:
        one = event("DTSTART:20260701T080000Z", "SUMMARY:MRT")
        found = read(one, one)
        assert (len(found.events), found.quarantined) == (1, ())

    def test_two_patients_under_one_uid_at_one_time_are_not_dropped_unseen(self) -> None:
        found = read(
            event("DTSTART:20260701T080000Z", "SUMMARY:Muster\\, Mia"),
            event("DTSTART:20260701T080000Z", "SUMMARY:Probefeld\\, Otto"),
        )
        assert [one.summary for one in found.events] == ["Muster, Mia"]
        assert [lost.reason for lost in found.quarantined] == ["uid_twice"]

    def test_the_younger_of_two_versions_is_valid(self) -> None:
        old = event("DTSTART:20260701T080000Z", "LAST-MODIFIED:20260601T080000Z")
        new = event("DTSTART:20260702T080000Z", "LAST-MODIFIED:20260602T080000Z")
        assert starts(read(old, new)) == starts(read(new, old)) == ["2026-07-02T08:00Z"]


class TestSeries:
    weekly = event("DTSTART;TZID=Europe/Berlin:20260302T100000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY")

    def test_a_change_of_this_and_the_future_is_told_in_utc_and_keeps_the_wall_time(self) -> None:
        """10:00 becomes 09:00 in Berlin from 16 March on, over the night of the clock too."""
        found = read(
            self.weekly,
            event(
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T090000Z",
                "DTSTART;TZID=Europe/Berlin:20260316T090000",
                "DTEND;TZID=Europe/Berlin:20260316T094500",
            ),
            window=WINDOW,
        )
        assert spans(found) == [
            "03-02T09:00/03-02T09:30",
            "03-09T09:00/03-09T09:30",
            "03-16T08:00/03-16T08:45",
            "03-23T08:00/03-23T08:45",
            "03-30T07:00/03-30T07:45",
            "04-06T07:00/04-06T07:45",
        ]

    def test_a_change_of_one_stands_within_a_change_of_the_future(self) -> None:
        found = read(
            self.weekly,
            event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T090000Z", "DTSTART:20260317T090000Z"),
            event("RECURRENCE-ID:20260323T090000Z", "DTSTART:20260325T120000Z"),
            window=WINDOW,
        )
        assert sorted(starts(found)) == [
            "2026-03-02T09:00Z",
            "2026-03-09T09:00Z",
            "2026-03-17T09:00Z",
            "2026-03-25T12:00Z",
            "2026-03-31T08:00Z",
            "2026-04-07T08:00Z",
        ]

    def test_the_future_can_be_cancelled(self) -> None:
        found = read(
            self.weekly,
            event(
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T090000Z",
                "DTSTART:20260316T090000Z",
                "STATUS:CANCELLED",
            ),
            window=WINDOW,
        )
        assert [one.status for one in sorted(found.events, key=lambda one: one.start)] == [
            "",
            "",
            *["CANCELLED"] * 4,
        ]

    @pytest.mark.parametrize(
        "named",
        [
            "20260309T090000Z",
            ";TZID=Europe/Berlin:20260309T100000",
            ";TZID=Europe/London:20260309T090000",
            ";VALUE=DATE:20260309",
        ],
    )
    def test_an_occurrence_is_named_in_any_zone_or_by_its_day(self, named: str) -> None:
        named = named if named.startswith(";") else f":{named}"
        dropped = event(
            "DTSTART;TZID=Europe/Berlin:20260302T100000", "RRULE:FREQ=WEEKLY;COUNT=3", f"EXDATE{named}"
        )
        assert starts(read(dropped)) == ["2026-03-02T09:00Z", "2026-03-16T09:00Z"]
        changed = read(
            event("DTSTART;TZID=Europe/Berlin:20260302T100000", "RRULE:FREQ=WEEKLY;COUNT=3"),
            event("DTSTART:20260310T090000Z", f"RECURRENCE-ID{named}"),
        )
        assert sorted(starts(changed)) == ["2026-03-02T09:00Z", "2026-03-10T09:00Z", "2026-03-16T09:00Z"]

    def test_a_dropped_time_without_a_zone_is_on_the_series_clock(self) -> None:
        found = read(
            event(
                "DTSTART;TZID=America/New_York:20260302T100000",
                "RRULE:FREQ=DAILY;COUNT=2",
                "EXDATE:20260303T100000",
            )
        )
        assert starts(found) == ["2026-03-02T15:00Z"]

    @pytest.mark.parametrize(
        "dropped", [";VALUE=DATE:20260303", ":20260302T230000Z", ";TZID=Europe/Berlin:20260303T000000"]
    )
    def test_a_series_of_days_knows_its_days_by_times_too(self, dropped: str) -> None:
        found = read(event("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;COUNT=3", f"EXDATE{dropped}"))
        assert [str(one.day) for one in found.events] == ["2026-03-02", "2026-03-04"]

    @pytest.mark.parametrize(
        "until", ["20260304", "20260304T235959Z", "20260303T230000Z", "20260304T000000Z", "20260304T225959Z"]
    )
    def test_a_series_of_days_ends_on_the_day_that_is_meant(self, until: str) -> None:
        """By the day, as Google writes its end, and as those write it who count the practice's midnights."""
        found = read(event("DTSTART;VALUE=DATE:20260302", f"RRULE:FREQ=DAILY;UNTIL={until}"))
        assert [str(one.day) for one in found.events] == ["2026-03-02", "2026-03-03", "2026-03-04"]

    def test_an_added_period_has_its_own_length(self) -> None:
        found = read(
            event(
                "DTSTART;TZID=Europe/Berlin:20260302T100000",
                "DTEND;TZID=Europe/Berlin:20260302T103000",
                "RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20260303T100000/20260303T120000,20260304T100000/PT45M",
                "RDATE:20260305T090000Z",
            )
        )
        assert spans(found) == [
            "03-02T09:00/03-02T09:30",
            "03-03T09:00/03-03T11:00",
            "03-04T09:00/03-04T09:45",
            "03-05T09:00/03-05T09:30",
        ]

    def test_a_day_added_to_a_series_of_times_is_a_day_and_said(self) -> None:
        found = read(event("DTSTART:20260302T090000Z", "RDATE;VALUE=DATE:20260303"))
        single, day = found.events
        assert (single.all_day, day.all_day, str(day.day), str(day.last_day)) == (
            False,
            True,
            "2026-03-03",
            "2026-03-04",
        )
        assert "addition_unlike_start" in day.problems

    def test_a_change_without_its_series_is_an_event_and_says_that_it_repeats(self) -> None:
        found = only("DTSTART:20260302T090000Z", "RECURRENCE-ID:20260302T080000Z", "RRULE:FREQ=DAILY")
        assert (found.recurrence_id, found.problems) == ("20260302T080000Z", ("recurrence_of_instance",))

    def test_two_years_are_two_years_to_the_day(self) -> None:
        found = read(event("DTSTART:20260101T080000Z", "RRULE:FREQ=DAILY"))
        assert starts(found)[-1] == "2028-01-01T08:00Z"

    def test_what_is_capped_says_so_and_what_is_whole_does_not(self) -> None:
        whole = read(event("DTSTART:20260101T080000Z", "RRULE:FREQ=DAILY;COUNT=1500"))
        assert (len(whole.events), whole.events[-1].problems) == (1500, ())
        for rule in ("FREQ=HOURLY", "FREQ=DAILY;UNTIL=99991231T000000Z", "FREQ=MONTHLY;COUNT=90000"):
            found = read(event("DTSTART:20260101T080000Z", f"RRULE:{rule}"))
            assert found.events and found.events[-1].problems == ("recurrence_capped",)

    def test_a_date_too_many_costs_its_series_only(self) -> None:
        dates = ",".join(["20260302T090000Z"] * 20_001)
        assert reason("DTSTART:20260302T090000Z", f"RDATE:{dates}") == "dates_too_many"

    @pytest.mark.parametrize(
        "rule", ["RSCALE=CHINESE;FREQ=YEARLY", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD"]
    )
    def test_other_calendars_than_ours_are_not_guessed(self, rule: str) -> None:
        assert reason("DTSTART:20260302T090000Z", f"RRULE:{rule}") == "recurrence_unsupported"
        assert (
            len(read(event("DTSTART:20260302T090000Z", "RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;COUNT=2")).events)
            == 2
        )
