"""Who is named, as far as a calendar tells: enough to see that an event means another person, not enough to merge two. Pure."""

from __future__ import annotations

from datetime import date

from appointments.matching.words import name_key

LONGEST = 240


def person_key(name: str, born: date | None) -> str:
    """ "anna schmidt|1957-03-12"; "" for nobody."""
    key = name_key(name)
    return f"{key}|{born or ''}"[:LONGEST] if key else ""


def same_person(one: str, other: str) -> bool:
    """Whether an event that named one still does, by their keys: the same name or a longer one, unless they were born on
    two days; or a name corrected beside the same date of birth."""
    (name, born), (other_name, other_born) = _parts(one), _parts(other)
    if born and other_born:
        return born == other_born and bool(name & other_name)
    return name <= other_name or other_name <= name


def _parts(key: str) -> tuple[frozenset[str], str]:
    name, _, born = key.partition("|")
    return frozenset(name.split()), born
