"""What managers say of types: names, keywords, whether they need anything; and what that does to what is booked."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments import remembering
from appointments.claiming import due
from appointments.matching import TypeWords
from appointments.matching.collisions import collisions
from appointments.models import Appointment, AppointmentType, Feed
from appointments.operations import (
    InvalidInputError,
    assign_type,
    remove_type,
    save_type,
    set_needs_nothing,
    sync_due_feeds,
)
from appointments.operations.types import NEW, Draft, preview, state_of
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import packs
from tests.appointments.feeds import Calendar
from tests.appointments.test_type_answers import STAFF, START, STEP, book, named, types, unmatched
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scoped(request: pytest.FixtureRequest, practice: Practice) -> Iterator[None]:
    if "calendar" in request.fixturenames:
        yield
        return
    with tenancy.scope(practice.pk):
        yield


def save(
    name: str, keywords: Sequence[str] = (), *, of: str = "", quiet: bool = False, seen: str | None = None
) -> int:
    """Saves a type (`of`: the name of the one that is changed); how many appointments have another type then."""
    held = named(of) if of else None
    draft = Draft(type_id=held.pk if held else None, name=name, keywords=tuple(keywords), needs_nothing=quiet)
    given = seen if seen is not None else state_of(held) if held else ""
    return save_type(draft, seen=given, by=STAFF, now=NOW)[1]


def refused(*args: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(InvalidInputError) as error:
        save(*args, **options)
    return error.value.field, error.value.code


class TestKeywords:
    def test_an_added_keyword_gives_what_is_booked_its_type(self) -> None:
        book("Röhre Bein rechts")
        book("CT Abdomen", type=named("CT Abdomen"))
        assert save("MRT Knie", ["röhre bein"], of="MRT Knie") == 1
        assert types() == ["MRT Knie", "CT Abdomen"]

    def test_a_keyword_that_is_taken_away_puts_it_on_the_board_again(self) -> None:
        save("MRT Knie", ["röhre"], of="MRT Knie")
        book("Röhre", type=named("MRT Knie"))
        book("MR Knie", type=named("MRT Knie"))
        assert save("MRT Knie", of="MRT Knie") == 1
        assert types() == [None, "MRT Knie"]
        assert unmatched() == ["Röhre"]

    def test_they_are_kept_once_each_and_on_one_line(self) -> None:
        save("MRT Knie", ["  Röhre\tBein ", "röhre bein", "", "RÖHRE  BEIN", "Knie\x00röhre"], of="MRT Knie")
        assert named("MRT Knie").keywords == ["Röhre Bein", "Knie röhre"]

    @pytest.mark.parametrize(
        ("keywords", "why"),
        [
            (["mit"], "says_nothing"),
            (["–", "röhre"], "says_nothing"),
            (["ct abdomen"], "found_elsewhere"),
            (["Abdomen-CT"], "found_elsewhere"),
            (["a" * 121], "too_long"),
            ([f"wort{n}" for n in range(101)], "too_long"),
        ],
    )
    def test_what_can_be_known_by_nothing_or_by_two_is_refused(self, keywords: list[str], why: str) -> None:
        assert refused("MRT Knie", keywords, of="MRT Knie") == ("keywords", why)
        assert named("MRT Knie").keywords == []

    def test_what_two_types_share_already_stops_no_other_change(self) -> None:
        AppointmentType.objects.filter(name="CT Abdomen").update(keywords=["mrt knie"])
        save("MRT Knie", ["röhre"], of="MRT Knie")
        assert named("MRT Knie").keywords == ["röhre"]

    def test_the_packs_share_no_words(self) -> None:
        for name in packs.NAMES:
            plans = packs.load(name).plans
            words = [TypeWords(number, plan.type_name, plan.keywords) for number, plan in enumerate(plans)]
            assert collisions(words) == [], name


class TestNames:
    def test_a_new_type_is_known_at_once(self) -> None:
        book("Stoßwelle rechts")
        assert save("Stosswelle") == 1
        assert types() == ["Stosswelle"]

    @pytest.mark.parametrize("name", ["MRT Knie", "mrt  knie", "MRT-Knie"])
    def test_an_existing_name_is_refused_however_it_is_written(self, name: str) -> None:
        assert refused(name, ["etwas"]) == ("name", "taken")
        assert refused(name, of="CT Abdomen") == ("name", "taken")

    def test_a_name_that_is_a_keyword_elsewhere_is_refused(self) -> None:
        save("MRT Knie", ["kernspin bein"], of="MRT Knie")
        assert refused("MRT Bein") == ("name", "found_elsewhere")

    @pytest.mark.parametrize(("name", "why"), [("", "empty"), (" \n", "empty"), ("x" * 121, "too_long")])
    def test_no_name_and_too_long_a_name_are_refused(self, name: str, why: str) -> None:
        assert refused(name) == ("name", why)

    def test_a_double_click_adds_one(self) -> None:
        assert [save("Stosswelle", ["eswt"]) for _ in range(2)] == [0, 0]
        assert AppointmentType.objects.filter(name="Stosswelle").count() == 1

    def test_a_renamed_type_is_known_by_its_new_name_alone(self) -> None:
        book("MRT Knie", type=named("MRT Knie"))
        book("Gelenkbild")
        assert save("Gelenkbild", of="MRT Knie") == 2
        assert types() == [None, "Gelenkbild"]

    def test_who_changes_what_somebody_else_changed_meanwhile_is_told(self) -> None:
        seen = state_of(named("MRT Knie"))
        save("MRT Knie", ["röhre"], of="MRT Knie")
        assert refused("MRT Knie", ["bein"], of="MRT Knie", seen=seen) == ("seen", "changed")
        save("MRT Knie", ["röhre"], of="MRT Knie", seen=seen)  # the same is no contradiction
        assert named("MRT Knie").keywords == ["röhre"]


class TestPreview:
    def test_it_says_what_would_change_and_changes_nothing(self) -> None:
        book("Röhre")
        book("MR Knie", type=named("MRT Knie"))
        draft = Draft(type_id=named("MRT Knie").pk, name="Gelenk", keywords=["röhre"])
        found = [
            (one.text, one.before, one.after, one.appointments)
            for one in sorted(preview(draft, now=NOW), key=lambda one: one.text)
        ]
        knee = named("MRT Knie").pk
        assert found == [("MR Knie", knee, None, 1), ("Röhre", None, knee, 1)]
        assert types() == [None, "MRT Knie"]
        assert save("Gelenk", ["röhre"], of="MRT Knie") == 2

    def test_a_new_type_and_texts_that_two_would_fit(self) -> None:
        book("MRT Knie", type=named("MRT Knie"))
        (one,) = preview(Draft(name="Gelenk", keywords=["mrt knie"]), now=NOW)
        assert (one.after, set(one.alike)) == (None, {NEW, named("MRT Knie").pk})

    def test_what_is_over_or_cancelled_is_nobodys_business(self) -> None:
        over, cancelled = book("Röhre"), book("Röhre")
        Appointment.objects.filter(pk=over.pk).update(end=NOW)
        Appointment.objects.filter(pk=cancelled.pk).update(status="cancelled")
        assert preview(Draft(name="Röhre"), now=NOW) == []
        assert save("Röhre") == 0


class TestNeedsNothing:
    def test_it_is_said_once_planned_anew_and_taken_back(self) -> None:
        booked, knee = book("MR Knie", type=named("MRT Knie")), named("MRT Knie").pk
        for quiet in (True, False):
            assert set_needs_nothing(type_id=knee, needs_nothing=quiet, by=STAFF, now=NOW)
            assert not set_needs_nothing(type_id=knee, needs_nothing=quiet, by=STAFF, now=NOW)
            booked.refresh_from_db()
            assert booked.needs_planning
            Appointment.objects.update(needs_planning=False)
        events = RecordEntry.objects.filter(event__startswith="type.needs").order_by("id")
        assert list(events.values_list("event", flat=True)) == ["type.needs_nothing", "type.needs_something"]


class TestRemoving:
    def test_what_nothing_hangs_on_is_removed(self) -> None:
        past = book("MR Knie", type=named("MRT Knie"))
        assert not remove_type(type_id=named("MRT Knie").pk, by=STAFF, now=NOW)
        Appointment.objects.filter(pk=past.pk).update(end=NOW)
        assert remove_type(type_id=named("MRT Knie").pk, by=STAFF, now=NOW)
        assert types() == [None]

    def test_what_two_fitted_alike_fits_the_other_then(self) -> None:
        AppointmentType.objects.filter(name="CT Abdomen").update(keywords=["mrt knie"])
        book("MRT Knie")
        remove_type(type_id=named("CT Abdomen").pk, by=STAFF, now=NOW)
        assert types() == ["MRT Knie"]


def test_a_keyword_that_is_taken_away_while_a_calendar_is_applied_leaves_no_type_behind(
    practice: Practice, calendar: Calendar, feed: Feed
) -> None:
    with tenancy.scope(practice.pk):
        save("MRT Knie", ["röhre"], of="MRT Knie")
    calendar.add("1", START, type="Röhre")
    sync_due_feeds(practice_id=practice.pk, now=NOW)
    with tenancy.scope(practice.pk):
        assert types() == ["MRT Knie"]
        assert save("MRT Knie", of="MRT Knie") == 1
    for at in (1, 2):
        sync_due_feeds(practice_id=practice.pk, now=NOW + at * STEP)
        with tenancy.scope(practice.pk):
            assert (types(), unmatched()) == ([None], ["Röhre"])


def test_a_type_that_is_assigned_reads_the_next_calendar_anew(
    practice: Practice, calendar: Calendar, feed: Feed
) -> None:
    """Every answer, and every one taken back, is another understanding (claiming)."""
    understandings = set()
    with tenancy.scope(practice.pk):
        for step in range(3):
            (found,) = due(NOW + timedelta(days=1))
            understandings.add(found.understanding)
            assign_type(text=f"Text {step}", type_id=None, by=record.SYSTEM, now=NOW)
    assert len(understandings) == 3


@pytest.mark.django_db(transaction=True)
def test_whoever_takes_a_keyword_away_waits_for_a_calendar_that_is_being_written(
    practice: Practice, calendar: Calendar, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync has read the words and is about to commit what they gave: nothing of it may be left untouched."""
    with tenancy.scope(practice.pk):
        save("MRT Knie", ["röhre"], of="MRT Knie")
    calendar.add("1", START, type="Röhre")
    written, changing = threading.Event(), threading.Event()
    remember = remembering.remember

    def late(*args: Any, **options: Any) -> None:
        written.set()
        changing.wait(10)
        time.sleep(0.2)  # now the other waits for the feed
        remember(*args, **options)

    monkeypatch.setattr(remembering, "remember", late)

    def take_away() -> int:
        written.wait(10)
        changing.set()
        try:
            with tenancy.scope(practice.pk):
                return save("MRT Knie", of="MRT Knie")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(take_away)
        sync_due_feeds(practice_id=practice.pk, now=NOW)
        assert other.result(20) == 1
    with tenancy.scope(practice.pk):
        assert types() == [None]
