"""Reading what changed gives what reading all of it gives."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import ical, reading
from appointments.models import Feed
from practices import tenancy
from practices.models import Practice
from tests.appointments.incremental import DAYS, PEOPLE, TYPES, UNUSUAL, Twins
from tests.factories import AppointmentTypeFactory

pytestmark = pytest.mark.django_db

place = st.integers(0, 20)
person, kind = st.integers(0, len(PEOPLE) - 1), st.integers(0, len(TYPES) - 1)
day, hour = st.sampled_from(DAYS), st.sampled_from((9, 10))


def step(name: str, **details: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(details))


BOOK = step("book", day=day, hour=hour, person=person, type=kind)
STEPS = st.one_of(
    BOOK,
    BOOK,
    step("book", day=day, person=person, extra=st.sampled_from(UNUSUAL)),
    step("book", day=day, absence=st.just(True)),
    step("change", place=place, day=day, hour=hour),
    step("change", place=place, person=person),
    step("change", place=place, type=kind),
    step("change", place=place, note=st.sampled_from(["", "nüchtern"])),
    step("change", place=place, extra=st.sampled_from(["", *UNUSUAL])),
    step("change", place=place, uid=st.sampled_from(["neu-1", "neu-2"])),
    step("remove", place=place),
    step("copy", place=place),
    step("copy", place=place, day=day),
    step("copy", place=place, uid=st.sampled_from(["zwei-1", "zwei-2"])),
    step("copy", place=place, instance=st.integers(-1, 1), hour=hour),
    step("churn"),
    step("remove_many", place=place),
    step("wait", hours=st.sampled_from([1, 7, 24, 24 * 3, 24 * 32])),
    step("decide", confirmed=st.booleans()),
    step("assign", text=st.just("Röhre Bein")),
    step("rule", absences=st.sampled_from([[], ["Otto"]]), summary=st.sampled_from(["auto", "type"])),
    step("poll_now"),
    step("cancel_elsewhere", place=place),
    step("cut_off", share=st.integers(1, 99)),
    step("set_head", head=st.sampled_from(["METHOD:PUBLISH", "METHOD:CANCEL", "X-WR-TIMEZONE:Asia/Tokyo"])),
)
SEQUENCES = st.tuples(
    st.lists(BOOK, max_size=8), st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=1, max_size=6)
)


def play(sequence: Any) -> None:
    """Some bookings, then some changes between every two polls; after each poll both practices say the same."""
    booked, rounds = sequence
    twins = Twins()
    for one in booked:
        do(twins, one)
    twins.agree()
    for steps in rounds:
        for one in steps:
            do(twins, one)
        twins.agree()
    twins.agree()


def do(twins: Twins, one: tuple[str, dict[str, Any]]) -> None:
    name, details = one
    if name == "wait":
        twins.now += timedelta(**details)
    elif name == "cut_off":
        twins.agree(cut_off=details["share"])
    elif name == "set_head":
        twins.head = details["head"]
    elif name == "remove_many":
        del twins.events[details["place"] % 5 :]
    else:
        getattr(twins, name)(**details)


@pytest.fixture
def twins() -> Twins:
    return Twins()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many blocks each poll had read, by the practice that remembers and by the one that forgets in turn."""
    counted: list[int] = []
    real = reading.read_blocks

    def counting(blocks: ical.Blocks, **options: Any) -> ical.Calendar:
        counted.append(len(blocks.events))
        return real(blocks, **options)

    monkeypatch.setattr(reading, "read_blocks", counting)
    return counted


def booked(twins: Twins, *, people: int = 12) -> None:
    for number in range(people):
        twins.book(day=1 + number % 4, hour=8 + number // 4, person=number % 3)
    twins.agree()


class TestWhatIsRead:
    def test_only_what_changed(self, twins: Twins, read: list[int]) -> None:
        booked(twins)
        twins.change(3, hour=15)
        assert twins.agree().counts.moved == 1
        assert read == [12, 12, 1, 12]

    def test_what_gave_nothing_is_not_read_again_what_may_still_give_something_is(
        self, twins: Twins, read: list[int]
    ) -> None:
        twins.book(day=1, absence=True)
        twins.book(day=-2, person=1)
        twins.book(day=402)
        twins.book(day=3, extra="DTSTART:unlesbar")
        twins.book(day=4, extra="RRULE:FREQ=DAILY;COUNT=2")
        twins.agree()
        twins.head = "METHOD:PUBLISH\r\n"  # another body, the same head
        assert twins.agree().outcome == "applied"
        assert read == [5, 5, 3, 5]

    def test_everything_after_six_hours_though_nothing_changed(self, twins: Twins, read: list[int]) -> None:
        booked(twins)
        twins.now += timedelta(hours=6)
        assert twins.agree().outcome == "applied"
        assert read == [12] * 4

    def test_everything_when_events_mean_something_else(self, twins: Twins, read: list[int]) -> None:
        booked(twins)
        twins.rule(absences=["Otto"])
        twins.agree()
        twins.both(lambda side: AppointmentTypeFactory(name="Bein", keywords=["Röhre Bein"]))
        twins.agree()
        twins.both(lambda side: Practice.objects.filter(pk=side.practice.pk).update(country="AT"))
        twins.agree()
        twins.head = "METHOD:PUBLISH\r\nX-WR-TIMEZONE:Asia/Tokyo"
        twins.agree()
        assert read == [12] * 10

    def test_everything_when_staff_ask_for_it(self, twins: Twins, read: list[int]) -> None:
        booked(twins)
        twins.poll_now()
        twins.agree()
        assert read == [12] * 4

    def test_the_event_whose_appointment_somebody_else_changed(self, twins: Twins, read: list[int]) -> None:
        booked(twins)
        twins.cancel_elsewhere(5)
        twins.book(day=5, person=1)
        assert twins.agree().counts.changed == 1  # it is still there, so it is booked again
        assert read[2] == 2

    def test_events_with_the_uid_of_one_that_changed(self, twins: Twins) -> None:
        booked(twins)
        twins.copy(2, day=5)
        twins.agree()
        twins.copy(4)
        twins.agree()
        twins.copy(6, instance=1, hour=16)
        twins.agree()
        twins.change(0, note="nüchtern")
        twins.agree()

    def test_an_event_beside_a_series_of_its_uid_that_is_over(self, twins: Twins) -> None:
        twins.book(day=-45)
        twins.agree()
        twins.copy(0, extra="RRULE:FREQ=DAILY;COUNT=4")
        twins.agree()


class TestWhatIsMadeOfIt:
    def test_the_freeze_counts_what_was_not_read(self, twins: Twins) -> None:
        booked(twins, people=30)
        del twins.events[:5]
        report = twins.agree()
        assert (report.counts.absent, report.counts.frozen) == (5, False)

    @pytest.mark.parametrize("confirmed", [True, False])
    def test_a_frozen_calendar_is_decided_and_goes_on(self, twins: Twins, confirmed: bool) -> None:
        booked(twins)
        kept = twins.events[:7]
        del twins.events[:7]
        assert twins.agree().counts.frozen
        twins.book(day=5, person=1)
        twins.agree()
        twins.decide(confirmed=confirmed)
        twins.agree()
        twins.events += kept
        report = twins.agree()
        assert (report.counts.changed, report.counts.frozen) == (7 if confirmed else 0, False)

    def test_what_was_cancelled_by_absence_reappears_with_the_same_block(self, twins: Twins) -> None:
        booked(twins)
        gone = twins.events.pop(4)
        twins.agree()
        assert twins.agree().counts.cancelled == 1
        twins.agree()
        twins.events.append(gone)
        assert twins.agree().counts.changed == 1

    def test_uids_that_churn_change_nothing_else(self, twins: Twins) -> None:
        booked(twins)
        twins.churn()
        twins.remove(0)
        report = twins.agree()
        assert (report.counts.created, report.counts.moved, report.counts.absent) == (0, 0, 1)

    def test_what_is_called_off_may_be_what_is_gone(self, twins: Twins) -> None:
        twins.book(day=2, extra="STATUS:CANCELLED")
        twins.book(day=2)
        twins.book(day=3, person=1)
        twins.agree()
        twins.remove(1)
        assert twins.agree().counts.cancelled == 1

    def test_what_is_over_is_nothing_that_another_moved_to(self, twins: Twins) -> None:
        """The examination of last week was never the one of next week, though that was called off."""
        twins.book(day=-2)
        twins.book(day=2)
        twins.agree()
        twins.remove(1)
        report = twins.agree()
        assert (report.counts.moved, report.counts.absent) == (0, 1)

    def test_time_passes_over_the_edges_of_the_window(self, twins: Twins) -> None:
        for day in DAYS:
            twins.book(day=day, person=day % 3)
        twins.agree()
        for days in (1, 3, 30, 60, 400):
            twins.now += timedelta(days=days)
            twins.change(0, note=f"{days}")
            twins.agree()

    def test_the_calendars_word_for_all_of_it_cancels_all_of_it(self, twins: Twins) -> None:
        booked(twins)
        twins.head = "METHOD:CANCEL"
        assert twins.agree().counts.cancelled == 12

    def test_a_poll_that_lost_its_feed_remembers_nothing(self, twins: Twins) -> None:
        booked(twins)
        side = twins.sides[0]
        before = side.memory()
        twins.change(1, hour=16)

        def meanwhile() -> None:
            with tenancy.scope(side.practice.pk):
                Feed.objects.update(next_poll_at=twins.now)

        assert side.poll(twins.body(), now=twins.now, meanwhile=meanwhile).outcome == "lost"
        assert side.memory() == before
        assert twins.agree().counts.moved == 1


@pytest.mark.timeout(300)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEQUENCES)
def test_reading_what_changed_gives_what_reading_all_of_it_gives(sequence: Any) -> None:
    play(sequence)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEQUENCES)
def test_and_so_it_does_in_many_more_sequences(sequence: Any) -> None:
    play(sequence)
