"""The page in the languages of those who come, and how much it weighs."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings

from practices.models import Practice
from tests import factories
from tests.treffa.patients import Phone, make_case, require, text

STATIC = Path(settings.BASE_DIR) / "static"
BORN = {
    "tr": "Ne zaman doğdunuz?",
    "ar": "متى وُلدت؟",
    "fa": "کی به دنیا آمده‌اید؟",
    "uk": "Коли Ви народилися?",
    "pl": "Kiedy się Pan/Pani urodził(a)?",
    "es": "¿Cuándo nació?",
}


def packed(*contents: bytes) -> int:
    return sum(len(gzip.compress(content)) for content in contents)


@pytest.fixture
def phone(db: None) -> Phone:
    practice: Practice = factories.make_practice()
    phone = Phone(case=make_case(practice), practice=practice)
    require(phone.case)
    return phone


def test_the_page_speaks_and_is_set_as_its_language_is_and_says_what_is_in_another(phone: Phone) -> None:
    phone.tap_link()
    for code, asked in BORN.items():
        page = text(phone.get(f"/p/?lang={code}"))
        assert asked in page and f'<html lang="{code}"' in page
        assert ('dir="rtl"' in page) == (code in ("ar", "fa"))
    phone.identify()
    page = text(phone.get("/p/?lang=uk"))
    assert "Для Вашого прийому ще бракує" in page and "цією мовою" in page
    assert "цією мовою" not in text(phone.get("/p/?lang=de"))


def test_the_first_page_is_light_and_needs_no_script(phone: Phone) -> None:
    """The budget of the page: 30 kB with its stylesheets, the script 20 kB where files are handed in."""
    first, listed = phone.tap_link().content, phone.identify().content
    sheets = [(STATIC / name).read_bytes() for name in ("tokens.css", "patient/patient.css")]
    for page in (first, listed):
        assert packed(page, *sheets) <= 30_000
        assert b"<script" not in page
    assert packed(sheets[1]) <= 10_000
    assert packed((STATIC / "patient/pages.js").read_bytes()) <= 20_000
