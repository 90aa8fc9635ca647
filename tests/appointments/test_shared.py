"""One appointment that stands in several calendars of a practice is prepared once, whatever each of them does next."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.models import Feed
from appointments.operations import confirm_missing, pause_feed, remove_feed, resume_feed, sync_due_feeds
from practices import tenancy
from tests.appointments.feeds import Entry
from tests.appointments.test_sync_properties import HALF_HOUR, NUMBERS, QUIET, START
from tests.appointments.two_calendars import LONG, Calendars

pytestmark = pytest.mark.django_db

AT, LATER = f"{START:%d %H:%M}", f"{START + timedelta(hours=1):%d %H:%M}"


@pytest.fixture
def two() -> Calendars:
    return Calendars("Dr. Weber", "Raum 1")


class TestFound:
    def test_the_same_patient_at_the_same_time_for_the_same(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        assert two.prepared() == [("Dr. Weber", AT)]
        assert "appointment.joined" in two.events()

    def test_found_too_where_both_were_booked_long_after_the_calendars_were_added(
        self, two: Calendars
    ) -> None:
        two.poll()
        two.book("Dr. Weber", "Raum 1")
        two.poll("Raum 1")
        two.poll("Dr. Weber")
        assert two.prepared() == [("Raum 1", AT)]

    def test_a_calendar_that_does_not_say_what_is_booked(self, two: Calendars) -> None:
        two.book("Dr. Weber")
        two.book("Raum 1", type="")
        two.poll()
        assert two.prepared() == [("Dr. Weber", AT)]

    def test_the_one_that_says_more_is_prepared_though_it_came_second(self, two: Calendars) -> None:
        two.book("Dr. Weber", type="")
        two.poll()
        two.book("Raum 1")
        two.poll()
        assert two.prepared() == [("Raum 1", AT)]

    def test_one_event_of_which_a_calendar_hides_the_name(self, two: Calendars) -> None:
        two.book("Dr. Weber", uid=LONG)
        two.book("Raum 1", uid=LONG, name="", born="", phone="")
        two.poll()
        assert two.prepared() == [("Dr. Weber", AT)]

    def test_one_event_of_which_one_calendar_knows_the_date_of_birth(self, two: Calendars) -> None:
        two.book("Dr. Weber", uid=LONG)
        two.book("Raum 1", uid=LONG, born="", phone="")
        two.poll()
        assert len(two.prepared()) == 1

    def test_one_that_says_less_than_before_leaves_it_to_the_other(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        two.servers["Dr. Weber"].entries[0].type = ""
        two.poll()
        assert two.prepared() == [("Raum 1", AT)]

    def test_what_fits_better_takes_the_place_of_what_says_nothing(self, two: Calendars) -> None:
        two.book("Dr. Weber")
        two.book("Raum 1", type="")
        two.poll()
        assert two.prepared() == [("Dr. Weber", AT)]
        two.book("Raum 1")
        two.poll()
        assert [(row.type_text, row.same_as_id is None) for row in two.rows()] == [
            ("MRT Knie", True),
            ("", True),
            ("MRT Knie", False),
        ]

    @pytest.mark.parametrize("order", [("Dr. Weber", "Raum 1"), ("Raum 1", "Dr. Weber")])
    def test_what_fits_better_is_found_where_both_are_moved_to(
        self, two: Calendars, order: tuple[str, str]
    ) -> None:
        two.book("Dr. Weber", type="")
        two.book("Raum 1")
        two.book("Dr. Weber", start=START + timedelta(hours=1))
        two.poll()
        assert two.prepared() == [("Dr. Weber", LATER), ("Raum 1", AT)]
        for name in order:
            _move(two, name)
            two.poll(name)
        two.poll(times=2)
        _sound(two)
        assert [(row.type_text, row.same_as_id is None) for row in two.rows()] == [
            ("", True),
            ("MRT Knie", True),
            ("MRT Knie", False),
        ]

    def test_one_that_is_booked_anew_while_the_first_is_called_off(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        for name in ("Dr. Weber", "Raum 1"):
            two.servers[name].entries[0].status = "CANCELLED"
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _sound(two)
        assert len(two.prepared()) == 1

    def test_three_calendars(self) -> None:
        three = Calendars("A", "B", "C")
        three.book("A", "B", "C")
        three.poll()
        assert three.prepared() == [("A", AT)]
        three.servers["A"].entries.clear()
        three.poll(times=3)
        assert three.prepared() == [("B", AT)]
        three.servers["B"].entries.clear()
        three.poll(times=3)
        assert three.prepared() == [("C", AT)]


class TestTwoThatAreTwo:
    def test_two_examinations_of_one_patient_at_one_time(self, two: Calendars) -> None:
        two.book("Dr. Weber")
        two.book("Raum 1", type="CT Abdomen")
        two.poll()
        assert len(two.prepared()) == 2

    def test_one_for_which_nobody_has_said_what_it_is(self, two: Calendars) -> None:
        """On the board it has to be asked about, and it would be on nobody's list."""
        two.book("Dr. Weber")
        two.book("Raum 1", type="Ganganalyse")
        two.poll()
        assert len(two.prepared()) == 2

    def test_two_patients(self, two: Calendars) -> None:
        two.book("Dr. Weber", uid=LONG)
        two.book("Raum 1", uid=LONG, name="Muster, Mia", born="01.01.1980", phone="")
        two.poll()
        assert len(two.prepared()) == 2

    def test_two_times(self, two: Calendars) -> None:
        two.book("Dr. Weber")
        two.book("Raum 1", start=START + HALF_HOUR)
        two.poll()
        assert len(two.prepared()) == 2

    def test_calendars_that_number_their_events(self, two: Calendars) -> None:
        two.book("Dr. Weber", uid="17")
        two.book("Raum 1", uid="17", name="", born="", phone="")
        two.poll()
        assert len(two.prepared()) == 2

    def test_one_calendar_that_holds_it_twice_has_two_of_them(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Dr. Weber", "Raum 1", "Raum 1", "Raum 1")
        two.poll()
        assert len(two.prepared()) == 3

    def test_another_practice(self, two: Calendars) -> None:
        two.book("Dr. Weber")
        other = Calendars("Raum 1")
        other.book("Raum 1")
        two.poll()
        other.poll()
        assert (len(two.prepared()), len(other.prepared())) == (1, 1)


class TestCancelled:
    @pytest.mark.parametrize("said", [True, False])
    @pytest.mark.parametrize(("first", "second"), [("Dr. Weber", "Raum 1"), ("Raum 1", "Dr. Weber")])
    def test_in_one_calendar_only_it_takes_place(
        self, two: Calendars, first: str, second: str, said: bool
    ) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _gone(two, first, said=said)
        two.poll(times=3)
        assert two.prepared() == [(second, AT)]
        _gone(two, second, said=said)
        two.poll(times=3)
        assert two.prepared() == []

    def test_it_comes_back_as_the_same(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        (entry,) = two.servers["Dr. Weber"].entries
        entry.status = "CANCELLED"
        two.poll(times=2)
        entry.status = "CONFIRMED"
        two.poll(times=2)
        assert two.prepared() == [("Raum 1", AT)]

    def test_the_place_it_leaves_is_taken_by_one_that_found_none(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1", "Raum 1")
        two.poll()
        assert len(two.prepared()) == 2
        held = next(row for row in two.rows() if row.same_as_id is not None)
        (entry,) = (entry for entry in two.servers["Raum 1"].entries if entry.uid == held.uid)
        entry.status = "CANCELLED"
        two.poll(times=2)
        assert len(two.prepared()) == 1

    def test_it_comes_back_beside_one_that_took_its_place(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        entry = two.servers["Raum 1"].entries[0]
        entry.status = "CANCELLED"
        two.poll(times=2)
        two.book("Raum 1")
        two.poll()
        entry.status = "CONFIRMED"
        two.poll(times=2)
        _sound(two)
        assert len(two.prepared()) == 2

    def test_the_event_is_given_to_somebody_else_in_one(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        (entry,) = two.servers["Dr. Weber"].entries
        entry.name, entry.born, entry.phone = "Muster, Mia", "01.01.1980", ""
        two.poll(times=2)
        assert sorted(two.prepared()) == [("Dr. Weber", AT), ("Raum 1", AT)]

    def test_staff_confirm_that_they_are_gone_from_one(self, two: Calendars) -> None:
        for number in range(8):
            two.book("Dr. Weber", "Raum 1", start=START + number * HALF_HOUR)
        two.poll()
        two.servers["Dr. Weber"].entries.clear()
        two.poll()
        assert two.operate(confirm_missing, "Dr. Weber") == 8
        assert [feed for feed, _ in two.prepared()] == ["Raum 1"] * 8


class TestMoved:
    @pytest.mark.parametrize(("first", "second"), [("Dr. Weber", "Raum 1"), ("Raum 1", "Dr. Weber")])
    def test_in_both_calendars_one_after_the_other(self, two: Calendars, first: str, second: str) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _move(two, first)
        two.poll(first)
        assert len(two.prepared()) == 1
        _move(two, second)
        two.poll(second)
        two.poll(times=2)
        assert two.prepared() == [("Dr. Weber", LATER)]
        assert [row.to_settle for row in two.rows()] == [False, False]

    @pytest.mark.parametrize("first", ["Dr. Weber", "Raum 1"])
    def test_in_one_calendar_only_they_are_two(self, two: Calendars, first: str) -> None:
        """Once the other was read again and still says the same."""
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _move(two, first)
        two.poll(first)
        assert len(two.prepared()) == 1
        two.poll(times=2)
        assert sorted(start for _, start in two.prepared()) == [AT, LATER]
        assert "appointment.parted" in two.events()

    def test_the_other_calendar_is_read_whole_to_know(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _move(two, "Dr. Weber")
        two.poll("Dr. Weber")
        with tenancy.scope(two.practice.pk):
            Feed.objects.update(etag='"same"')
        asked: list[str] = []
        ask = two.ask
        two.ask = lambda url, **given: (asked.append(given["validators"].etag), ask(url, **given))[1]  # type: ignore[method-assign]
        two.poll("Raum 1")
        assert asked == [""]

    def test_moved_apart_and_together_again(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _move(two, "Raum 1")
        two.poll(times=2)
        _move(two, "Dr. Weber")
        two.poll(times=2)
        assert [start for _, start in two.prepared()] == [LATER]

    def test_while_the_other_calendar_can_not_be_read_nobody_decides(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _move(two, "Dr. Weber")
        two.servers["Raum 1"].answer = b"kaputt"
        two.poll(times=4)
        assert two.prepared() == [("Dr. Weber", LATER)]

    def test_another_examination_in_one_calendar_only(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        two.servers["Raum 1"].entries[0].type = "CT Abdomen"
        two.poll(times=2)
        assert len(two.prepared()) == 2

    def test_moved_in_one_and_cancelled_in_the_other_it_is_moved(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        _move(two, "Raum 1")
        two.poll("Raum 1")
        two.servers["Dr. Weber"].entries[0].status = "CANCELLED"
        two.poll(times=2)
        assert two.prepared() == [("Raum 1", LATER)]


class TestCalendarsThatAreReadNoMore:
    @pytest.mark.parametrize("stop", [remove_feed, pause_feed])
    def test_what_another_shows_is_prepared_as_that_one_says(self, two: Calendars, stop: object) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        two.operate(stop, "Dr. Weber")
        assert two.prepared() == [("Raum 1", AT)]
        _move(two, "Raum 1")
        two.poll(times=2)
        assert two.prepared() == [("Raum 1", LATER)]

    def test_a_paused_one_holds_nothing_that_the_other_calls_off(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        two.operate(pause_feed, "Raum 1")
        two.servers["Dr. Weber"].entries[0].status = "CANCELLED"
        two.poll(times=2)
        assert two.prepared() == []

    def test_it_is_asked_again_once_it_is_read_again(self, two: Calendars) -> None:
        two.book("Dr. Weber", "Raum 1")
        two.poll()
        two.operate(pause_feed, "Dr. Weber")
        _move(two, "Raum 1")
        two.poll(times=2)
        two.operate(resume_feed, "Dr. Weber")
        two.poll(times=3)
        assert sorted(start for _, start in two.prepared()) == [AT, LATER]

    def test_one_that_is_added_before_the_old_one_is_removed_doubles_nothing(self, two: Calendars) -> None:
        for number in range(8):
            two.book("Dr. Weber", start=START + number * HALF_HOUR)
        two.poll()
        two.add("Dr. Weber neu", two.servers["Dr. Weber"].entries)
        two.poll()
        assert len(two.prepared()) == 8
        two.operate(remove_feed, "Dr. Weber")
        two.poll(times=2)
        assert [feed for feed, _ in two.prepared()] == ["Dr. Weber neu"] * 8


def _gone(two: Calendars, name: str, *, said: bool) -> None:
    if said:
        two.servers[name].entries[0].status = "CANCELLED"
    else:
        two.servers[name].entries.clear()


def _move(two: Calendars, name: str) -> None:
    two.servers[name].entries[0].start += timedelta(hours=1)


# Whatever two calendars do: in the end it is what a practice has that imports both for the first time.

WHICH, PLACE = st.integers(0, 1), st.integers(0, 5)
STEPS = st.one_of(
    *[st.tuples(st.just("both"), st.integers(0, 3), st.integers(0, 1), st.integers(0, 2))] * 3,
    st.tuples(st.just("one"), WHICH, st.integers(0, 3), st.integers(0, 1), st.integers(0, 2)),
    st.tuples(st.just("move"), WHICH, PLACE, st.integers(-3, 3)),
    st.tuples(st.just("move both"), PLACE, st.integers(-3, 3)),
    st.tuples(st.just("cancel"), WHICH, PLACE, st.booleans()),
    st.tuples(st.just("cancel both"), PLACE),
    st.tuples(st.just("retype"), WHICH, PLACE, st.integers(0, 2)),
    st.tuples(st.just("person"), WHICH, PLACE, st.integers(0, 3)),
    st.tuples(st.just("churn"), WHICH),
    st.tuples(st.just("pause"), WHICH),
    st.tuples(st.just("resume"), WHICH),
    st.tuples(st.just("poll"), WHICH),
)
TYPES = ("MRT Knie", "CT Abdomen", "")
BOTH = ("Dr. Weber", "Raum 1")


def _act(two: Calendars, kind: str, *given: int) -> None:
    if kind in ("both", "one"):
        names = BOTH if kind == "both" else (BOTH[given[0]],)
        person, type_, hour = given[-3:]
        start = START + timedelta(hours=hour)
        uid = f"{LONG}{next(NUMBERS)}"
        two.book(*names, uid=uid, start=start, type=TYPES[type_], **_person(person))
    elif kind.endswith(" both"):
        for number in (0, 1):
            _act(two, kind.removesuffix(" both"), number, *given, *([1] if kind == "cancel both" else []))
    elif kind == "pause":
        two.operate(pause_feed, BOTH[given[0]])
    elif kind == "resume":
        two.operate(resume_feed, BOTH[given[0]])
    elif kind == "poll":
        two.poll(BOTH[given[0]])
    else:
        _change(two.servers[BOTH[given[0]]].entries, kind, *given[1:])


def _change(entries: list[Entry], kind: str, *given: int) -> None:
    if kind == "churn":
        for entry in entries:
            entry.uid = f"{LONG}{next(NUMBERS)}"
    elif entries:
        entry = entries[given[0] % len(entries)]
        if kind == "move":
            entry.start += timedelta(hours=given[1])
        elif kind == "cancel" and given[1]:
            entry.status = "CANCELLED"
        elif kind == "cancel":
            entries.remove(entry)
        elif kind == "retype":
            entry.type = TYPES[given[1]]
        else:
            person = _person(given[1])
            entry.name, entry.born = person["name"], person["born"]


def _person(number: int) -> dict[str, str]:
    return {"name": f"{chr(65 + number)}muster, Mia", "born": f"0{number + 1}.02.1960"}


def _sound(two: Calendars) -> None:
    """What holds at any time: no chains, nobody is the same as what is gone, one of a calendar in each."""
    rows = {row.pk: row for row in two.rows()}
    for row in rows.values():
        if row.same_as_id is not None:
            root = rows[row.same_as_id]
            assert root.same_as_id is None
            assert row.cancelled or row.feed.state == "paused" or not root.cancelled
    shared = [(row.same_as_id or row.pk, row.feed_id) for row in rows.values() if not row.cancelled]
    assert len(shared) == len(set(shared))


def _play(rounds: list[list[tuple[object, ...]]]) -> None:
    two = Calendars(*BOTH)
    for steps in rounds:
        for step in steps:
            _act(two, *step)  # type: ignore[arg-type]
        two.poll()
        _sound(two)
    for number, name in enumerate(BOTH):
        two.operate(resume_feed, name)
        # Else what came last may have fallen off behind what came in front: nobody can tell it from what was called off.
        two.book(name, start=START + timedelta(days=30), **_person(8 + number))
    two.poll(times=3)
    while any(two.fresh(name).state == "frozen" for name in BOTH):
        for name in BOTH:
            two.operate(confirm_missing, name)
        two.poll(times=3)
    two.poll(times=3)
    _sound(two)
    anew = Calendars(*BOTH)
    for name in BOTH:
        anew.servers[name].entries = two.servers[name].entries
    anew.poll()
    assert _what(two) == _what(anew)


def _what(two: Calendars) -> list[tuple[object, ...]]:
    found = [row for row in two.rows() if not row.cancelled and row.same_as_id is None]
    return sorted(
        (row.start, row.patient.name if row.patient else "", row.type.name if row.type else "")
        for row in found
    )


def test_what_had_no_room_is_joined_once_the_one_that_differed_has_left(db: None) -> None:
    """The one calendar has new names for all: until the other was read again, each of two stands with a wrong one."""
    _play(
        [
            [("both", 0, 0, 0)] * 3,
            [("both", 0, 0, 0)],
            [("move", 0, 5, 2)],
            [("cancel both", 5), ("cancel both", 1)],
            [("move both", 0, -3), ("churn", 0)],
        ]
    )


ROUNDS = st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=7)


@given(ROUNDS)
@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
def test_whatever_two_calendars_do_what_is_prepared_is_what_they_say(
    rounds: list[list[tuple[object, ...]]],
) -> None:
    _play(rounds)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@given(ROUNDS)
@settings(max_examples=600, deadline=None, suppress_health_check=QUIET)
def test_nor_in_many_more_rounds(rounds: list[list[tuple[object, ...]]]) -> None:
    _play(rounds)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_import_both_at_once_find_it(two: Calendars) -> None:
    """Each has one of the calendars, and neither sees what the other has not committed yet."""
    for number in range(60):
        two.book("Dr. Weber", "Raum 1", start=START + number * HALF_HOUR, **_person(number % 9))
    both = threading.Barrier(2)

    def ask(url: str, **given: object) -> object:
        both.wait(20)
        return two.ask(url, **given)  # type: ignore[arg-type]

    def work() -> None:
        try:
            sync_due_feeds(practice_id=two.practice.pk, now=two.now, ask=ask)  # type: ignore[arg-type]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: work(), range(2)))
    assert len(two.rows()) == 120
    assert len(two.prepared()) == 60
