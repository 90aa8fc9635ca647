"""What staff say that a text means, as somebody would try to break it: odd texts, two tabs, a sync under way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments import fetch, queries
from appointments.matching import TypeIndex, TypeWords, wording
from appointments.models import Appointment, AppointmentType, Feed, TypeText
from appointments.operations import (
    Answer,
    Answered,
    InvalidInputError,
    add_feed,
    assign_type,
    forget_text,
    sync_due_feeds,
)
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from tests.appointments.feeds import Calendar, serve
from tests.factories import NOW, AppointmentFactory, FeedFactory, make_practice

pytestmark = pytest.mark.django_db

START = NOW + timedelta(days=10)
STEP = timedelta(minutes=6)
STAFF = record.SYSTEM


@pytest.fixture
def scoped(practice: Practice) -> Any:
    with tenancy.scope(practice.pk):
        yield practice


def book(text: str, *, type: AppointmentType | None = None) -> Appointment:
    feed = Feed.objects.first() or FeedFactory()
    booked: Appointment = AppointmentFactory(
        type=type, type_text=text, feed=feed, start=START, needs_planning=False
    )
    return booked


def named(name: str) -> AppointmentType:
    return AppointmentType.objects.get(name=name)


def assign(text: str, name: str | None) -> Answered:
    return assign_type(text=text, type_id=named(name).pk if name else None, by=STAFF, now=NOW)


def types() -> list[str | None]:
    """What the appointments are, in the order in which they were booked."""
    return list(Appointment.objects.order_by("id").values_list("type__name", flat=True))


def unmatched() -> list[str]:
    return [one.text for one in queries.unmatched_types(now=NOW)]


class TestWholeTexts:
    def index(self, text: str) -> TypeIndex:
        return TypeIndex([TypeWords(1, "MRT Knie"), TypeWords(2, "Anruf", (), (text,))])

    @pytest.mark.parametrize(
        "text", ["Kontrolle", "KONTROLLE", " kontrolle. ", "Kontr.", "Kontrollé", "die Kontrolle"]
    )
    def test_an_answer_holds_however_the_text_is_written(self, text: str) -> None:
        assert self.index("Kontrolle").match(text).id == 2

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("MRT Knie Kontrolle", 1),
            ("Kontrolle nach Sturz", None),
            ("CT Kontrolle", None),
            ("Kontrolle Kontrolle Befund", None),
        ],
    )
    def test_it_is_no_answer_for_a_longer_text(self, text: str, expected: int | None) -> None:
        assert self.index("Kontrolle").match(text).id == expected

    def test_the_very_text_wins_over_names_and_keywords(self) -> None:
        assert self.index("MRT Knie").match("mrt  knie").id == 2
        assert self.index("MRT Knie").match("MR Knie").id == 2
        index = TypeIndex([TypeWords(1, "MR Knie"), TypeWords(2, "Anruf", (), ("MRT Knie",))])
        assert index.match("MR Knie").id == 1, "the very name counts more than the same words"

    @pytest.mark.parametrize("text", ["???", "–", "mit", "☎", "ohne", "1"])
    def test_signs_and_little_words_can_be_answered_too(self, text: str) -> None:
        assert self.index(text).match(text).id == 2
        assert self.index(text).match("MRT Schulter").id is None

    def test_a_text_longer_than_what_is_kept_is_known_by_its_beginning(self) -> None:
        long = "Besprechung der Ergebnisse " * 9
        kept = long[:120]
        assert self.index(kept).match(long).id == 2
        assert self.index(kept).match(long[:100]).id is None

    def test_a_text_that_grows_when_it_is_folded_still_fits(self) -> None:
        assert len(wording("ﷺ" * 120)) <= 240


class TestAnswers:
    @pytest.mark.parametrize(
        "text",
        [
            "???",
            "mit",
            "Röhre  Bein",
            "<b>Bein</b> & 'x' \"y\"",
            "👩‍⚕️ Bein",
            "a" * 120,
            "ﷺ" * 120,
            "%s %(n)s",
        ],
    )
    def test_whatever_stands_on_the_board_can_be_answered_once(self, scoped: Practice, text: str) -> None:
        book(text)
        assert unmatched() == [text]
        assert assign(text, "MRT Knie").appointments == 1
        assert (unmatched(), types()) == ([], ["MRT Knie"])

    def test_a_nul_is_no_text_and_an_empty_text_is_refused(self, scoped: Practice) -> None:
        for text in ("", "  ", "\x00"):
            with pytest.raises(InvalidInputError):
                assign(text, "MRT Knie")

    def test_texts_that_differ_in_writing_alone_are_asked_about_once(self, scoped: Practice) -> None:
        for text in ("Röhre Bein", "RÖHRE BEIN", "Roehre  Bein."):
            book(text)
        (one,) = queries.unmatched_types(now=NOW)
        assert one.appointments == 3
        assert assign("RÖHRE BEIN", "MRT Knie").appointments == 3

    def test_never_needs_anything_swallows_no_examination(self, scoped: Practice) -> None:
        book("Kontrolle")
        book("CT Kontrolle")
        assign("Kontrolle", None)
        assert types() == ["Kontrolle", None]

    def test_a_double_click_changes_nothing_more(self, scoped: Practice) -> None:
        book("Röhre")
        answers = [assign("Röhre", name).answer for name in ("MRT Knie", "MRT Knie")]
        answers += [assign("Rezept", None).answer for _ in range(2)]
        assert answers == [Answer.REMEMBERED, Answer.KNOWN, Answer.REMEMBERED, Answer.KNOWN]
        assert TypeText.objects.count() == 2

    def test_who_answers_otherwise_in_another_tab_is_told_and_changes_nothing(self, scoped: Practice) -> None:
        book("Röhre")
        assign("Röhre", "MRT Knie")
        second = assign("RÖHRE", "CT Abdomen")
        assert (second.answer, second.type.name) == (Answer.OTHERWISE, "MRT Knie")
        assert assign("Röhre", None).answer is Answer.OTHERWISE
        assert types() == ["MRT Knie"]

    def test_a_text_that_is_two_types_name_is_decided_for_good(self, scoped: Practice) -> None:
        AppointmentType.objects.create(practice=scoped, name="Gelenk", keywords=["mrt knie"])
        book("MRT Knie")
        assert unmatched() == ["MRT Knie"]
        assert assign("MRT Knie", None).answer is Answer.NAME_TAKEN
        assert assign("MRT Knie", "Gelenk").appointments == 1
        assert types() == ["Gelenk"]

    def test_what_has_a_type_by_another_text_keeps_it(self, scoped: Practice) -> None:
        book("MRT Knie rechts", type=named("MRT Knie"))
        book("Raum 7", type=named("CT Abdomen"))
        book("Röhre")
        assign("Röhre", "CT Abdomen")
        assert types() == ["MRT Knie", "CT Abdomen", "CT Abdomen"]

    def test_each_appointment_that_gets_a_type_is_in_the_record(self, scoped: Practice) -> None:
        booked = book("Röhre")
        assign("Röhre", "MRT Knie")
        entry = RecordEntry.objects.get(event="appointment.retyped")
        assert entry.data == {"appointment": booked.pk, "from": None, "type": named("MRT Knie").pk}
        assert entry.patient_id == booked.patient_id

    def test_ten_thousand_appointments_take_as_many_statements_as_one(
        self, scoped: Practice, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(30):
            book("Röhre" if number else "Bein")
        with django_assert_max_num_queries(16):
            assign("Röhre", "MRT Knie")


class TestTakingBack:
    def test_it_stands_on_the_board_again_and_is_planned_anew(self, scoped: Practice) -> None:
        booked = book("Röhre")
        text_id = assign("Röhre", "MRT Knie").text_id
        assert text_id is not None
        assert forget_text(text_id=text_id, by=STAFF, now=NOW) == 1
        assert unmatched() == ["Röhre"]
        booked.refresh_from_db()
        assert (booked.revision, booked.needs_planning) == (3, True)
        assert forget_text(text_id=text_id, by=STAFF, now=NOW) is None, "a double click"

    def test_a_type_that_was_made_by_the_answer_goes_with_it(self, scoped: Practice) -> None:
        past = book("Rezept")
        text_id = assign("Rezept", None).text_id
        assert text_id is not None
        Appointment.objects.filter(pk=past.pk).update(start=NOW - STEP, end=NOW - STEP)
        book("Rezept", type=named("Rezept"))
        forget_text(text_id=text_id, by=STAFF, now=NOW)
        assert not AppointmentType.objects.filter(name="Rezept").exists()
        assert types() == [None, None]
        assert assign("Rezept", "MRT Knie").answer is Answer.REMEMBERED

    def test_what_the_type_is_known_by_otherwise_keeps_it(self, scoped: Practice) -> None:
        book("Röhre")
        text_id = assign("Röhre", "MRT Knie").text_id
        AppointmentType.objects.filter(name="MRT Knie").update(keywords=["röhre"])
        assert text_id is not None
        assert forget_text(text_id=text_id, by=STAFF, now=NOW) == 0
        assert types() == ["MRT Knie"]


class TestTheCalendar:
    """The answers as the sync sees them, over two feeds."""

    def poll(self, practice: Practice, at: int = 0, ask: Any = fetch.fetch) -> None:
        now = NOW + at * STEP
        sync_due_feeds(practice_id=practice.pk, now=now, ask=ask)

    def test_an_answer_holds_in_every_calendar_and_for_what_is_booked_later(
        self, practice: Practice, calendar: Calendar, feed: Feed, settings: Any
    ) -> None:
        with serve() as second:
            settings.FEED_ALLOWED_ADDRESSES = [calendar.address, second.address]
            with tenancy.scope(practice.pk):
                allowed = frozenset(settings.FEED_ALLOWED_ADDRESSES)
                add_feed(name="MRT 2", url=second.url, by=STAFF, now=NOW, allowed_addresses=allowed)
            calendar.add("1", START, type="Röhre Bein")
            second.add("1", START, type="roehre BEIN", name="Muster, Mia")
            self.poll(practice)
            with tenancy.scope(practice.pk):
                assert assign("Röhre Bein", "MRT Knie").appointments == 2
            second.add("2", START + STEP, type="Röhre Bein.", name="Muster, Max")
            self.poll(practice, 1)
            with tenancy.scope(practice.pk):
                assert types() == ["MRT Knie"] * 3

    @pytest.mark.parametrize("back", [False, True], ids=["answered", "taken back"])
    def test_what_is_said_while_a_calendar_is_fetched_holds(
        self, practice: Practice, calendar: Calendar, feed: Feed, back: bool
    ) -> None:
        calendar.add("1", START, type="Röhre Bein")
        with tenancy.scope(practice.pk):
            text_id = assign("Röhre Bein", "MRT Knie").text_id if back else None

        def meanwhile(*args: Any, **options: Any) -> fetch.Response:
            with tenancy.scope(practice.pk):
                if text_id is None:
                    assign("Röhre Bein", "MRT Knie")
                else:
                    forget_text(text_id=text_id, by=STAFF, now=NOW)
            return fetch.fetch(*args, **options)

        self.poll(practice, ask=meanwhile)
        for at in (1, 2):
            with tenancy.scope(practice.pk):
                assert types() == [None if back else "MRT Knie"]
            self.poll(practice, at)

    def test_a_text_in_the_categories_is_the_one_that_is_asked_about(
        self, practice: Practice, calendar: Calendar, feed: Feed
    ) -> None:
        calendar.add("1", START, type="", extra="CATEGORIES:Röhre Bein")
        self.poll(practice)
        with tenancy.scope(practice.pk):
            assert unmatched() == ["Röhre Bein"]
            text_id = assign("Röhre Bein", "MRT Knie").text_id
        self.poll(practice, 1)
        with tenancy.scope(practice.pk):
            assert types() == ["MRT Knie"]
            assert text_id is not None
            assert forget_text(text_id=text_id, by=STAFF, now=NOW) == 1
            assert types() == [None]

    def test_what_says_nothing_is_not_asked_about_but_said(
        self, practice: Practice, calendar: Calendar, feed: Feed
    ) -> None:
        calendar.add("1", START, type="")
        self.poll(practice)
        with tenancy.scope(practice.pk):
            assert unmatched() == []
            assert queries.silent_appointments(now=NOW).count() == 1

    def test_a_long_text_is_asked_about_once(
        self, practice: Practice, calendar: Calendar, feed: Feed
    ) -> None:
        long = "Besprechung der Ergebnisse und weiteres Vorgehen " * 4
        calendar.add("1", START, type=long)
        self.poll(practice)
        with tenancy.scope(practice.pk):
            (text,) = unmatched()
            assert assign(text, "MRT Knie").appointments == 1
        calendar.add("2", START + STEP, type=long, name="Muster, Mia")
        self.poll(practice, 1)
        with tenancy.scope(practice.pk):
            assert types() == ["MRT Knie", "MRT Knie"]


@pytest.mark.django_db(transaction=True)
def test_another_practices_words_are_not_seen() -> None:
    own, other = make_practice(), make_practice(name="Andere Praxis")
    with tenancy.scope(other.pk):
        AppointmentType.objects.create(practice=other, name="MRT Knie", keywords=["röhre"])
        assign_type(text="Rezept", type_id=None, by=STAFF, now=NOW)
    with tenancy.scope(own.pk):
        book("Röhre")
        book("Rezept")
        assert sorted(unmatched()) == ["Rezept", "Röhre"]
        assert assign_type(text="Rezept", type_id=None, by=STAFF, now=NOW).answer is Answer.REMEMBERED


@pytest.mark.django_db(transaction=True)
def test_two_people_who_answer_at_the_same_moment_are_one_after_the_other(
    practice: Practice, feed: Feed
) -> None:
    with tenancy.scope(practice.pk):
        book("Röhre")
    together = threading.Barrier(2)

    def answer(name: str | None) -> Answer:
        try:
            with tenancy.scope(practice.pk):
                together.wait(10)
                return assign("Röhre", name).answer
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(answer, ("MRT Knie", None)))
    assert answers == {Answer.REMEMBERED, Answer.OTHERWISE}
    with tenancy.scope(practice.pk):
        assert TypeText.objects.count() == 1
