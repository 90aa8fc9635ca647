"""Who comes for what, and what changed since the last fetch."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.ical import Attendee, Event, Window
from appointments.matching import (
    Changes,
    Kind,
    Known,
    Rules,
    Seen,
    SummaryMode,
    TypeIndex,
    TypeWords,
    Understood,
    compare,
    is_name,
    name_key,
    read_date,
    understand,
    valid_email,
    valid_phone,
)

AUTO = Rules()
NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(days=30), end=NOW + timedelta(days=365))
KNEE, KNEE_CONTRAST, HEAD, CT, COLO, SCINTI = range(1, 7)
TYPES = TypeIndex(
    [
        TypeWords(KNEE, "MRT Knie"),
        TypeWords(KNEE_CONTRAST, "MRT Knie mit KM"),
        TypeWords(HEAD, "MRT Kopf", ("Schädel-MRT",)),
        TypeWords(CT, "CT Abdomen"),
        TypeWords(COLO, "Koloskopie", ("Vorsorge-Koloskopie",)),
        TypeWords(SCINTI, "Myokard-Szintigrafie"),
    ]
)


def event(summary: str, description: str = "", **details: object) -> Event:
    start = datetime(2026, 7, 10, 8, tzinfo=UTC)
    plain = Event(
        uid="1",
        recurrence_id="",
        start=start,
        end=start + timedelta(minutes=30),
        all_day=False,
        status="CONFIRMED",
        sequence=0,
        summary=summary,
        description=description,
    )
    return replace(plain, **details)  # type: ignore[arg-type]


def read(summary: str, description: str = "", *, rules: Rules = AUTO, **details: object) -> Understood:
    return understand(event(summary, description, **details), rules=rules, types=TYPES)


class TestTypes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("MRT Knie links", KNEE),
            ("MR Knie", KNEE),
            ("Kernspin des Kniegelenks", KNEE),
            ("IRM genou", KNEE),
            ("Kernspintomographie Knie re. mit Kontrastmittel", KNEE_CONTRAST),
            ("MRT Knie m. KM", KNEE_CONTRAST),
            ("MRT Knie ohne KM", KNEE),
            ("IRM du genou avec contraste", KNEE_CONTRAST),
            ("MRT Schaedel", HEAD),
            ("MRT Schädel nativ", HEAD),
            ("CT Bauch", CT),
            ("Kolo", COLO),
            ("Darmspiegelung (Vorsorge)", COLO),
            ("Myokardszintigraphie", SCINTI),
            ("Myokard Szinti", SCINTI),
            ("Blutabnahme", None),
            ("MRT", None),
            ("", None),
        ],
    )
    def test_a_type_is_recognised_however_it_is_written(self, text: str, expected: int | None) -> None:
        assert TYPES.match(text).id == expected

    def test_two_types_that_fit_alike_are_nobodys(self) -> None:
        index = TypeIndex([TypeWords(1, "Knie"), TypeWords(2, "Fuss", ("Knie",))])
        assert (index.match("Knie").id, index.match("Knie").ambiguous) == (None, True)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("MRT / CT", (1, 2)),
            ("MRT/CT", (1, 2)),
            ("CT + MRT", (1, 2)),
            ("MRT und CT nativ", (1, 2)),
            ("CT Thorax/Abdomen", (4, 5)),
            ("MRT Knie / CT Abdomen", (3, 5)),
            ("Kontrolle & MRT Knie", (3, 6)),
            ("MRT Knie rechts/links", 3),
            ("MRT Knie re + li", 3),
            ("CT/Thorax", 4),
            ("MRT Hüfte / MRT Knie", 3),
            ("MRT/Ultraschall", 7),
        ],
    )
    def test_two_that_are_said_side_by_side_are_nobodys(
        self, text: str, expected: int | tuple[int, int]
    ) -> None:
        names = ("MRT", "CT", "MRT Knie", "CT Thorax", "CT Abdomen", "Kontrolle", "MRT/Ultraschall")
        found = TypeIndex(TypeWords(number, name) for number, name in enumerate(names, 1)).match(text)
        assert (found.alike or found.id) == expected

    @pytest.mark.parametrize("summary", ["Muster, Mia - MRT / CT", "MRT/CT - Muster, Mia"])
    def test_so_they_are_in_an_event(self, summary: str) -> None:
        types = TypeIndex([TypeWords(1, "MRT"), TypeWords(2, "CT")])
        said = understand(event(summary), rules=Rules(), types=types)
        assert (said.name, said.type_id, "type_ambiguous" in said.problems) == ("Mia Muster", None, True)

    def test_contrast_medium_that_the_type_does_not_know_is_said(self) -> None:
        assert TYPES.match("CT Abdomen mit KM").contrast_unsaid
        assert not TYPES.match("CT Abdomen ohne KM").contrast_unsaid

    def test_a_remembered_text_wins_over_everything(self) -> None:
        index = TypeIndex([TypeWords(1, "MRT Knie"), TypeWords(2, "Nichts", ("Mr. Knie privat",))])
        assert index.match("MR Knie").id == 1
        assert index.match("mr. knie privat").id == 2


class TestUnderstanding:
    @pytest.mark.parametrize(
        ("summary", "description"),
        [
            ("Schmidt, Anna - MRT Knie", "Geburtsdatum: 12.03.1957\nTel: 0151 23456789\nE-Mail: anna@example.org"),
            ("MRT Knie", "Patient: Anna Schmidt\nGeb.: 12.03.1957\nMobil: +49 151 23456789 / anna@example.org"),
            ("Anna Schmidt", "Termin: MRT Knie\ngeboren am: 1957-03-12\nHandy: 0151/23456789; Mail: anna@example.org"),
            ("MR Knie: Frau Anna Schmidt (*12.03.1957)", "0151 23456789 anna@example.org"),
            ("IRM genou", "Nom: Schmidt, Anna<br>Né(e) le: 12/03/1957\nTéléphone: +4915123456789\nCourriel: anna@example.org"),
            ("RM ginocchio", "Cognome: Schmidt\nNome: Anna Schmidt\nData di nascita: 12.3.57\nCell.: 015123456789 anna@example.org"),
        ],
    )  # fmt: skip
    def test_person_and_type_are_found_wherever_they_stand(self, summary: str, description: str) -> None:
        found = read(
            summary, description, rules=Rules(labels=(("birth_date", "Né(e) le"), ("phone", "Cell.")))
        )
        assert (found.name, found.birth_date) == ("Anna Schmidt", date(1957, 3, 12))
        assert (found.phone, found.email, found.type_id) == ("+4915123456789", "anna@example.org", KNEE)
        assert (found.kind, found.problems) == (Kind.APPOINTMENT, ())

    def test_the_four_modes_read_the_summary_as_told(self) -> None:
        def mode(mode: SummaryMode, summary: str) -> tuple[str, int | None]:
            found = read(summary, rules=Rules(summary=mode))
            return found.name, found.type_id

        assert mode(SummaryMode.NAME, "Kopf, Mrt") == ("Mrt Kopf", None)
        assert mode(SummaryMode.TYPE, "MRT Kopf") == ("", HEAD)
        assert mode(SummaryMode.BOTH, "MRT Kopf - Kolo, Otto") == ("Otto Kolo", HEAD)
        assert mode(SummaryMode.PSEUDONYM, "P-00012 MRT Kopf") == ("P-00012", HEAD)
        assert mode(SummaryMode.AUTO, "P-00012 MRT Kopf") == ("P-00012", HEAD)

    def test_a_type_that_is_not_known_keeps_its_words_for_the_board(self) -> None:
        found = read("Schmidt, Anna - Stoßwelle rechts")
        assert (found.name, found.type_text, found.type_id) == ("Anna Schmidt", "Stoßwelle rechts", None)
        assert "type_unknown" in found.problems

    def test_contacts_are_found_in_location_and_attendees(self) -> None:
        found = read(
            "MRT Knie", location="Tel. 030 901820", attendees=(Attendee("Anna", "anna@Example.org"),)
        )
        assert (found.phone, found.email) == ("+4930901820", "anna@example.org")

    def test_the_practices_own_contacts_are_nobodys(self) -> None:
        rules = Rules(own_contacts=frozenset({"+4930901820", "praxis@example.org"}))
        found = read("MRT Knie", "Praxis: 030 901820, praxis@example.org", rules=rules)
        assert (found.phone, found.email) == ("", "")

    def test_a_mobile_is_preferred(self) -> None:
        assert read("MRT Knie", "Tel: 030 901820, 0151 23456789").phone == "+4915123456789"

    @pytest.mark.parametrize(
        "summary",
        ["Mittag", "Mittagspause", "Urlaub", "Urlaubsvertretung Dr. Weber", "gesperrt", "Pause", "Fortbildung",
         "congé", "Réunion d'équipe", "Ferie", "Team-Besprechung", "Wartung", "LUNCH"],
    )  # fmt: skip
    def test_the_practices_own_time_is_no_appointment(self, summary: str) -> None:
        assert read(summary).kind is Kind.ABSENCE

    def test_a_patient_called_mittag_is_a_patient(self) -> None:
        assert read("Mittag, Otto - MRT Knie", "Geburtsdatum: 01.02.1960").kind is Kind.APPOINTMENT

    def test_a_day_is_no_appointment_unless_somebody_is_named(self) -> None:
        assert read("Praxis zu", all_day=True).kind is Kind.ABSENCE
        assert read("MRT Knie", "Patient: Anna Schmidt", all_day=True).kind is Kind.APPOINTMENT

    def test_what_is_missing_is_said(self) -> None:
        assert set(read("MRT Knie").problems) == {"name_missing", "contact_missing"}
        assert "phone_invalid" in read("MRT Knie", "Telefon: 123").problems
        assert "email_invalid" in read("MRT Knie", "E-Mail: anna@").problems
        assert "birth_date_unreadable" in read("MRT Knie", "Geburtsdatum: 31.02.1960").problems

    def test_a_date_that_is_not_of_birth_is_not_taken_for_one(self) -> None:
        assert read("Schmidt, Anna - MRT Knie Kontrolle 12.03.2024").birth_date is None

    @given(summary=st.text(max_size=60), description=st.text(max_size=120))
    def test_no_text_crashes_it(self, summary: str, description: str) -> None:
        read(summary, description)


class TestValues:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("12.03.1957", date(1957, 3, 12)),
            ("1957-03-12", date(1957, 3, 12)),
            ("3/2/26", date(2026, 2, 3)),
            ("3.2.57", date(1957, 2, 3)),
            ("01.01.1850", None),
            ("01.01.2030", None),
            ("morgen", None),
        ],
    )
    def test_a_date_of_birth_is_read_day_first(self, text: str, expected: date | None) -> None:
        assert read_date(text, not_after=NOW.date()) == expected

    def test_numbers_take_the_practices_country(self) -> None:
        assert valid_phone("079 123 45 67", country="CH") == "+41791234567"
        assert valid_phone("06 12 34 56 78", country="FR") == "+33612345678"
        assert valid_phone("+39 312 345 6789", country="DE") == "+393123456789"
        assert valid_phone("110", country="DE") == ""

    def test_addresses_are_addresses(self) -> None:
        assert valid_email(" Anna.Schmidt@Example.ORG ") == "Anna.Schmidt@example.org"
        assert [valid_email(text) for text in ("anna", "a@b", "a b@example.org", "a..b@example.org")] == [
            ""
        ] * 4

    def test_a_name_is_the_same_in_any_order_and_spelling(self) -> None:
        assert name_key("Müller, Jörg") == name_key("Herr Dr. Joerg MUELLER") == name_key("jorg muller")


def known(number: int, *, day: int = 10, **details: object) -> Known:
    start = datetime(2026, 7, day, 8, tzinfo=UTC) + timedelta(minutes=number)
    plain = Known(
        id=number,
        uid=f"uid-{number}",
        recurrence_id="",
        start=start,
        end=start + timedelta(minutes=30),
        summary="MRT Knie",
        person=f"person {number}",
        type_id=KNEE,
        content="c",
    )
    return replace(plain, **details)  # type: ignore[arg-type]


def seen(one: Known, **details: object) -> Seen:
    plain = Seen(
        index=one.id,
        uid=one.uid,
        recurrence_id=one.recurrence_id,
        start=one.start,
        end=one.end,
        summary=one.summary,
        person=one.person,
        type_id=one.type_id,
        content=one.content,
    )
    return replace(plain, **details)  # type: ignore[arg-type]


def changes(ours: list[Known], theirs: list[Seen], *, absent: tuple[int, ...] = (), quarantined: tuple[str, ...] = ()) -> Changes:  # fmt: skip
    return compare(ours, theirs, window=WINDOW, now=NOW, absent_before=absent, quarantined=quarantined)


class TestChanges:
    def test_the_same_is_no_change(self) -> None:
        ours = [known(1), known(2)]
        assert changes(ours, [seen(one) for one in ours]) == Changes()

    def test_a_new_one_is_created_and_a_past_or_cancelled_one_is_not(self) -> None:
        new = seen(known(1))
        past = seen(known(2), start=NOW - timedelta(days=2), end=NOW - timedelta(days=2))
        assert changes([], [new, past, seen(known(3), cancelled=True)]).created == (new,)

    def test_another_start_is_a_move_and_another_content_a_change(self) -> None:
        one, two = known(1), known(2)
        moved, changed = seen(one, start=one.start + timedelta(days=1)), seen(two, content="other")
        found = changes([one, two], [moved, changed])
        assert (found.moved, found.changed) == (((one, moved),), ((two, changed),))

    def test_the_highest_sequence_wins(self) -> None:
        one = known(1)
        late = seen(one, index=1, sequence=3, start=one.start + timedelta(days=1))
        assert changes([one], [late, seen(one, index=2, sequence=1)]).moved == ((one, late),)

    def test_the_feeds_word_cancels_at_once_and_can_be_taken_back(self) -> None:
        one = known(1)
        assert changes([one], [seen(one, cancelled=True)]).cancelled == (one,)
        gone = known(1, cancelled=True)
        assert changes([gone], [seen(gone)]).reappeared == ((gone, seen(gone)),)

    def test_absence_cancels_only_at_the_second_time(self) -> None:
        one, two = known(1), known(2)
        assert changes([one, two], [seen(two)]) == Changes(absent=frozenset({1}))
        found = changes([one, two], [seen(two)], absent=(1,))
        assert (found.vanished, found.absent) == ((one,), frozenset())
        assert changes([one, two], [seen(one), seen(two)], absent=(1,)) == Changes(present=frozenset({1}))

    def test_absence_means_nothing_in_the_past_beyond_the_window_or_in_quarantine(self) -> None:
        past = known(1, start=NOW - timedelta(minutes=1))
        beyond = known(2, start=WINDOW.end)
        assert changes([past, beyond], [], absent=(1, 2)).vanished == ()
        assert changes([known(3)], [], absent=(3,), quarantined=("uid-3",)).vanished == ()

    def test_many_gone_at_once_freeze_the_feed_and_cancel_nothing(self) -> None:
        ours = [known(number) for number in range(1, 21)]
        found = changes(ours, [seen(one) for one in ours[5:]], absent=(1, 2, 3, 4, 5))
        assert (found.frozen, found.vanished, found.absent) == (True, (), frozenset({1, 2, 3, 4, 5}))
        few = changes(ours, [seen(one) for one in ours[4:]], absent=(1, 2, 3, 4))
        assert (few.frozen, len(few.vanished)) == (False, 4)

    def test_uids_that_churn_over_the_same_content_change_no_appointment(self) -> None:
        ours = [known(number) for number in range(1, 11)]
        theirs = [seen(one, uid=f"new-{one.id}", index=one.id + 100) for one in ours]
        found = changes(ours, theirs)
        assert [(one.id, other.uid) for one, other in found.rekeyed] == [
            (n, f"new-{n}") for n in range(1, 11)
        ]
        assert replace(found, rekeyed=()) == Changes()

    def test_disappeared_and_new_of_the_same_patient_and_type_is_a_move(self) -> None:
        one = known(1)
        new = seen(one, uid="new", start=one.start + timedelta(days=3))
        assert changes([one], [new]) == Changes(moved=((one, new),))

    def test_a_move_that_could_be_read_in_two_ways_is_none(self) -> None:
        one = known(1)
        theirs = [seen(one, uid=f"new-{n}", index=n, start=one.start + timedelta(days=n)) for n in (2, 3)]
        found = changes([one], theirs)
        assert (found.moved, found.absent, found.created) == ((), frozenset({1}), tuple(theirs))

    def test_two_alike_at_one_time_keep_their_uids_in_whatever_order_they_come(self) -> None:
        """Two rooms for one patient; nothing is written."""
        one, two = known(1), known(2, start=known(1).start, person="person 1")
        assert changes([one, two], [seen(two, index=1), seen(one, index=2)]) == Changes()

    def test_nobody_is_named_and_the_uid_and_the_text_are_new(self) -> None:
        one = known(1, person="")
        other = seen(one, uid="new", content="told otherwise")
        assert changes([one], [other]).changed == ((one, other),)

    def test_another_kind_of_appointment_under_a_new_uid_is_a_change_at_its_time(self) -> None:
        one = known(1)
        other = seen(one, uid="new", summary="CT Abdomen", type_id=CT, content="told otherwise")
        assert changes([one], [other]) == Changes(changed=((one, other),))

    def test_what_stands_beyond_the_window_is_nobodys_to_prepare(self) -> None:
        assert (
            changes([], [seen(known(1), start=WINDOW.end, end=WINDOW.end + timedelta(hours=1))]) == Changes()
        )

    def test_a_longer_appointment_is_a_change(self) -> None:
        one = known(1)
        longer = seen(one, end=one.end + timedelta(minutes=15))
        assert changes([one], [longer]) == Changes(changed=((one, longer),))

    def test_a_type_that_is_not_recognised_any_more_takes_none_away(self) -> None:
        one = known(1)
        assert changes([one], [seen(one, type_id=None)]) == Changes()
        assert changes([one], [seen(one, type_id=CT)]).changed != ()

    def test_beside_a_cancelled_one_the_live_one_is_meant(self) -> None:
        off = known(1, cancelled=True)
        live = known(2, start=off.start, person=off.person, uid="old")
        found = changes([off, live], [seen(live, uid="new")])
        assert ([pair[0] for pair in found.rekeyed], found.reappeared) == ([live], ())

    def test_a_uid_that_is_anothers_now_is_released(self) -> None:
        one, two = known(1), known(2)
        found = changes([one, two], [seen(one, uid=two.uid), seen(two, uid="new")])
        assert {pair[0].id for pair in found.rekeyed} == {1, 2}
        assert (found.released, found.absent) == (frozenset({2}), frozenset())

    def test_as_many_that_name_somebody_else_freeze_the_feed_and_are_nobodys_yet(self) -> None:
        ours = [known(number, content=f"{number}") for number in range(1, 11)]
        theirs = [seen(one, person=f"other {one.id}|", content="new") for one in ours[:5]]
        found = changes(ours, [*theirs, *(seen(one) for one in ours[5:])])
        assert (found.frozen, found.absent, found.created) == (True, frozenset(range(1, 6)), ())
        assert not found.rewritten and set(found.paired) == set(range(6, 11))
        few = changes(ours, [*theirs[:4], *(seen(one) for one in ours[4:])])
        assert (few.frozen, len(few.changed)) == (False, 4)

    def test_a_next_appointment_is_not_a_move_of_the_past_one(self) -> None:
        past = known(1, start=NOW - timedelta(days=1), end=NOW - timedelta(days=1))
        new = seen(past, uid="new", start=NOW + timedelta(days=9), end=NOW + timedelta(days=9, minutes=30))
        assert changes([past], [new]) == Changes(created=(new,))

    @given(st.sets(st.integers(min_value=1, max_value=30)), st.booleans())
    def test_after_two_fetches_what_lives_is_what_the_feed_says_or_it_is_frozen(
        self, kept: set[int], churn: bool
    ) -> None:
        ours = [known(number) for number in range(1, 31)]
        theirs = [seen(one, uid=f"new-{one.id}" if churn else one.uid) for one in ours if one.id in kept]
        first = changes(ours, theirs)
        second = changes(ours, theirs, absent=tuple(first.absent))
        assert first.vanished == ()
        lives = {one.id for one in ours} - {one.id for one in second.vanished}
        assert lives == (set(range(1, 31)) if second.frozen else kept)


@pytest.mark.parametrize(
    "name",
    [
        "Otto Probefeld",
        "Dr. Anna-Lena O'Hara",
        "OTTO PROBEFELD",
        "Nguyễn Thị Minh",
        "Müller",
        "李 小龙",
        "Ng Minh",
    ],
)
def test_a_name_is_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "code",
    [
        *("", "P-50441", "50441", "P50441 K", "MUE-AN", "K. M.", "KM", "XYZ", "A_B Test", "Neupatient"),
        "#4 Otto",
    ],
)
def test_a_code_is_no_name(code: str) -> None:
    assert not is_name(code)
