"""Numbers as most people write them are read without all of the library's rules, and to the same result."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.matching import contacts


@pytest.mark.parametrize("country", ["DE", "FR", "CH", "IT", "AT"])
@given(digits=st.text("0123456789", min_size=5, max_size=14), gap=st.sampled_from(["", " ", "-", "/"]))
@settings(max_examples=150, deadline=None)
def test_a_number_is_the_one_that_the_library_reads(country: str, digits: str, gap: str) -> None:
    text = f"0{digits[:3]}{gap}{digits[3:]}"
    found = next(contacts.phones(text, country=country), None)
    try:
        known = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return
    if found is not None and phonenumbers.is_valid_number(known):
        assert found.number == phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.E164)


def test_mobile_and_landline_are_told_apart() -> None:
    told = {text: next(contacts.phones(text, country="DE")) for text in ("01525 4599371", "030 901820")}
    assert {text: (phone.number, phone.mobile) for text, phone in told.items()} == {
        "01525 4599371": ("+4915254599371", True),
        "030 901820": ("+4930901820", False),
    }
