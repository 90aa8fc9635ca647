"""The sync on the real database against a server, and what staff decide."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from appointments import ical, queries, reading
from appointments.models import (
    Appointment,
    AppointmentType,
    Feed,
    FeedState,
    Patient,
    QuarantinedEvent,
)
from appointments.operations import (
    Answer,
    FeedReport,
    InvalidInputError,
    add_feed,
    assign_type,
    confirm_missing,
    dismiss_missing,
    poll_now,
    set_contact,
    sync_due_feeds,
)
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from tests.appointments.feeds import Calendar
from tests.factories import NOW, PatientFactory, make_practice

STEP = timedelta(minutes=6)
START = NOW + timedelta(days=10)
STAFF = record.SYSTEM

pytestmark = pytest.mark.django_db


class Run:
    """Polls the feed again and again, six minutes apart."""

    def __init__(self, practice: Practice, feed: Feed) -> None:
        self.practice, self.feed, self.now = practice, feed, NOW

    def poll(self, times: int = 1) -> FeedReport:
        for _ in range(times):
            report = sync_due_feeds(practice_id=self.practice.pk, now=self.now)
            self.now += STEP
        (one,) = report.feeds
        return one

    def appointments(self) -> list[Appointment]:
        with tenancy.scope(self.practice.pk):
            return list(Appointment.objects.select_related("patient", "type").order_by("start", "id"))

    def fresh(self) -> Feed:
        with tenancy.scope(self.practice.pk):
            return Feed.objects.get(pk=self.feed.pk)

    def events(self) -> list[str]:
        with tenancy.scope(self.practice.pk):
            return list(RecordEntry.objects.order_by("id").values_list("event", flat=True))

    def due(self) -> None:
        with tenancy.scope(self.practice.pk):
            Feed.objects.filter(pk=self.feed.pk).update(next_poll_at=self.now)

    def planned(self) -> None:
        with tenancy.scope(self.practice.pk):
            Appointment.objects.update(needs_planning=False)


@pytest.fixture
def run(practice: Practice, feed: Feed) -> Run:
    return Run(practice, feed)


class TestApplying:
    def test_a_booking_appears_with_its_patient_and_its_type(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START, email="otto@example.org")
        assert run.poll().counts.created == 1
        (found,) = run.appointments()
        assert (found.start, found.status, found.needs_planning) == (START, "confirmed", True)
        assert found.type is not None and found.type.name == "MRT Knie"
        assert found.patient is not None
        assert (found.patient.name, found.patient.birth_date) == ("Otto Probefeld", date(1947, 3, 14))
        assert (found.patient.phone, found.patient.email) == ("+4915254599371", "otto@example.org")
        assert {"patient.created", "appointment.booked"} <= set(run.events())

    def test_the_same_calendar_again_changes_nothing(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START)
        run.poll()
        run.planned()
        assert run.poll().outcome == "unchanged"
        assert not run.appointments()[0].needs_planning
        assert run.fresh().last_good_at == NOW + STEP

    def test_a_server_that_says_not_modified_is_believed(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START)
        calendar.headers = {"ETag": '"v1"'}
        run.poll()
        calendar.status = 304
        assert run.poll().outcome == "unchanged"
        assert calendar.asked[-1]["If-None-Match"] == '"v1"'
        assert run.fresh().problem == ""

    def test_but_not_for_ever(self, run: Run, calendar: Calendar) -> None:
        calendar.headers = {"ETag": '"v1"'}
        run.poll()
        run.now += timedelta(hours=6)
        run.poll()
        assert "If-None-Match" not in calendar.asked[-1]

    def test_a_move_keeps_the_appointment(self, run: Run, calendar: Calendar) -> None:
        entry = calendar.add("1", START)
        run.poll()
        (before,) = run.appointments()
        run.planned()
        entry.start = START + timedelta(days=1)
        assert run.poll().counts.moved == 1
        (after,) = run.appointments()
        assert (after.pk, after.start, after.moved_from) == (before.pk, entry.start, START)
        assert (after.revision, after.needs_planning) == (2, True)
        assert run.events()[-1] == "appointment.moved"

    def test_a_move_under_a_new_uid_keeps_the_appointment_too(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START)
        run.poll()
        (before,) = run.appointments()
        calendar.entries.clear()
        calendar.add("2", START + timedelta(days=3))
        assert run.poll().counts.moved == 1
        (after,) = run.appointments()
        assert (after.pk, after.uid) == (before.pk, "2")

    def test_uids_that_churn_are_nobodys_business(self, run: Run, calendar: Calendar) -> None:
        for number in range(8):
            calendar.add(f"{number}", START + timedelta(hours=number), name=f"Muster, Mia {number}")
        run.poll()
        before = [one.pk for one in run.appointments()]
        run.planned()
        noted = len(run.events())
        for entry in calendar.entries:
            entry.uid += "-new"
        run.poll(times=3)
        after = run.appointments()
        assert [one.pk for one in after] == before
        assert all(one.uid.endswith("-new") and not one.needs_planning for one in after)
        assert len(run.events()) == noted

    def test_the_feeds_word_cancels_at_once_and_can_be_taken_back(self, run: Run, calendar: Calendar) -> None:
        entry = calendar.add("1", START)
        run.poll()
        entry.status = "CANCELLED"
        assert run.poll().counts.cancelled == 1
        assert run.appointments()[0].cancelled
        entry.status = "CONFIRMED"
        run.poll()
        assert not run.appointments()[0].cancelled
        assert run.events()[-1] == "appointment.reappeared"

    def test_absent_once_is_not_cancelled_absent_twice_is(self, run: Run, calendar: Calendar) -> None:
        calendar.headers = {"ETag": '"v1"'}
        calendar.add("1", START)
        calendar.add("2", START + timedelta(days=1), name="Muster, Mia")
        run.poll()
        calendar.entries.pop(0)
        assert run.poll().counts.absent == 1
        assert [one.status for one in run.appointments()] == ["confirmed", "confirmed"]
        assert run.poll().counts.cancelled == 1
        assert [one.status for one in run.appointments()] == ["cancelled", "confirmed"]

    def test_absent_once_and_back_is_as_if_nothing_was(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START)
        run.poll()
        entry = calendar.entries.pop()
        run.poll()
        calendar.entries.append(entry)
        run.poll()
        calendar.entries.clear()
        run.poll()
        (one,) = run.appointments()
        assert (one.status, one.revision) == ("confirmed", 1)

    def test_another_patient_in_the_same_event_is_another_appointment(
        self, run: Run, calendar: Calendar
    ) -> None:
        entry = calendar.add("1", START)
        run.poll()
        entry.name, entry.born = "Muster, Mia", "02.02.1980"
        run.poll()
        first, second = sorted(run.appointments(), key=lambda one: one.pk)
        assert first.patient is not None and second.patient is not None
        assert (first.patient.name, first.status) == ("Otto Probefeld", "cancelled")
        assert (second.patient.name, second.status, second.uid) == ("Mia Muster", "confirmed", "1")
        run.poll(2)
        assert [one.status for one in run.appointments()] == ["cancelled", "confirmed"]

    def test_a_name_corrected_beside_the_same_date_of_birth_is_the_same_patient(
        self, run: Run, calendar: Calendar
    ) -> None:
        entry = calendar.add("1", START)
        run.poll()
        (before,) = run.appointments()
        entry.name = "Probefelt, Otto"
        run.poll()
        (after,) = run.appointments()
        assert after.patient is not None
        assert (after.patient_id, after.patient.name) == (before.patient_id, "Otto Probefelt")

    def test_an_event_that_names_nobody_any_more_keeps_its_patient(
        self, run: Run, calendar: Calendar
    ) -> None:
        entry = calendar.add("1", START)
        run.poll()
        (before,) = run.appointments()
        entry.name = entry.born = entry.phone = ""
        run.poll()
        (after,) = run.appointments()
        assert before.patient_id is not None and after.patient_id == before.patient_id

    def test_a_new_number_in_the_event_is_the_patients(self, run: Run, calendar: Calendar) -> None:
        entry = calendar.add("1", START)
        run.poll()
        entry.phone = "0151 23456789"
        run.poll()
        (one,) = run.appointments()
        assert one.patient is not None
        assert one.patient.phone == "+4915123456789"

    def test_what_can_not_be_read_is_shown_until_it_is_gone(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START)
        bad = calendar.add("2", START, extra="DTSTART:unlesbar")
        run.poll()
        with tenancy.scope(practice.pk):
            assert [one.reason for one in queries.quarantined()] == ["start_twice"]
        assert len(run.appointments()) == 1
        calendar.entries.remove(bad)
        run.poll()
        with tenancy.scope(practice.pk):
            assert not QuarantinedEvent.objects.exists()

    def test_the_practices_own_time_makes_no_appointment(self, run: Run, calendar: Calendar) -> None:
        calendar.add("1", START, name="Mittagspause", type="", born="", phone="")
        run.poll()
        assert run.appointments() == []

    @pytest.mark.parametrize("times", [1, 2])
    def test_a_first_import_takes_as_many_statements_for_three_as_for_thirty(
        self, run: Run, calendar: Calendar, django_assert_max_num_queries: object, times: int
    ) -> None:
        for number in range(3 if times == 1 else 30):
            calendar.add(f"{number}", START + timedelta(hours=number), name=f"Muster, Mia {number}")
        with django_assert_max_num_queries(36):  # type: ignore[operator]
            run.poll()


class TestPatients:
    def patients(self, practice: Practice) -> list[Patient]:
        with tenancy.scope(practice.pk):
            return list(Patient.objects.order_by("id"))

    def test_one_person_has_one_row_over_appointments_and_polls(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START)
        calendar.add("2", START + timedelta(days=1), name="PROBEFELD, Otto", type="CT Abdomen", phone="")
        run.poll()
        calendar.add("3", START + timedelta(days=2), name="Herr Otto Probefeld")
        run.poll()
        assert len(self.patients(practice)) == 1
        assert {one.patient_id for one in run.appointments()} == {self.patients(practice)[0].pk}

    def test_the_name_alone_merges_nobody(self, run: Run, calendar: Calendar, practice: Practice) -> None:
        calendar.add("1", START, born="", phone="")
        calendar.add("2", START + timedelta(days=1), born="", phone="")
        run.poll()
        assert len(self.patients(practice)) == 2

    def test_without_a_date_of_birth_the_name_and_the_number_do(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START, born="")
        calendar.add("2", START + timedelta(days=1), born="14.03.1947")
        run.poll()
        (one,) = self.patients(practice)
        assert one.birth_date == date(1947, 3, 14)

    def test_father_and_son_of_one_name_and_one_telephone_are_two(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START, born="14.03.1947")
        calendar.add("2", START + timedelta(days=1), born="01.01.1975")
        run.poll()
        assert len(self.patients(practice)) == 2

    def test_another_practices_patient_is_never_found(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        other = make_practice(name="Andere Praxis")
        with tenancy.scope(other.pk):
            PatientFactory(name="Otto Probefeld", birth_date=date(1947, 3, 14))
        calendar.add("1", START)
        run.poll()
        assert len(self.patients(practice)) == 1


class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ({"status": 500}, "server_error"),
            ({"status": 404}, "not_found"),
            ({"body": b"<html>Bitte anmelden</html>"}, "html"),
            ({"body": b""}, "empty"),
            ({"body": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1"}, "cut_off"),
            ({"headers": {"Content-Length": "99999"}}, "cut_off"),
        ],
    )
    def test_a_bad_answer_changes_nothing_and_leaves_its_reason(
        self, run: Run, calendar: Calendar, practice: Practice, fault: dict[str, object], reason: str
    ) -> None:
        calendar.add("1", START)
        run.poll()
        run.planned()
        for name, value in fault.items():
            setattr(calendar, name, value)
        report = run.poll()
        assert (report.outcome, report.reason) == ("failed", reason)
        (one,) = run.appointments()
        assert (one.status, one.absent_since, one.needs_planning) == ("confirmed", None, False)
        feed = run.fresh()
        assert (feed.state, feed.problem, feed.failures) == (FeedState.FAILING, reason, 1)
        assert feed.last_good_at == NOW
        with tenancy.scope(practice.pk):
            assert [one.code for one in queries.feed_problems(now=run.now)] == [reason]

    def test_it_recovers_by_itself(self, run: Run, calendar: Calendar) -> None:
        calendar.status = 500
        run.poll()
        calendar.status = 200
        run.poll()
        feed = run.fresh()
        assert (feed.state, feed.problem, feed.failures) == (FeedState.ACTIVE, "", 0)
        assert run.events()[-2:] == ["feed.failed", "feed.recovered"]

    def test_the_pause_grows_and_is_as_long_as_the_server_asks(self, run: Run, calendar: Calendar) -> None:
        calendar.status = 500
        pauses = []
        for _ in range(6):
            run.poll()
            pauses.append(run.fresh().next_poll_at - (run.now - STEP))
            run.now = run.fresh().next_poll_at
        least = [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 60, 60)]
        assert all(one <= pause < one * 1.1 for one, pause in zip(least, pauses, strict=True))
        calendar.status, calendar.headers = 429, {"Retry-After": "7200"}
        run.poll()
        assert run.fresh().next_poll_at - (run.now - STEP) >= timedelta(hours=2)

    def test_nothing_is_polled_before_its_time_or_while_paused(self, run: Run, practice: Practice) -> None:
        run.poll()
        assert sync_due_feeds(practice_id=practice.pk, now=NOW).feeds == ()
        with tenancy.scope(practice.pk):
            Feed.objects.update(state=FeedState.PAUSED)
        assert sync_due_feeds(practice_id=practice.pk, now=NOW + STEP).feeds == ()

    def test_due_practices_are_found_without_a_scope(self, run: Run, practice: Practice) -> None:
        assert practice.pk in queries.practices_to_sync(NOW)
        run.poll()
        assert practice.pk not in queries.practices_to_sync(NOW)


class TestFreezing:
    @pytest.fixture
    def frozen(self, run: Run, calendar: Calendar) -> Run:
        for number in range(10):
            calendar.add(f"{number}", START + timedelta(hours=number), name=f"Muster, Mia {number}")
        run.poll()
        del calendar.entries[:6]
        run.poll(times=3)
        return run

    def live(self, run: Run) -> int:
        return sum(1 for one in run.appointments() if not one.cancelled)

    def test_many_gone_at_once_cancel_nothing_and_ask_staff(self, frozen: Run, practice: Practice) -> None:
        assert self.live(frozen) == 10
        assert frozen.fresh().state == FeedState.FROZEN
        with tenancy.scope(practice.pk):
            (problem,) = queries.feed_problems(now=frozen.now)
            assert (problem.code, problem.missing) == ("frozen", 6)
            assert queries.missing_appointments(problem.feed).count() == 6
        assert frozen.events().count("feed.frozen") == 1

    def test_staff_confirm_and_they_are_cancelled(self, frozen: Run, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            assert confirm_missing(feed_id=frozen.feed.pk, by=STAFF, now=frozen.now) == 6
        frozen.poll()
        assert (self.live(frozen), frozen.fresh().state) == (4, FeedState.ACTIVE)

    def test_staff_say_it_was_an_error_and_they_stay(
        self, frozen: Run, practice: Practice, calendar: Calendar
    ) -> None:
        with tenancy.scope(practice.pk):
            assert dismiss_missing(feed_id=frozen.feed.pk, by=STAFF, now=frozen.now)
            assert not dismiss_missing(feed_id=frozen.feed.pk, by=STAFF, now=frozen.now)
        for number in range(6):
            calendar.add(f"{number}", START + timedelta(hours=number), name=f"Muster, Mia {number}")
        frozen.poll()
        assert (self.live(frozen), frozen.fresh().state) == (10, FeedState.ACTIVE)

    def test_if_they_come_back_it_thaws_by_itself(self, frozen: Run, calendar: Calendar) -> None:
        for number in range(6):
            calendar.add(f"{number}", START + timedelta(hours=number), name=f"Muster, Mia {number}")
        frozen.poll()
        assert (self.live(frozen), frozen.fresh().missing_ids) == (10, [])


class TestStaff:
    def test_a_text_that_means_nothing_yet_is_assigned_and_remembered(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START, type="Röhre Bein")
        run.poll()
        with tenancy.scope(practice.pk):
            (waiting,) = queries.unmatched_types(now=NOW)
            assert (waiting.text, waiting.appointments) == ("Röhre Bein", 1)
            knee = AppointmentType.objects.get(name="MRT Knie")
            answered = assign_type(text=waiting.text, type_id=knee.pk, by=STAFF, now=NOW)
            assert (answered.answer, answered.appointments) == (Answer.REMEMBERED, 1)
            assert queries.unmatched_types(now=NOW) == []
        calendar.add("2", START + timedelta(days=1), type="Röhre Bein", name="Muster, Mia")
        run.poll()
        assert [one.type_id for one in run.appointments()] == [knee.pk, knee.pk]
        assert "appointment.changed" not in run.events()

    def test_never_needs_anything_is_remembered_too(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START, type="Rezept abholen")
        run.poll()
        with tenancy.scope(practice.pk):
            assign_type(text="Rezept abholen", type_id=None, by=STAFF, now=NOW)
        (one,) = run.appointments()
        assert one.type is not None
        assert one.type.needs_nothing

    def test_a_contact_is_entered_once_and_checked(
        self, run: Run, calendar: Calendar, practice: Practice
    ) -> None:
        calendar.add("1", START, phone="")
        run.poll()
        run.planned()
        with tenancy.scope(practice.pk):
            (patient,) = queries.unreachable_patients(now=NOW)
            with pytest.raises(InvalidInputError) as refused:
                set_contact(patient_id=patient.pk, phone="12", email="", by=STAFF, now=NOW)
            assert refused.value.field == "phone"
            set_contact(patient_id=patient.pk, phone="0151 23456789", email="a@b.example", by=STAFF, now=NOW)
            assert not queries.unreachable_patients(now=NOW).exists()
        assert run.appointments()[0].needs_planning

    def test_a_link_that_may_not_be_asked_is_no_feed(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk), pytest.raises(InvalidInputError):
            add_feed(name="x", url="http://169.254.169.254/", by=STAFF, now=NOW)

    def test_the_link_is_sealed_and_masked(self, feed: Feed, calendar: Calendar, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            kept = Feed.objects.get(pk=feed.pk)
            assert kept.url() == calendar.url
        assert b"geheim" not in bytes(kept.sealed_url)
        assert kept.masked_url == "…nder"

    def test_a_feed_is_polled_at_once_when_asked(self, run: Run, practice: Practice) -> None:
        run.poll()
        with tenancy.scope(practice.pk):
            assert poll_now(feed_id=run.feed.pk, now=run.now)
        assert sync_due_feeds(practice_id=practice.pk, now=run.now).feeds[0].outcome == "applied"


def test_two_workers_do_not_poll_the_same_feed(run: Run, practice: Practice, calendar: Calendar) -> None:
    """The second finds the claim of the first."""
    at: datetime = NOW
    first = sync_due_feeds(practice_id=practice.pk, now=at)
    second = sync_due_feeds(practice_id=practice.pk, now=at)
    assert (len(first.feeds), len(second.feeds), len(calendar.asked)) == (1, 0, 1)


def test_a_feed_that_sets_off_an_error_of_ours_leaves_the_others_alone_and_says_so(
    practice: Practice, feed: Feed, calendar: Calendar, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    calendar.add("a", START)
    with tenancy.scope(practice.pk):
        second, locked = (
            add_feed(
                name=name,
                url=f"{calendar.url}?{name}",
                by=record.SYSTEM,
                now=NOW,
                allowed_addresses=frozenset([calendar.address]),
            )
            for name in ("MRT 2", "MRT 3")
        )
        Feed.objects.filter(pk=locked.pk).update(sealed_url=b"sealed with a lost key")
    read, calls = reading.read_blocks, []

    def breaks_at_the_first(*args: Any, **options: Any) -> ical.Calendar:
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError("Probefeld, Otto")
        return read(*args, **options)

    monkeypatch.setattr(reading, "read_blocks", breaks_at_the_first)
    reports = {one.feed_id: one for one in sync_due_feeds(practice_id=practice.pk, now=NOW).feeds}
    assert {one.reason for one in (reports.pop(second.pk), reports.pop(feed.pk))} == {"", "unexpected"}
    assert reports[locked.pk].reason == "unexpected"
    assert "Probefeld" not in caplog.text
    with tenancy.scope(practice.pk):
        assert Appointment.objects.count() == 1
        broken = Feed.objects.filter(problem="unexpected")
        assert broken.count() == 2 and all(one.next_poll_at > NOW for one in broken)
        assert {problem.code for problem in queries.feed_problems(now=NOW)} == {"unexpected"}
