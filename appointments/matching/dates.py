"""Dates of birth as people write them in four languages. Pure."""

from __future__ import annotations

import re
from datetime import date

from appointments.matching.vocabulary import MONTHS
from appointments.matching.words import fold

DATE = re.compile(r"(?<!\d)(?:(\d{4})-(\d\d)-(\d\d)|(\d{1,2})[./](\d{1,2})[./](\d{4}|\d\d))(?!\d)")
SPACED = re.compile(r"(?<!\d)(\d{1,2}) ?[.-] ?(\d{1,2}) ?[.-] ?(\d{4})(?!\d)")
DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:\.|er|°|st|nd|rd|th)? *(?:of |de )?([^\W\d_]{3,})\.?,? +(\d{4})(?!\d)"
)
MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,})\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})(?!\d)")
MARK = (
    r"\bgeb(?:\.|oren)?(?: am)?|\bné(?:e|\(e\))? le|\bnat(?:[oa]|o/a) il|\bborn(?: on)?|\bD\.?O\.?B\b\.?"
    r"|\bGeburtsdatum|\bdate de naissance|\bdata di nascita|\bdate of birth"
)
# A date alone may be any date: one of birth says so or, in a summary, stands in brackets.
ANY_DATE = "|".join((DATE.pattern, SPACED.pattern, DAY_FIRST.pattern))
BIRTH_IN_SUMMARY = re.compile(rf"[\s,;]*(?:\*|[(\[]\s*\*?|{MARK})[\s:]*({ANY_DATE})\s*[)\]]?\s*", re.I)
BIRTH_IN_TEXT = re.compile(rf"(?:(?<!\S)\(?\*|{MARK})[\s:]*({ANY_DATE})", re.I)
# The same with the commas and brackets around it.
BORN = re.compile(rf"[\s,;(\[]*(?:\*|{MARK})[\s:]*(?:{ANY_DATE})[\s)\]]*", re.I)
OLDEST = 1900


def read_date(text: str, *, not_after: date) -> date | None:
    """A date of birth, day first unless the year or the month's name leads; two digits of a year are of the last
    hundred years."""
    year, month, day = _parts(text)
    number = int(year or 0)
    if len(year) == 2:
        number += not_after.year // 100 * 100
        if number > not_after.year:
            number -= 100
    try:
        born = date(number, int(month or 0), int(day or 0))
    except ValueError:
        return None
    return born if born.year >= OLDEST and born <= not_after else None


def _parts(text: str) -> tuple[str, str, str]:
    """(year, month, day) as digits, empty where there is no date."""
    if (found := DATE.search(text)) is not None:
        return (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    if (found := SPACED.search(text)) is not None:
        return found[3], found[2], found[1]
    if (found := DAY_FIRST.search(text)) is not None:
        return found[3], MONTHS.get(fold(found[2]), ""), found[1]
    if (found := MONTH_FIRST.search(text)) is not None:
        return found[3], MONTHS.get(fold(found[1]), ""), found[2]
    return "", "", ""
