"""Dates of birth as people write them. Pure."""

from __future__ import annotations

import re
from datetime import date

DATE = re.compile(r"(?<!\d)(?:(\d{4})-(\d\d)-(\d\d)|(\d{1,2})[./](\d{1,2})[./](\d{4}|\d\d))(?!\d)")
OLDEST = 1900


def read_date(text: str, *, not_after: date) -> date | None:
    """A date of birth as people write it, day first; two digits of a year are of the last hundred years."""
    found = DATE.search(text)
    if found is None:
        return None
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    number = int(year)
    if len(year) == 2:
        number += not_after.year // 100 * 100
        if number > not_after.year:
            number -= 100
    try:
        born = date(number, int(month), int(day))
    except ValueError:
        return None
    return born if born.year >= OLDEST and born <= not_after else None
