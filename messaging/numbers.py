"""Which numbers get texts: mobile ones of the countries that a practice allows. Others cost a fortune, or reach nobody. Pure."""

from collections.abc import Collection
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def takes_texts(number: str, *, countries: Collection[str]) -> bool:
    """Whether a number (E.164) is a mobile one of one of the countries (ISO 3166-1)."""
    return _country_of_mobile(number) in countries


@lru_cache(maxsize=4096)
def _country_of_mobile(number: str) -> str | None:
    """The country of a mobile number; None for any other."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) not in _MOBILE:
        return None
    return phonenumbers.region_code_for_number(parsed)
