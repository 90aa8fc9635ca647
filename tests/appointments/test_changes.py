"""The edges of what counts as a change: each of these was a condition that no other test missed."""

from datetime import timedelta
from typing import Any

from appointments.matching import Changes, Known, Seen, Shown, compare
from tests.appointments.test_matching import CT, NOW, WINDOW, changes, known, seen

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)


def told(ours: list[Known], theirs: list[Seen], **given: Any) -> Changes:
    return compare(ours, theirs, **{"window": WINDOW, "now": NOW, "absent_before": (), **given})


class TestFreezing:
    def test_exactly_a_fifth_is_not_too_much(self) -> None:
        ours = [known(number) for number in range(1, 26)]
        assert not changes(ours, [seen(one) for one in ours[5:]]).frozen
        assert changes(ours[:24], [seen(one) for one in ours[5:24]]).frozen

    def test_what_is_called_off_under_another_name_is_not_in_doubt(self) -> None:
        ours = [known(number, content=f"{number}") for number in range(1, 11)]
        off = [seen(one, person=f"other {one.id}|", content="new", cancelled=True) for one in ours[:5]]
        found = changes(ours, [*off, *(seen(one) for one in ours[5:])])
        assert (found.frozen, len(found.cancelled)) == (False, 5)

    def test_a_name_that_is_only_read_otherwise_is_no_other_person(self) -> None:
        ours = [known(number, content=f"{number:016}a") for number in range(1, 11)]
        theirs = [seen(one, person=f"other {one.id}|", content=f"{one.id:016}b") for one in ours]
        found = changes(ours, theirs)
        assert (found.frozen, len(found.changed)) == (False, 10)


class TestAbsence:
    def test_what_begins_right_now_is_no_longer_missed(self) -> None:
        assert changes([known(1, start=NOW, end=NOW + HALF_HOUR)], []).absent == frozenset()

    def test_of_two_with_the_same_sequence_the_later_one_counts(self) -> None:
        one = known(1)
        later = seen(one, index=2, start=one.start + DAY)
        assert changes([one], [seen(one, index=1), later]).moved == ((one, later),)

    def test_an_unreadable_stranger_may_be_who_is_gone_where_no_uid_is_the_same(self) -> None:
        one, two = known(1), known(2)
        renamed = seen(two, uid="new")
        assert told([one, two], [renamed], quarantined=("stranger",)).absent == frozenset()
        assert told([one, two], [renamed], quarantined=("stranger",), uids_last=True).absent == {1}
        assert told([one, two], [seen(two)], quarantined=("stranger",)).absent == {1}

    def test_nor_is_anybody_gone_beside_an_unreadable_one_where_uids_change_hands(self) -> None:
        one, two, three = known(1), known(2), known(3)
        theirs = [seen(one, uid=two.uid), seen(two, uid=one.uid)]
        assert told([one, two, three], theirs, quarantined=(one.uid,)).absent == frozenset()
        assert told([one, two, three], theirs).absent == {3}


class TestSteady:
    """A calendar that shows so many and no more."""

    def test_what_stands_behind_its_last_one_fell_off_when_another_came(self) -> None:
        one, last = known(1), known(2, day=20)
        new = seen(known(3))
        found = told([one, last], [seen(one), new], shown=Shown(as_many=True))
        assert (found.steady, found.absent) == (True, frozenset())
        nobody = told([one, last], [seen(one)], shown=Shown(as_many=True))
        assert (nobody.steady, nobody.absent) == (False, {2})

    def test_it_is_remembered_of_a_calendar_until_it_shows_fewer(self) -> None:
        one, last = known(1), known(2, day=20)
        assert told([one, last], [seen(one)], shown=Shown(as_many=True, steady=True)).absent == frozenset()
        assert told([one, last], [seen(one)], shown=Shown(steady=True)).absent == {2}

    def test_at_the_very_time_of_the_last_one_it_may_have_fallen_off_too(self) -> None:
        one, last = known(1), known(2, day=20)
        beside = seen(known(3), start=last.start, end=last.end, content="other")
        found = told([one, last], [seen(one), beside], shown=Shown(as_many=True, steady=True))
        assert found.absent == frozenset()

    def test_a_series_does_not_say_where_it_ends(self) -> None:
        one, last = known(1), known(2, day=20)
        series = seen(known(3, day=25), recurrence_id="20260725T080000Z")
        found = told([one, last], [seen(one), series], shown=Shown(as_many=True, steady=True))
        assert found.absent == frozenset()


class TestKept:
    def test_once_one_of_them_is_back_the_answer_is_over(self) -> None:
        ours = [known(number) for number in (1, 2, 3)]
        assert told(ours, [seen(ours[2])], kept=(1, 2)).kept == {1, 2}
        found = told(ours, [seen(ours[1]), seen(ours[2])], kept=(1, 2))
        assert (found.kept, found.absent) == (frozenset(), {1})

    def test_what_is_over_is_no_part_of_it(self) -> None:
        past = known(1, start=NOW - DAY, end=NOW - DAY + HALF_HOUR)
        found = told([past, known(2), known(3)], [seen(known(3))], kept=(1, 2))
        assert (found.kept, found.absent) == ({2}, frozenset())

    def test_one_that_names_somebody_else_is_kept_as_it_was_and_not_counted(self) -> None:
        ours = [known(number, content=f"{number}") for number in range(1, 11)]
        theirs = [seen(one, person=f"other {one.id}|", content="new") for one in ours[:5]]
        found = told(ours, [*theirs, *(seen(one) for one in ours[5:])], kept=range(1, 6))
        assert (found.frozen, found.rewritten, found.kept) == (False, (), set(range(1, 6)))


class TestPairing:
    def test_of_two_that_are_missing_neither_moved_to_the_only_new_one(self) -> None:
        one = known(1)
        two = known(2, person=one.person)
        new = seen(one, uid="new", start=one.start + DAY)
        found = changes([one, two], [new])
        assert (found.moved, found.created, found.absent) == ((), (new,), {1, 2})

    def test_nothing_moves_to_what_is_called_off(self) -> None:
        one = known(1)
        off = seen(one, uid="new", start=one.start + DAY, cancelled=True)
        found = changes([one], [off])
        assert (found.cancelled, found.absent) == ((), {1})

    def test_beside_a_cancelled_event_the_live_one_is_meant(self) -> None:
        one = known(1)
        off, live = seen(one, uid="a", index=1, cancelled=True), seen(one, uid="b", index=2)
        found = changes([one], [off, live])
        assert ([pair[1] for pair in found.rekeyed], found.cancelled) == ([live], ())

    def test_a_uid_that_a_new_one_has_is_released(self) -> None:
        off = known(1, cancelled=True, person="", content="")
        stranger = seen(off, start=off.start + DAY, person="somebody|", summary="CT", type_id=CT)
        gone = known(2, start=NOW - 2 * DAY, end=NOW - DAY)
        later = seen(gone, start=known(1).start, end=known(1).end, person="another|", content="new")
        found = changes([off, gone], [stranger, later])
        assert {one.uid for one in found.created} == {gone.uid}
        assert found.released == {2}

    def test_a_name_read_otherwise_keeps_its_uid_though_somebody_else_of_its_name_came(self) -> None:
        one = known(1, content="0123456789abcdef-a")
        same = seen(one, person="other|", content="0123456789abcdef-b", start=one.start + DAY)
        rival = seen(one, uid="new", index=9, content="new", start=one.start + 2 * DAY)
        found = changes([one], [same, rival])
        assert (found.moved, found.created) == (((one, same),), (rival,))
