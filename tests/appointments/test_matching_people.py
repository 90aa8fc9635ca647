"""Who an event means: names, dates of birth, telephones and addresses as practices of four languages write them."""

from dataclasses import replace
from datetime import date

import pytest

from appointments.ical import Attendee
from appointments.matching import Kind, Rules, name_key, read_date, spoken_name, valid_email, valid_phone
from tests.appointments.test_matching import KNEE, NOW, Understood, read

ANNA = date(1957, 3, 12)


class TestNames:
    @pytest.mark.parametrize(
        ("written", "spoken"),
        [
            ("Schmidt, Anna", "Anna Schmidt"),
            ("Prof. Dr. med. Schmidt, Anna", "Prof. Dr. med. Anna Schmidt"),
            ("Schmidt, Dr. Anna", "Dr. Anna Schmidt"),
            ("Frau Dr. Anna Schmidt", "Dr. Anna Schmidt"),
            ("Schmidt-Müller, Anna-Lena", "Anna-Lena Schmidt-Müller"),
            ("von der Heide, Klaus", "Klaus von der Heide"),
            ("Klaus von der Heide", "Klaus von der Heide"),
            ("de la Cruz, María", "María de la Cruz"),
            ("Yıldız, İbrahim", "İbrahim Yıldız"),
            ("Żółć, Łukasz", "Łukasz Żółć"),
            ("O'Neill, Sean", "Sean O'Neill"),
        ],
    )
    def test_a_name_is_spoken_first_name_first(self, written: str, spoken: str) -> None:
        assert spoken_name(written) == spoken
        assert read(f"{written} - MRT Knie").name == spoken
        assert read(f"MRT Knie - {written}").name == spoken

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Yıldız, Işıl", "YILDIZ ISIL"),
            ("Łukasz Żółć", "ZOLC, Lukasz"),
            ("Sørensen, Bjørn", "Bjorn Sorensen"),
            ("Großmann, Jörg", "GROSSMANN JOERG"),
            ("Đoković, Ana", "Ana Dokovic"),
        ],
    )
    def test_letters_that_keyboards_lack_tell_nobody_apart(self, one: str, other: str) -> None:
        assert name_key(one) == name_key(other)

    def test_names_in_other_scripts_are_somebodys(self) -> None:
        """Two people with nothing in common but a birthday would be one patient if their names were nothing."""
        keys = {name_key(name) for name in ("Анна Шмидт", "Игорь Петров", "Άννα Παππά", "محمد علي")}
        assert len(keys) == 4 and "" not in keys

    @pytest.mark.parametrize(
        "summary", ["Neuer Patient", "Erst Gespräch", "Akute Schmerzen", "Nuova Visita", "New Patient"]
    )
    def test_two_words_in_capitals_are_not_yet_a_name(self, summary: str) -> None:
        found = read(summary)
        assert (found.name, found.type_text) == ("", summary)

    def test_a_summary_that_repeats_the_labelled_name_is_no_type(self) -> None:
        found = read("Schmidt, Anna", "Patient: Anna Schmidt")
        assert (found.name, found.type_text) == ("Anna Schmidt", "")

    @pytest.mark.parametrize(
        "description",
        ["Name: Schmidt\nVorname: Anna", "Nom : Schmidt\nPrénom : Anna", "Cognome: Schmidt\nNome: Anna",
         "Nachname: Schmidt\nVorname: Anna", "Last name: Schmidt\nFirst name: Anna", "Cognome: Schmidt\nNome: Anna Schmidt",
         "Name: Anna Schmidt\nVorname: Anna"],
    )  # fmt: skip
    def test_the_halves_of_a_name_are_put_together(self, description: str) -> None:
        assert read("MRT Knie", description).name == "Anna Schmidt"


class TestAbsences:
    @pytest.mark.parametrize(
        "summary",
        ["Frei, Anna", "Anna Frei", "Hans Block", "Frau Pause", "Herr Privat", "Corso, Maria", "Lisa Pause"],
    )
    def test_nobody_is_dropped_for_a_surname_that_is_an_absence(self, summary: str) -> None:
        assert read(summary).kind is Kind.APPOINTMENT

    @pytest.mark.parametrize(
        "summary",
        ["Frei", "frei", "Urlaub Dr. Weber", "Dr. Weber Urlaub", "Praxis Geschlossen", "Team Besprechung", "MRT1 Wartung",
         "Urlaub, Ferien", "Pause Mittag", "Raum Reserviert"],
    )  # fmt: skip
    def test_and_the_practices_own_time_stays_its_own(self, summary: str) -> None:
        assert read(summary).kind is Kind.ABSENCE

    def test_a_word_that_the_practice_names_is_an_absence_whatever_it_looks_like(self) -> None:
        assert read("Anna Frei").kind is Kind.APPOINTMENT
        assert read("Weber Golf", rules=Rules(absences=("Golf",))).kind is Kind.ABSENCE


class TestDatesOfBirth:
    @pytest.mark.parametrize(
        "text",
        ["12.03.1957", "12.3.57", "12. 3. 1957", "12/03/1957", "12-03-1957", "1957-03-12", "12. März 1957", "12. Maerz 1957",
         "12 mars 1957", "12 marzo 1957", "12 March 1957", "March 12, 1957", "12th of March 1957", "Mar 12 1957", "12 Mrz. 1957"],
    )  # fmt: skip
    def test_it_is_read_as_four_languages_write_it(self, text: str) -> None:
        assert read_date(text, not_after=NOW.date()) == ANNA
        assert read("Anna Schmidt", f"Geburtsdatum: {text}").birth_date == ANNA

    @pytest.mark.parametrize(
        ("text", "month"), [("janvier", 1), ("févr.", 2), ("août", 8), ("Aug", 8), ("juillet", 7), ("juin", 6),
                            ("giugno", 6), ("luglio", 7), ("dicembre", 12), ("Jänner", 1), ("ottobre", 10), ("déc.", 12)]
    )  # fmt: skip
    def test_months_are_told_apart(self, text: str, month: int) -> None:
        assert read_date(f"5 {text} 1980", not_after=NOW.date()) == date(1980, month, 5)

    @pytest.mark.parametrize(
        "text", ["1957", "03/13/1957", "31.04.1957", "12 Foo 1957", "12.III.1957", "12.03.2027", "12.03."]
    )
    def test_what_is_no_date_is_not_guessed(self, text: str) -> None:
        assert read_date(text, not_after=NOW.date()) is None

    @pytest.mark.parametrize(
        "text",
        [
            "geb. 12.03.1957",
            "*12.03.1957",
            "née le 12/03/1957",
            "Né(e) le 12/03/1957",
            "nata il 12/03/1957",
            "born 1957-03-12",
        ],
    )
    def test_it_is_found_in_the_text_where_it_says_so(self, text: str) -> None:
        assert read("MRT Knie", f"Bitte früh. Anna, {text}, Kasse").birth_date == ANNA

    def test_any_other_date_in_the_text_is_not_one(self) -> None:
        assert read("MRT Knie", "OP am 12.03.1957 (12.03.1957)").birth_date is None


class TestContacts:
    @pytest.mark.parametrize(
        ("text", "country", "number"),
        [
            ("0151 23456789", "DE", "+4915123456789"),
            ("(0151) 234 567 89", "DE", "+4915123456789"),
            ("0049 151 23456789", "DE", "+4915123456789"),
            ("+49 (0) 151 23456789", "FR", "+4915123456789"),
            ("0664 1234567", "AT", "+436641234567"),
            ("079 123 45 67", "CH", "+41791234567"),
            ("06.12.34.56.78", "FR", "+33612345678"),
            ("347 1234567", "IT", "+393471234567"),
            ("151 23456789", "DE", ""),
            ("112", "DE", ""),
        ],
    )
    def test_a_number_is_of_the_practices_country(self, text: str, country: str, number: str) -> None:
        assert valid_phone(text, country=country) == number

    @pytest.mark.parametrize(
        "address",
        [
            "müller@example.org",
            "anna@exämple.org",
            "anna (at) example.org",
            "ann\u00e9@example.org",
            "anna@example.orgä",
        ],
    )
    def test_no_part_of_an_address_is_taken_for_the_whole(self, address: str) -> None:
        """`ller@example.org` is somebody else."""
        assert valid_email(address) == ""
        assert read("MRT Knie", f"E-Mail: {address}").email == ""

    def test_an_address_is_found_between_brackets_and_words(self) -> None:
        for text in (
            "<anna@example.org>",
            "mailto:anna@example.org",
            "(anna@example.org),",
            "Mail anna@example.org.",
        ):
            assert read("MRT Knie", text).email == "anna@example.org"


class TestElsewhere:
    def test_who_alone_is_invited_is_the_patient(self) -> None:
        guest = Attendee("Anna Schmidt", "anna@example.org")
        assert self.said(read("MRT Knie", attendees=(guest,))) == ("Anna Schmidt", "anna@example.org")

    def test_the_practitioner_is_not(self) -> None:
        doctor, guest = (
            Attendee("Dr. Weber", "weber@example.org"),
            Attendee("Anna Schmidt", "anna@example.org"),
        )
        assert self.said(read("MRT Knie", attendees=(doctor,))) == ("", "")
        assert self.said(read("MRT Knie", attendees=(doctor, guest))) == ("Anna Schmidt", "anna@example.org")
        own = replace(Rules(), practitioner="Dr. Eva Weber")
        assert self.said(
            read("MRT Knie", rules=own, attendees=(Attendee("Eva Weber", "weber@example.org"),))
        ) == ("", "")

    def test_of_two_nobody_is_guessed(self) -> None:
        two = (Attendee("Anna Schmidt", "anna@example.org"), Attendee("Otto Probefeld", "otto@example.org"))
        assert self.said(read("MRT Knie", attendees=two)) == ("", "")

    def test_categories_and_places_name_the_type_where_nothing_else_does(self) -> None:
        assert read("Schmidt, Anna", categories=("Kasse", "MRT Knie")).type_id == KNEE
        assert read("Schmidt, Anna", location="MRT Knie").type_id == KNEE
        assert read("Schmidt, Anna - Stoßwelle", location="MRT Knie").type_id is None

    @staticmethod
    def said(found: Understood) -> tuple[str, str]:
        return found.name, found.email
