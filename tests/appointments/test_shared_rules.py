"""Which of two appointments in two calendars is which: the rules alone, on rows in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.matching.shared import Standing, pass_on, same, settle

AT = datetime(2026, 7, 1, 8, tzinfo=UTC)
LONG = "7d0e1f5c-0001-4c6e-9a4e-b1d5c2a8f0"
WEBER, ROOM, OTHER = 1, 2, 3


def row(number: int, feed: int, **details: Any) -> Standing:
    plain = Standing(
        id=number, feed_id=feed, uid=f"{number}", start=AT, patient_id=7, person="otto|", type_id=5
    )
    return replace(plain, **details)


def after(
    rows: list[Standing], *, feed: int, changed: set[int], waiting: set[int] | None = None
) -> dict[int, Any]:
    """(same as, to settle) of each row once the calendar was read."""
    found = {one.id: one for one in rows}
    found |= {one.id: one for one in settle(rows, feed_id=feed, changed=changed, waiting=waiting or set())}
    return {one.id: (one.same_as, one.to_settle) for one in found.values()}


class TestSame:
    def test_one_calendar_has_nothing_twice(self) -> None:
        assert same(row(1, WEBER), row(2, ROOM))
        assert not same(row(1, WEBER), row(2, WEBER))
        assert not same(row(1, WEBER), row(2, ROOM, start=AT + timedelta(minutes=5)))

    def test_one_of_them_must_say_all_that_the_other_says(self) -> None:
        nobody = row(1, WEBER, uid=LONG, patient_id=None, person="")
        untyped = row(2, ROOM, uid=LONG, type_id=None)
        assert not same(nobody, untyped)
        assert same(nobody, row(2, ROOM, uid=LONG))

    def test_two_that_name_nobody_are_the_same_only_as_one_event(self) -> None:
        nobody = {"patient_id": None, "person": ""}
        assert not same(row(1, WEBER, **nobody), row(2, ROOM, **nobody))
        assert same(row(1, WEBER, uid=LONG, **nobody), row(2, ROOM, uid=LONG, **nobody))

    @pytest.mark.parametrize("uid", ["12345678901234567890", "short"])
    def test_a_number_is_no_event_of_two_calendars(self, uid: str) -> None:
        nobody = {"patient_id": None, "person": "", "uid": uid}
        assert not same(row(1, WEBER, **nobody), row(2, ROOM, **nobody))

    def test_one_event_may_leave_the_date_of_birth_out_but_not_say_another(self) -> None:
        def event(number: int, feed: int, person: str) -> Standing:
            return row(number, feed, uid=LONG, patient_id=number, person=person)

        born = event(1, WEBER, "otto|1947-03-14")
        assert same(born, event(2, ROOM, "otto|"))
        assert not same(born, event(2, ROOM, "otto|1950-01-01"))
        assert not same(born, event(2, ROOM, "mia|1947-03-14"))

    def test_what_is_booked_must_agree_where_both_say_it(self) -> None:
        asked = {"type_id": None, "type_text": "Röhre"}
        assert not same(row(1, WEBER), row(2, ROOM, type_id=6))
        assert same(row(1, WEBER), row(2, ROOM, type_id=None))
        assert not same(row(1, WEBER), row(2, ROOM, **asked))
        assert same(row(1, WEBER, **asked), row(2, ROOM, **asked))
        assert not same(row(1, WEBER, type_text="Röhre"), row(2, ROOM, **asked))


class TestPassingOn:
    ROOT = row(1, WEBER)

    def heir(self, *twins: Standing) -> list[int]:
        return [one.id for one in pass_on({1}, twins) if one.same_as is None]

    def test_the_first_that_is_read_and_still_comes_takes_the_place(self) -> None:
        twins = [
            row(2, ROOM, same_as=1, read=False),
            row(3, OTHER, same_as=1, live=False),
            row(4, 4, same_as=1),
        ]
        assert self.heir(*twins) == [4]
        assert self.heir(*twins[:2]) == []

    def test_rather_one_that_its_calendar_shows_and_that_is_not_in_doubt(self) -> None:
        missing, doubted = row(2, ROOM, same_as=1, missing=True), row(3, OTHER, same_as=1, to_settle=True)
        assert self.heir(missing, doubted) == [3]
        assert self.heir(missing, doubted, row(4, 4, same_as=1)) == [4]

    def test_all_that_come_are_looked_at_once_more(self) -> None:
        passed = pass_on({1}, [row(2, ROOM, same_as=1), row(3, OTHER, same_as=1, live=False)])
        assert {one.id: (one.same_as, one.to_settle) for one in passed} == {2: (None, True), 3: (2, False)}


class TestSettling:
    def test_the_first_is_prepared(self) -> None:
        assert after([row(1, WEBER), row(2, ROOM)], feed=ROOM, changed={2}) == {
            1: (None, False),
            2: (1, False),
        }

    def test_one_that_is_read_no_more_gives_way(self) -> None:
        rows = [row(1, WEBER, read=False), row(2, ROOM)]
        assert after(rows, feed=ROOM, changed={2}) == {1: (2, False), 2: (None, False)}

    def test_one_that_says_more_leads_whatever_its_number(self) -> None:
        rows = [row(1, WEBER, type_id=None), row(2, ROOM)]
        assert after(rows, feed=ROOM, changed={2}) == {1: (2, False), 2: (None, False)}
        assert after(rows, feed=WEBER, changed={1}) == {1: (2, False), 2: (None, False)}
        rows = [row(1, WEBER), row(2, ROOM, type_id=None)]
        assert after(rows, feed=WEBER, changed={1}) == {1: (None, False), 2: (1, False)}

    def test_a_difference_waits_until_the_other_calendar_was_read(self) -> None:
        moved = row(2, ROOM, same_as=1, start=AT + timedelta(hours=1))
        assert after([row(1, WEBER), moved], feed=ROOM, changed={2}) == {1: (None, True), 2: (1, False)}
        waiting = [row(1, WEBER, to_settle=True), moved]
        assert after(waiting, feed=WEBER, changed=set(), waiting={1}) == {1: (None, False), 2: (None, False)}

    def test_as_long_as_the_other_does_not_show_it_nothing_is_decided(self) -> None:
        rows = [
            row(1, WEBER, to_settle=True, missing=True),
            row(2, ROOM, same_as=1, start=AT + timedelta(hours=1)),
        ]
        assert after(rows, feed=WEBER, changed=set(), waiting={1}) == {1: (None, True), 2: (1, False)}

    def test_beside_a_calendar_that_is_read_no_more_the_change_counts_at_once(self) -> None:
        rows = [row(1, WEBER, read=False), row(2, ROOM, same_as=1, start=AT + timedelta(hours=1))]
        assert after(rows, feed=ROOM, changed={2})[2] == (None, False)
        other = [row(1, WEBER, read=False, start=AT + timedelta(hours=1)), row(2, ROOM, same_as=1)]
        assert after(other, feed=WEBER, changed={1})[2] == (1, True)

    def test_one_that_is_over_or_cancelled_stays_what_it_was(self) -> None:
        rows = [row(1, WEBER), row(2, ROOM, same_as=1, live=False, start=AT + timedelta(hours=1))]
        assert after(rows, feed=ROOM, changed={2}) == {1: (None, False), 2: (1, False)}

    def test_of_one_that_is_cancelled_the_other_waits_for_a_word(self) -> None:
        rows = [row(1, WEBER, live=False), row(2, ROOM, same_as=1)]
        assert after(rows, feed=WEBER, changed={1})[2] == (1, True)

    def test_a_surer_one_of_the_same_calendar_takes_the_place(self) -> None:
        root = row(1, WEBER, uid=LONG)
        loose, sure = row(2, ROOM, same_as=1, type_id=None), row(3, ROOM, uid=LONG)
        assert after([root, loose, sure], feed=ROOM, changed={3}) == {
            1: (None, False), 2: (None, False), 3: (1, False)
        }  # fmt: skip
        assert after([root, replace(loose, uid=LONG, type_id=5), sure], feed=ROOM, changed={3})[3][0] is None

    def test_as_long_as_one_waits_in_its_place_another_of_its_calendar_stands_alone(self) -> None:
        moved = row(2, ROOM, same_as=1, start=AT + timedelta(hours=1))
        rows = [row(1, WEBER, uid=LONG), moved, row(3, ROOM, uid=LONG)]
        assert after(rows, feed=ROOM, changed={2, 3}) == {1: (None, True), 2: (1, False), 3: (None, False)}
