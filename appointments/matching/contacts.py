"""Phone numbers and e-mail addresses in texts that people wrote. Pure."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType

from appointments.matching.dates import DATE

EMAIL = re.compile(
    r"(?<![\w.%+'-])[A-Za-z0-9._%+'-]+@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![\w-])"
)
# Not the beginning of a number in pairs, as the French write it: 06.12.34.56.78.
LONE_DATE = re.compile(r"(?<![\d./])" + DATE.pattern + r"(?![./]?\d)")
# The shortest number that can be called from elsewhere has four digits (Luxembourg); the longest gap in one that phonenumbers
# accepts has four characters.
DIGITS = re.compile(r"\d(?:[^\d\n]{0,4}\d){3}")
# One number and nothing else, its prefix included: it needs no search.
ONE_NUMBER = re.compile(r"(?:\+|0)\d(?:[ /-]?\d){6,14}", re.ASCII)
# Where one zero, which is not part of it, stands before a number of the country.
CODES = {"DE": 49, "FR": 33, "CH": 41}
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class Phone(NamedTuple):
    """A number that can be called, in E.164."""

    number: str
    mobile: bool


def phones(text: str, *, country: str) -> Iterator[Phone]:
    """The numbers in a text, in order. `country` is where those without a prefix are from."""
    # Dates look like numbers to some countries' plans.
    text = LONE_DATE.sub(" ", text)
    if DIGITS.search(text) is None:
        return
    if ONE_NUMBER.fullmatch(text.strip()) is not None and (found := _parsed(text, country)) is not None:
        yield found
        return
    for match in phonenumbers.PhoneNumberMatcher(text, country):
        yield _phone(match.number, phonenumbers.number_type(match.number))


def valid_phone(text: str, *, country: str) -> str:
    """E.164, "" if it is no number that can be called."""
    return next((phone.number for phone in phones(text, country=country)), "")


@functools.lru_cache(maxsize=20_000)
def is_landline(number: str) -> bool:
    """Whether a number in E.164 is a landline's, which gets no text message. In doubt it is none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.number_type(parsed) == PhoneNumberType.FIXED_LINE)


def emails(text: str) -> Iterator[str]:
    """The addresses in a text, in order."""
    if "@" in text:
        yield from filter(None, map(valid_email, EMAIL.findall(text)))


def valid_email(text: str) -> str:
    """The address with its domain in lower case, "" if it is none."""
    text = text.strip().strip(".")
    if EMAIL.fullmatch(text) is None or ".." in text or len(text) > 254:
        return ""
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


@functools.lru_cache(maxsize=20_000)
def _parsed(text: str, country: str) -> Phone | None:
    for number in _read(text.strip(), country):
        kind = phonenumbers.number_type(number)
        if kind != PhoneNumberType.UNKNOWN:
            return _phone(number, kind)
    return None


def _read(text: str, country: str) -> Iterator[phonenumbers.PhoneNumber]:
    """First as most people write a number of their country, which saves half of the time, then by all the rules."""
    if country in CODES and text[0] == "0" and text[1] != "0":
        digits = "".join(filter(str.isdecimal, text))
        yield phonenumbers.PhoneNumber(country_code=CODES[country], national_number=int(digits[1:]))
    with contextlib.suppress(phonenumbers.NumberParseException):
        yield phonenumbers.parse(text, country)


def _phone(number: phonenumbers.PhoneNumber, kind: int) -> Phone:
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(number=str(written), mobile=kind in MOBILE)
