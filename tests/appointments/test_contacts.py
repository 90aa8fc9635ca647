"""Numbers in texts that people wrote. One that stands alone is parsed without a search: the answer is the search's."""

from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from appointments.matching.contacts import phones
from appointments.matching.dates import DATE

COUNTRIES = ("DE", "AT", "CH", "FR", "IT", "LU")


def searched(text: str, *, country: str) -> list[str]:
    """As phonenumbers' own search finds them."""
    found = phonenumbers.PhoneNumberMatcher(DATE.sub(" ", text), country)
    return [phonenumbers.format_number(one.number, PhoneNumberFormat.E164) for one in found]


def parsed(text: str, *, country: str) -> list[str]:
    return [phone.number for phone in phones(text, country=country)]


def examples() -> Iterator[tuple[str, str]]:
    for country in COUNTRIES:
        for kind in PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(country, kind)
            for style in (
                PhoneNumberFormat.E164,
                PhoneNumberFormat.NATIONAL,
                PhoneNumberFormat.INTERNATIONAL,
            ):
                if example is not None:
                    yield country, phonenumbers.format_number(example, style)


@pytest.mark.parametrize(("country", "written"), sorted(set(examples())))
def test_numbers_of_every_kind_are_found_however_they_are_written(country: str, written: str) -> None:
    for text in (
        written,
        written.replace(" ", ""),
        written.replace(" ", "/", 1),
        f"Rufen Sie {written} an",
        f"Lindenallee 7, 12345 Musterstadt, {written}",
    ):
        assert parsed(text, country=country) == searched(text, country=country), text


@settings(max_examples=200)
@given(st.text("0123456789 +-/.,x()", max_size=24), st.sampled_from(COUNTRIES))
def test_whatever_digits_are_written_the_same_is_found(text: str, country: str) -> None:
    assert parsed(text, country=country) == searched(text, country=country)
