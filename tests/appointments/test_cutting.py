"""A body cut at what stands between two events, without a look at what they hold: as the walk would cut it, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments import ical
from tests.appointments import test_ical

STAMPED = (
    "BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nUID:7\r\nEND:VEVENT",
    "BEGIN:VEVENT\r\nUID:8\r\nDTSTAMP:20260101T000000Z\r\nEND:VEVENT",
    "BEGIN:VEVENT\r\nUID:9\r\nDTSTAMP:20260101\r\n T000000Z\r\nLAST-MODIFIED:x\r\nSUMMARY:a\r\nEND:VEVENT",
    "BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\nUID:10\nEND:VEVENT",
    "BEGIN:VEVENT\r\n FOLDED\r\nEND:VEVENT",
    "BEGIN:VEVENT\r\nEND:VEVENT",
    "DTSTAMP:20260101T000000Z",
    "BEGIN:VEVENT\r\nUID:11\r\r\n\r\nEND:VEVENT",
)
PIECES = (*test_ical.TestCuttingWithoutAWalk.PIECES, *STAMPED)
HEAD, TAIL = ("BEGIN:VCALENDAR", "VERSION:2.0"), ("END:VCALENDAR", "")


def body_of(*pieces: str, ending: str = "\r\n") -> ical.Body:
    return ical.Body("\r\n".join((*HEAD, *pieces, *TAIL)).replace("\r\n", ending).encode())


def all_of(cut: ical.Cut) -> list[list[bytes]]:
    """Every event as its lines: how a line ends makes no difference."""
    events = cut.only(range(len(cut.hashes))).events
    return [[line for line in event.splitlines() if line] for event in events]


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"]))
def test_both_ways_find_the_same_events_with_the_same_hashes(pieces: list[str], ending: str) -> None:
    body = body_of(*pieces, ending=ending)
    quick = body.cut_quickly()
    if quick is None or not quick.sound(range(len(quick.hashes))):
        return
    walked = body.cut()
    assert all_of(quick) == all_of(walked)
    assert list(quick.hashes) == list(walked.hashes)
    assert quick.outside.head.split() == walked.outside.head.split()


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_an_ordinary_calendar_needs_no_walk(ending: str) -> None:
    quick = body_of(*PIECES[:2], STAMPED[0], STAMPED[1], ending=ending).cut_quickly()
    assert quick is not None
    assert quick.sound(range(4))


@pytest.mark.parametrize("stamp", ["20270101T000000Z", "2027\r\n 0101T000000Z"])
def test_another_stamp_changes_neither_an_events_hash_nor_the_bodys(stamp: str) -> None:
    events = [f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTAMP:20260101T000000Z\r\nX:1\r\nEND:VEVENT" for n in range(3)]
    later = [event.replace("20260101T000000Z", stamp) for event in events]
    before, after = body_of(*events), body_of(*later)
    assert before.hash == after.hash
    assert [before.cut().hashes, before.cut().hashes] == [after.cut().hashes, _hashes(after.cut_quickly())]


def test_one_letter_more_changes_one_hash() -> None:
    one, two = body_of(*STAMPED[:2]), body_of(STAMPED[0], STAMPED[1].replace("UID:8", "UID:88"))
    first, second = _hashes(one.cut_quickly()), _hashes(two.cut_quickly())
    assert (first[0] == second[0], first[1] == second[1], one.hash == two.hash) == (True, False, False)


@pytest.mark.parametrize("cut_at", range(40, 250, 7))
def test_what_is_cut_off_is_not_cut_quickly(cut_at: int) -> None:
    whole = body_of(*STAMPED[:3]).content
    assert ical.Body(whole[:cut_at]).cut_quickly() is None


@pytest.mark.parametrize(
    "odd",
    [
        "BEGIN:VEVENT\r\nUID:1\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nUID:1\r\nBEGIN:VALARM\r\nEND:VEVENT",
        "BEGIN:VEVENTS\r\nUID:1\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nbegin:vevent\r\nUID:1\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\n FOLDED\r\nUID:1\r\nEND:VEVENT",
    ],
)
def test_an_event_that_nests_what_it_may_not_is_not_sound(odd: str) -> None:
    quick = body_of(PIECES[0], odd, PIECES[0].replace("1", "2")).cut_quickly()
    assert quick is not None
    assert (quick.sound([0, 2]), quick.sound([1])) == (True, False)


def _hashes(cut: ical.Cut | None) -> list[bytes]:
    assert cut is not None
    return list(cut.hashes)
