"""The check of the translations, and how dates and numbers are written in each language."""

from datetime import date, datetime
from typing import Any

import pytest
from babel.messages.catalog import Message
from django.utils import formats, translation

from practices.models import Practice, User
from treffa import catalogues

ONE_MANY = ("%(n)s file of %(name)s", "%(n)s files of %(name)s")


@pytest.mark.parametrize(
    ("original", "translated", "wrong"),
    [
        ("Hello %(name)s", "Bonjour %(name)s", ""),
        ("Hello", "", "untranslated"),
        ("Hello %(name)s", "Bonjour", "placeholder"),
        ("Hello", "Bonjour %(name)s", "placeholder"),
        ("{link} is missing", "manque", "placeholder"),
        ("<strong>All</strong>", "<b>Tout</b>", "placeholder"),
        (" and ", "et", "space"),
        (ONE_MANY, ("un fichier de %(name)s", "%(n)s fichiers de %(name)s"), ""),
        (ONE_MANY, ("un fichier", "%(n)s fichiers de %(name)s"), "placeholder"),
        (ONE_MANY, ("un fichier de %(name)s", ""), "plural"),
        (ONE_MANY, ("un fichier de %(name)s",), "plural"),
    ],
)
def test_a_translation_that_says_something_else_is_found(original: Any, translated: Any, wrong: str) -> None:
    message = Message(original, locations=[("practices/models.py", 0)])
    found = " ".join(catalogues.problems_of(message, Message(original, translated), plurals=2))
    assert (wrong in found) if wrong else not found


def test_an_uncertain_translation_is_found() -> None:
    fuzzy = Message("Hello", "Bonjour", flags=["fuzzy"])
    assert next(catalogues.problems_of(Message("Hello"), fuzzy, plurals=2)).startswith("uncertain")


@pytest.mark.parametrize(
    ("language", "day", "moment", "number"),
    [
        ("de", "24.11.2026", "24.11.2026 00:00", "1234,5"),
        ("fr", "24/11/2026", "24/11/2026 00:00", "1234,5"),
        ("it", "24/11/2026", "24/11/2026 00:00", "1234,5"),
        ("en", "24 Nov 2026", "24 Nov 2026, 00:00", "1234.5"),
    ],
)
def test_dates_and_numbers_are_written_as_in_the_country(
    language: str, day: str, moment: str, number: str
) -> None:
    with translation.override(language):
        assert formats.date_format(date(2026, 11, 24), "SHORT_DATE_FORMAT") == day
        assert formats.date_format(datetime(2026, 11, 24), "SHORT_DATETIME_FORMAT") == moment
        assert formats.number_format("1234.5") == number


@pytest.mark.parametrize(
    ("count", "french", "italian"), [(0, "0 jour", "0 giorni"), (1, "1 jour", "1 giorno")]
)
def test_nothing_is_singular_in_french_and_plural_in_italian(count: int, french: str, italian: str) -> None:
    for language, said in (("fr", french), ("it", italian)):
        with translation.override(language):
            assert translation.ngettext("%(n)s day", "%(n)s days", count) % {"n": count} == said


def test_whoever_has_chosen_no_language_has_the_practices() -> None:
    practice = Practice(languages=["fr", "de"])
    assert practice.language_for(User()) == "fr"
    assert practice.language_for(User(language="it")) == "it"
