"""What a calendar's server does on bad days, over many polls: events numbered anew, names hidden, rules put right, calendars
removed and added again, two calendars with the same events.

Whatever it is, no appointment is cancelled that its calendar shows at its time for its patient.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.models import Appointment, AppointmentType, Feed, FeedState, Patient
from appointments.operations import (
    add_feed,
    ask_again,
    assign_type,
    confirm_missing,
    dismiss_missing,
    pause_feed,
    remove_feed,
    resume_feed,
)
from practices import record, tenancy
from practices.models import RecordEntry
from tests.appointments.feeds import Entry
from tests.appointments.test_sync_properties import (
    HALF_HOUR,
    NUMBERS,
    QUIET,
    STAFF,
    START,
    TYPES,
    World,
    imported_anew,
)

pytestmark = pytest.mark.django_db

PEOPLE = [
    ("Probefeld, Otto", "14.03.1947", "01525 4599371"),
    ("Muster, Mia", "02.02.1980", "01525 4599372"),
    ("Beispiel, Béatrice", "", "01525 4599373"),
    ("Beispiel, Jörg", "", "01525 4599373"),
    ("Ohnezahl, Ida", "", ""),
]


class House(World):
    """A practice whose calendar may number its events by their place, or hide the names."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.numbered = self.hidden = False
        self.first: int | None = None
        """How many events the calendar shows, the next ones; None for all."""
        self.names: dict[int, tuple[Entry, str]] = {}

    def serve(self) -> None:
        """Puts the calendar's ways on its entries."""
        entries = self.server.entries
        if self.numbered:
            for number, entry in enumerate(sorted(entries, key=lambda entry: entry.start)):
                entry.uid = f"{number}"
        for entry in entries:
            _, name = self.names.setdefault(id(entry), (entry, entry.name))
            entry.name = f"P-{1000 + id(entry) % 9000}" if self.hidden else name

    def call(self, entry: Entry, name: str) -> None:
        """The entry names somebody from now on."""
        entry.name = name
        self.names[id(entry)] = (entry, name)

    def poll(self, times: int = 1) -> Any:
        self.serve()
        report, whole = None, self.server.entries
        if self.first is not None:
            self.server.entries = sorted(whole, key=lambda entry: entry.start)[: self.first]
        for _ in range(times):
            before = {row.pk for row in self.rows() if not row.cancelled}
            report = super().poll()
            self.nobody_is_cancelled_who_is_shown(before)
        self.server.entries = whole
        return report

    def nobody_is_cancelled_who_is_shown(self, before: set[int]) -> None:
        shown = {
            (entry.start, entry.name)
            for entry in self.server.entries
            if entry.status != "CANCELLED" and self.server.answer is None and self.server.cut == 1.0
        }
        live = [row for row in self.rows() if not row.cancelled]
        for row in self.rows():
            if row.pk in before and row.cancelled and row.patient is not None:
                first, _, last = row.patient.name.rpartition(" ")
                same = (row.start, f"{last}, {first}")
                again = [
                    one
                    for one in live
                    if one.start == row.start and one.patient and one.patient.name == row.patient.name
                ]
                assert same not in shown or again, (row, same)

    def operate(self, do: Any, **given: Any) -> Any:
        with tenancy.scope(self.practice.pk):
            return do(feed_id=self.feed.pk, by=STAFF, now=self.now, **given)

    def set(self, **fields: Any) -> None:
        with tenancy.scope(self.practice.pk):
            Feed.objects.filter(pk=self.feed.pk).update(**fields)

    def add_again(self) -> None:
        """The calendar is removed and added as a new one."""
        self.operate(remove_feed)
        with tenancy.scope(self.practice.pk):
            url = f"https://kalender-{next(NUMBERS)}.example/a.ics"
            self.feed = add_feed(name="MRT 1", url=url, by=record.SYSTEM, now=self.now)

    def cancelled(self) -> int:
        return self.states().count("cancelled")

    def events(self) -> list[str]:
        with tenancy.scope(self.practice.pk):
            return list(RecordEntry.objects.order_by("id").values_list("event", flat=True))


@pytest.fixture
def house() -> House:
    return House()


def booked(house: House, count: int = 10, **details: str) -> list[int]:
    for number in range(count):
        name = f"{chr(65 + number)}muster, Mia"
        house.book(start=START + number * HALF_HOUR, **{"name": name, "born": "", "phone": "", **details})
    house.poll()
    return [row.pk for row in house.rows()]


class TestEventsNumberedByTheirPlace:
    """The UID of one is another's after every booking: nobody's appointment becomes somebody else's."""

    @pytest.fixture
    def house(self) -> House:
        house = House()
        house.numbered = True
        return house

    def test_the_first_one_is_cancelled(self, house: House) -> None:
        ids = booked(house)
        house.server.entries.pop(0)
        house.poll(2)
        assert [row.pk for row in house.rows() if row.cancelled] == ids[:1]
        assert [(row.pk, row.revision) for row in house.rows() if not row.cancelled] == [
            (pk, 1) for pk in ids[1:]
        ]

    def test_one_comes_in_front(self, house: House) -> None:
        ids = booked(house)
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll(2)
        assert [row.pk for row in house.rows()] == [*ids, ids[-1] + 1]
        assert house.cancelled() == 0

    def test_the_first_one_moves_behind_the_others(self, house: House) -> None:
        ids = booked(house)
        house.server.entries[0].start = START + timedelta(days=1)
        assert house.poll(2).counts.moved == 0
        moved = next(row for row in house.rows() if row.pk == ids[0])
        assert (moved.moved_from, moved.start) == (START, START + timedelta(days=1))
        assert (house.cancelled(), len(house.rows())) == (0, 10)

    def test_numbers_of_what_is_long_over_are_given_again(self, house: House) -> None:
        booked(house)
        house.server.entries.clear()
        house.now = START + timedelta(days=60)
        house.book(start=house.now + timedelta(days=3), name="Neu, Nora", born="")
        house.poll(2)
        house.book(start=house.now + timedelta(days=2), name="Neu, Nils", born="")
        house.poll(2)
        assert [row.status for row in house.rows()] == ["confirmed"] * 12

    def test_one_that_can_not_be_read_is_not_absent(self, house: House) -> None:
        """Which one it was nobody knows, as its number may be another's."""
        ids = booked(house)
        house.server.entries[4].extra = "DTSTART:kaputt"
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll(4)
        assert house.cancelled() == 0
        assert len(house.rows()) == len(ids) + 1


class TestNamesThatChange:
    def test_names_hidden_at_once_cancel_nobody_and_staff_are_asked(self, house: House) -> None:
        ids = booked(house)
        house.hidden = True
        house.poll(3)
        assert (house.fresh().state, house.fresh().missing_ids) == (FeedState.FROZEN, ids)
        assert (house.states(), len(house.rows())) == (["confirmed"] * 10, 10)
        house.hidden = False
        house.poll()
        assert (house.fresh().state, {row.revision for row in house.rows()}) == (FeedState.ACTIVE, {1})

    def test_staff_confirm_that_they_are_others(self, house: House) -> None:
        booked(house)
        house.hidden = True
        house.poll()
        assert house.operate(confirm_missing) == 10
        house.poll(2)
        live = [row for row in house.rows() if not row.cancelled]
        assert (house.fresh().state, house.cancelled(), len(live)) == (FeedState.ACTIVE, 10, 10)
        assert all(row.patient and row.patient.name.startswith("P-") for row in live)

    def test_a_few_that_are_others_now_are_so_at_once(self, house: House) -> None:
        ids = booked(house, 5)
        for entry in house.server.entries[:4]:
            house.call(entry, "Ganz, Anders")
        house.poll()
        assert [row.pk for row in house.rows() if row.cancelled] == ids[:4]

    def test_who_moved_while_the_event_was_given_to_another_keeps_the_appointment(self, house: House) -> None:
        (first, *_) = booked(house, 2)
        entry = house.server.entries[0]
        house.book(start=START + timedelta(days=3), name=entry.name, born="", phone="")
        house.call(entry, "Ganz, Anders")
        house.poll(2)
        kept = next(row for row in house.rows() if row.pk == first)
        assert (kept.start, kept.moved_from, house.cancelled()) == (START + timedelta(days=3), START, 0)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"name": "Schmidt, Anna"}, {"name": "Schmidt, Anna Maria"}),
            ({"name": "Schmidt, Anna"}, {"name": "Schmidt-Müller, Anna"}),
            ({"name": "Schmidt"}, {"name": "Schmidt, Anna"}),
            ({"name": "Schmitt, Anna", "born": "12.03.1957"}, {"name": "Schmidt, Anna"}),
            ({"born": "21.03.1957"}, {"born": "12.03.1957"}),
        ],
    )
    def test_a_name_or_a_date_put_right_is_the_same_patient(
        self, house: House, before: dict[str, str], after: dict[str, str]
    ) -> None:
        entry = house.book(**{"born": "", **before})
        house.poll()
        for name, value in after.items():
            setattr(entry, name, value)
        house.names.clear()
        house.poll()
        (row,) = house.rows()
        assert row.patient is not None and not row.cancelled
        assert house.lives() == imported_anew(house)

    def test_father_and_son_of_one_name_and_one_telephone_stay_two(self, house: House) -> None:
        """The event of the one was the other's all along."""
        house.book(start=START + timedelta(days=5), born="01.01.1975")
        entry = house.book(born="14.03.1947")
        house.poll()
        entry.born = "01.01.1975"
        house.poll()
        assert house.lives() == imported_anew(house)
        with tenancy.scope(house.practice.pk):
            assert {str(one.birth_date) for one in Patient.objects.all()} == {"1947-03-14", "1975-01-01"}

    def test_who_moved_while_a_relative_got_the_event_keeps_the_appointment(self, house: House) -> None:
        entry = house.book(name="Beispiel, Béatrice", born="")
        house.poll()
        (before,) = house.rows()
        house.book(name="Beispiel, Béatrice", born="", start=START + timedelta(days=3))
        house.call(entry, "Beispiel, Jörg")
        house.poll(2)
        kept = next(row for row in house.rows() if row.pk == before.pk)
        assert (kept.moved_from, house.cancelled()) == (START, 0)

    def test_another_date_of_birth_and_another_number_is_another_person(self, house: House) -> None:
        entry = house.book(born="21.03.1957")
        house.poll()
        entry.born, entry.phone = "12.03.1987", "0151 23456789"
        house.poll()
        assert house.states() == ["cancelled", "confirmed"]


class TestRules:
    def test_what_is_only_read_otherwise_stays_everybodys_own(self, house: House) -> None:
        ids = booked(house, type="MRT Knie: links")
        before = house.lives()
        house.set(rules={"summary": "name"})
        house.poll(2)
        house.set(rules={})
        house.poll(2)
        assert ([row.pk for row in house.rows()], house.lives()) == (ids, before)

    def test_so_it_does_where_uids_are_new_at_every_fetch(self, house: House) -> None:
        ids = booked(house)
        house.set(rules={"summary": "name"})
        for entry in house.server.entries:
            entry.uid += "-neu"
        house.poll(3)
        assert [row.pk for row in house.rows()] == ids
        assert house.cancelled() == 0

    def test_of_two_who_were_read_as_one_each_gets_the_own(self, house: House) -> None:
        """The rules took the family's name for all of it: what was one patient's are two."""
        house.set(rules={"summary": "both", "separators": [", ", " - "]})
        for name in ("Muster, Mia", "Muster, Max"):
            house.book(name=name, born="", start=START + len(house.server.entries) * HALF_HOUR)
        house.poll()
        assert len({row.patient_id for row in house.rows()}) == 1
        house.set(rules={})
        house.poll(2)
        assert house.lives() == imported_anew(house)

    def test_a_word_for_closed_hours_that_takes_all_away_asks_staff(self, house: House) -> None:
        booked(house)
        house.set(rules={"absences": ["Golf"]})
        for entry in house.server.entries:
            house.call(entry, f"Golf {entry.uid}")
            entry.type = ""
        house.poll(3)
        assert (house.fresh().state, house.cancelled()) == (FeedState.FROZEN, 0)


class TestSeveralCalendars:
    def test_one_that_is_removed_and_added_again_goes_on_with_its_appointments(self, house: House) -> None:
        ids = booked(house)
        house.add_again()
        for entry in house.server.entries[:3]:
            entry.uid = f"anders-{entry.uid}"
        house.server.entries[4].start += timedelta(days=1)
        house.poll(2)
        assert [row.pk for row in house.rows()] == ids
        assert {row.feed_id for row in house.rows()} == {house.feed.pk}
        assert house.events().count("appointment.booked") == 10
        assert house.events().count("feed.adopted") == 1

    def test_what_it_shows_no_more_stays_as_it_was_last_read(self, house: House) -> None:
        ids = booked(house, 3)
        house.add_again()
        house.server.entries.pop(0)
        house.poll(3)
        assert [row.pk for row in house.rows() if row.feed_id == house.feed.pk] == ids[1:]
        assert house.cancelled() == 0

    def test_of_a_calendar_that_is_still_read_nothing_is_taken(self, house: House) -> None:
        ids = booked(house, 3)
        with tenancy.scope(house.practice.pk):
            house.feed = add_feed(name="2", url="https://zwei.example/a.ics", by=STAFF, now=house.now)
        house.poll()
        old = [row.pk for row in house.rows() if row.feed_id != house.feed.pk]
        assert (old, len(house.rows())) == (ids, 6)

    def test_nor_of_another_practice(self, house: House) -> None:
        booked(house, 3)
        house.operate(remove_feed)
        other = House()
        other.server.entries = house.server.entries
        other.poll()
        assert {row.feed_id for row in house.rows()} == {house.feed.pk}
        assert len(other.rows()) == 3


class TestWindow:
    def test_what_is_more_than_four_hundred_days_ahead_waits_until_it_is_not(self, house: House) -> None:
        for days in (399, 401):
            house.book(start=house.now + timedelta(days=days), name=f"Muster, Mia{days}")
        house.poll()
        assert [row.patient.name for row in house.rows() if row.patient] == ["Mia399 Muster"]
        house.now += timedelta(days=2)
        house.poll()
        assert len(house.rows()) == 2

    @pytest.mark.parametrize(("days", "status"), [(29, "cancelled"), (31, "confirmed")])
    def test_a_month_back_a_calendar_can_still_say_that_it_was_called_off(
        self, house: House, days: int, status: str
    ) -> None:
        entry = house.book(start=house.now + timedelta(hours=1))
        house.poll()
        house.now += timedelta(days=days)
        entry.status = "CANCELLED"
        house.poll()
        assert house.states() == [status]


class TestAServerThatShowsItsNextEventsOnly:
    """Whenever one comes in front, the last one falls off: nobody has cancelled it."""

    @pytest.fixture
    def house(self) -> House:
        house = House()
        house.first = 10
        return house

    def test_the_last_one_falls_off_and_takes_place(self, house: House) -> None:
        booked(house, 12)
        assert len(house.rows()) == 10
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll(5)
        assert (house.cancelled(), len(house.rows())) == (0, 11)

    def test_one_of_those_that_are_shown_is_cancelled_all_the_same(self, house: House) -> None:
        ids = booked(house, 14)
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll()
        del house.server.entries[4]
        house.poll(3)
        assert [row.pk for row in house.rows() if row.cancelled] == ids[4:5]

    def test_once_it_shows_all_the_last_one_is_missing_again(self, house: House) -> None:
        ids = booked(house, 10)
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll(2)
        house.server.entries = [*house.server.entries[:8], house.server.entries[-1]]
        house.poll(3)
        assert [row.pk for row in house.rows() if row.cancelled] == ids[8:]

    def test_of_a_calendar_that_shows_all_the_last_one_is_missed(self, house: House) -> None:
        house.first = 1000
        ids = booked(house)
        house.server.entries.pop()
        house.poll(2)
        assert [row.pk for row in house.rows() if row.cancelled] == ids[-1:]

    def test_nor_does_a_series_without_an_end_hide_where_it_ends(self, house: House) -> None:
        house.book(start=START, name="Reihe, Rita", extra="RRULE:FREQ=WEEKLY")
        booked(house, 12)
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll(4)
        assert house.cancelled() == 0

    def test_when_it_takes_the_place_of_the_last_one_after_many_polls(self, house: House) -> None:
        """Of most nothing is read any more but that they are there."""
        booked(house, 12)
        house.poll(3)
        for number in range(3):
            house.book(start=START - (number + 1) * HALF_HOUR, name=f"Neu, N{number}", born="")
            house.poll(3)
        assert (house.cancelled(), house.fresh().state) == (0, FeedState.ACTIVE)


class TestStaff:
    def test_who_confirms_what_was_shown_cancels_nothing_that_went_missing_since(self, house: House) -> None:
        booked(house)
        kept = house.server.entries
        house.server.entries = kept[6:]
        house.poll()
        shown = house.fresh().missing_code
        house.server.entries = kept[8:]
        house.poll()
        assert house.operate(confirm_missing, shown=shown) is None
        assert house.cancelled() == 0
        assert house.operate(confirm_missing, shown=house.fresh().missing_code) == 8


class TestItWasAnError:
    """What staff said of what is missing holds as long as it is missing."""

    @pytest.fixture
    def ids(self, house: House) -> list[int]:
        """Ten are booked, six are gone, and staff have said that it was an error."""
        ids = booked(house)
        self.gone = house.server.entries[:6]
        house.server.entries = house.server.entries[6:]
        house.poll()
        assert house.operate(dismiss_missing)
        return ids

    def test_nobody_is_asked_about_them_again(self, house: House, ids: list[int]) -> None:
        house.poll(4)
        house.book(start=START - HALF_HOUR, name="Neu, Nora", born="")
        house.poll(4)
        assert (house.fresh().state, house.fresh().kept_ids) == (FeedState.ACTIVE, ids[:6])
        assert (house.cancelled(), len(house.rows())) == (0, 11)
        assert house.events().count("feed.frozen") == 1

    def test_others_that_go_count_for_themselves(self, house: House, ids: list[int]) -> None:
        house.poll()
        house.server.entries.pop(0)
        house.poll(2)
        assert [row.pk for row in house.rows() if row.cancelled] == [ids[6]]

    def test_many_others_are_asked_about_alone_and_answers_add_up(self, house: House) -> None:
        ids = booked(house, 20)
        house.server.entries = house.server.entries[6:]
        house.poll()
        house.operate(dismiss_missing)
        house.server.entries = house.server.entries[6:]
        house.poll()
        assert (house.fresh().state, house.fresh().missing_ids) == (FeedState.FROZEN, ids[6:12])
        house.operate(dismiss_missing)
        house.poll(3)
        assert (house.fresh().state, house.fresh().kept_ids) == (FeedState.ACTIVE, ids[:12])
        assert house.cancelled() == 0

    def test_once_they_are_back_it_is_forgotten(self, house: House, ids: list[int]) -> None:
        house.poll()
        house.server.entries += self.gone
        house.poll()
        assert house.fresh().kept_ids == []
        house.server.entries = house.server.entries[:4]
        house.poll()
        assert (house.fresh().state, house.fresh().missing_ids) == (FeedState.FROZEN, ids[:6])

    def test_once_some_are_back_the_rest_counts_anew(self, house: House, ids: list[int]) -> None:
        house.poll()
        house.server.entries += self.gone[2:]
        house.poll()
        assert (house.fresh().kept_ids, house.cancelled()) == ([], 0)
        house.poll()
        assert [row.pk for row in house.rows() if row.cancelled] == ids[:2]

    def test_what_is_over_is_no_part_of_it_any_more(self, house: House, ids: list[int]) -> None:
        house.now = START + 2 * HALF_HOUR
        house.poll(3)
        assert (house.fresh().kept_ids, house.cancelled()) == (ids[3:6], 0)

    def test_who_thinks_better_of_it_is_asked_again(self, house: House, ids: list[int]) -> None:
        house.poll(2)
        assert house.operate(ask_again)
        house.poll()
        assert (house.fresh().state, house.fresh().missing_ids) == (FeedState.FROZEN, ids[:6])
        assert house.operate(confirm_missing) == 6
        assert not house.operate(ask_again)

    def test_names_that_are_hidden_are_nobody_elses(self, house: House) -> None:
        ids = booked(house)
        house.hidden = True
        house.poll()
        assert house.operate(dismiss_missing)
        house.poll(4)
        assert (house.fresh().state, house.cancelled(), len(house.rows())) == (FeedState.ACTIVE, 0, 10)
        house.hidden = False
        house.poll()
        assert (house.fresh().kept_ids, [row.pk for row in house.rows()]) == ([], ids)


PLACE, PERSON, TYPE = st.integers(0, 11), st.integers(0, len(PEOPLE) - 1), st.integers(0, len(TYPES) - 1)
STEPS = st.one_of(
    *[st.tuples(st.just("book"), PERSON, TYPE, st.integers(0, 9))] * 3,
    st.tuples(st.just("move"), PLACE, st.integers(-9, 9), st.booleans()),
    st.tuples(st.just("cancel"), PLACE, st.booleans()),
    st.tuples(st.just("retype"), PLACE, TYPE),
    st.tuples(st.just("person"), PLACE, PERSON),
    st.tuples(st.just("note"), PLACE),
    st.tuples(st.just("lose"), st.integers(1, 9)),
    st.tuples(st.just("back")),
    st.tuples(st.just("churn")),
    st.tuples(st.just("number"), st.booleans()),
    st.tuples(st.just("hide"), st.booleans()),
    st.tuples(st.just("cut"), st.floats(0.05, 0.98)),
    st.tuples(st.just("rules"), st.sampled_from([{}, {"summary": "both"}, {"summary": "name"}, {"absences": ["Otto"]}])),
    st.tuples(st.just("rename_type"), TYPE),
    st.tuples(st.just("assign")),
    st.tuples(st.just("pause")),
    st.tuples(st.just("again")),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 30])),
    st.tuples(st.just("decide"), st.booleans()),
)  # fmt: skip


def act(house: House, step: tuple[Any, ...], gone: list[Entry]) -> None:
    """One thing that happens; several may before the next poll."""
    kind, *given = step
    entries = house.server.entries
    one = entries[given[0] % len(entries)] if entries and given and kind in PLACED else None
    if kind == "book":
        name, born, phone = PEOPLE[given[0]]
        start = START + timedelta(hours=given[2])
        house.book(start=start, name=name, born=born, phone=phone, type=TYPES[given[1]])
    elif one is not None:
        _change(house, one, kind, given, gone)
    elif kind == "lose":
        gone += entries[: given[0]]
        del entries[: given[0]]
    elif kind == "back":
        entries += gone
        gone.clear()
    elif kind == "churn":
        for entry in entries:
            entry.uid = f"uid-{next(NUMBERS)}"
    elif kind == "number":
        house.numbered = given[0]
    elif kind == "hide":
        house.hidden = given[0]
    elif kind == "rules":
        house.set(rules=given[0])
    elif kind == "wait":
        house.now += timedelta(hours=given[0])
    else:
        _operate(house, kind, given)


PLACED = frozenset(("move", "cancel", "retype", "person", "note"))


def _change(house: House, one: Entry, kind: str, given: list[Any], gone: list[Entry]) -> None:
    if kind == "move":
        one.start += timedelta(hours=given[1])
        one.uid = f"uid-{next(NUMBERS)}" if given[2] else one.uid
    elif kind == "cancel" and given[1]:
        one.status = "CANCELLED"
    elif kind == "cancel":
        house.server.entries.remove(one)
    elif kind == "retype":
        one.type = TYPES[given[1]]
    elif kind == "person":
        name, one.born, one.phone = PEOPLE[given[1]]
        house.call(one, name)
    else:
        one.extra = "LOCATION:Raum 2"


def _operate(house: House, kind: str, given: list[Any]) -> None:
    if kind == "pause" and house.operate(pause_feed):
        house.now += timedelta(hours=2)
        house.operate(resume_feed)
    elif kind == "again":
        house.add_again()
    elif kind == "cut":
        house.server.cut = given[0]
        house.poll()
        house.server.cut = 1.0
    elif kind == "rename_type":
        with tenancy.scope(house.practice.pk):
            known = AppointmentType.objects.order_by("id")[given[0] % 2]
            known.name = f"Knie {next(NUMBERS)}"
            known.save()
    elif kind == "assign":
        with tenancy.scope(house.practice.pk):
            known = AppointmentType.objects.order_by("id")[0]
            assign_type(text=TYPES[2], type_id=known.pk, by=record.SYSTEM, now=house.now)
    elif kind == "decide" and house.fresh().state == FeedState.FROZEN:
        house.operate(confirm_missing if given[0] else dismiss_missing)


def play(rounds: list[list[tuple[Any, ...]]]) -> None:
    house, gone = House(), list[Entry]()
    for steps in rounds:
        for step in steps:
            act(house, step, gone)
        house.poll()
    house.hidden = False
    house.set(rules={})
    house.settle()
    with tenancy.scope(house.practice.pk):
        # What a calendar that was removed showed last stays as it is.
        Appointment.objects.exclude(feed=house.feed).update(status="cancelled")
    assert [row[:4] for row in house.lives()] == [row[:4] for row in imported_anew(house)]


ROUNDS = st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=8)


@given(ROUNDS)
@settings(max_examples=10, deadline=None, suppress_health_check=QUIET)
def test_nobody_who_is_shown_is_cancelled_and_in_the_end_it_is_what_the_calendar_says(
    rounds: list[list[tuple[Any, ...]]],
) -> None:
    play(rounds)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@given(ROUNDS)
@settings(max_examples=1000, deadline=None, suppress_health_check=QUIET)
def test_nor_in_many_more_bad_days(rounds: list[list[tuple[Any, ...]]]) -> None:
    play(rounds)


HAPPENINGS = st.lists(
    st.lists(
        st.one_of(
            st.tuples(st.just("book"), st.integers(-20, 20)),
            st.tuples(st.just("book"), st.integers(-20, 20)),
            st.tuples(st.just("delete"), st.integers(0, 20)),
        ),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=8,
)


@given(st.integers(2, 8), st.integers(1, 14), HAPPENINGS)
@settings(max_examples=10, deadline=None, suppress_health_check=QUIET)
def test_a_server_that_shows_a_few_cancels_nobody_who_is_still_booked(
    first: int, before: int, happenings: list[list[tuple[str, int]]]
) -> None:
    shows_a_few(first, before, happenings)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@given(st.integers(2, 8), st.integers(1, 14), HAPPENINGS)
@settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
def test_nor_does_one_in_many_more_weeks(
    first: int, before: int, happenings: list[list[tuple[str, int]]]
) -> None:
    shows_a_few(first, before, happenings)


def shows_a_few(first: int, before: int, happenings: list[list[tuple[str, int]]]) -> None:
    house = House()
    house.first = first
    people = (f"{chr(65 + number % 26)}{chr(97 + number // 26)}muster, Mia" for number in range(100))
    for number in range(before):
        house.book(start=START + number * HALF_HOUR, name=next(people), born="", phone="")
    house.poll()
    for things in happenings:
        for kind, where in things:
            if kind == "book":
                house.book(start=START + where * HALF_HOUR, name=next(people), born="", phone="")
            elif house.server.entries:
                house.server.entries.pop(where % len(house.server.entries))
        house.poll(3)
        booked = {entry.uid for entry in house.server.entries}
        assert not [row for row in house.rows() if row.cancelled and row.uid in booked]
    house.first = None
    house.book(start=START + timedelta(days=9), name=next(people), born="", phone="")
    house.settle()
    assert house.lives() == imported_anew(house)
