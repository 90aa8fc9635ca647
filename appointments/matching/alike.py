"""Whether two patients may be one person: for a person to decide, never enough to merge them. Pure."""

from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum

from appointments.matching.words import name_key

# "Meier" and "Maier", "Katharina" and "Katarina"; "Lena" and "Anna" are not.
ALIKE = 0.75


class Likeness(StrEnum):
    """Why somebody should look."""

    NAME = "name"
    """The same name, and of one or both no date of birth is known."""
    NAME_AND_BIRTH = "name_and_birth"
    BIRTH = "birth"
    """The same date of birth, nearly the same name."""
    CONTACT = "contact"
    """The same phone or e-mail, and name and date of birth nearly agree."""


@dataclass(frozen=True)
class Traits:
    """What is known of a patient."""

    name: str
    birth_date: date | None = None
    phone: str = ""
    email: str = ""


def likeness(one: Traits, other: Traits) -> Likeness | None:
    """Why the two may be one person; None if nothing speaks for it, or two dates of birth speak against it."""
    same_name, close = _names(one.name, other.name)
    born, other_born = one.birth_date, other.birth_date
    shared = bool(one.phone and one.phone == other.phone) or bool(one.email and one.email == other.email)
    if born is not None and born == other_born:
        if same_name:
            return Likeness.NAME_AND_BIRTH
        if close:
            return Likeness.BIRTH
        # Who marries takes another name: the first name, the day and the telephone stay.
        return Likeness.CONTACT if shared and _one_in_common(one.name, other.name) else None
    if born is None or other_born is None:
        if same_name:
            return Likeness.NAME
        return Likeness.CONTACT if shared and close else None
    return Likeness.CONTACT if shared and same_name and _slip(born, other_born) else None


def _names(one: str, other: str) -> tuple[bool, bool]:
    """(the same, nearly the same)."""
    key, other_key = name_key(one), name_key(other)
    if not key or not other_key:
        return False, False
    if key == other_key:
        return True, True
    words, other_words = set(key.split()), set(other_key.split())
    common = words & other_words
    left, other_left = words - common, other_words - common
    if not common or len(left) > 1 or len(other_left) > 1:
        return False, bool(common) and not (left and other_left)
    if not left or not other_left:  # one has a name more
        return False, True
    return False, _same_word(left.pop(), other_left.pop())


def _same_word(one: str, other: str) -> bool:
    """One misspelled or cut short: "O." for Otto."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) or SequenceMatcher(None, one, other).ratio() >= ALIKE


def _one_in_common(one: str, other: str) -> bool:
    """A first name, as far as names say which that is: the first word."""
    first, other_first = name_key(one.split(" ")[0]), name_key(other.split(" ")[0])
    return bool(first) and first == other_first


def _slip(one: date, other: date) -> bool:
    """Two dates of birth that one slip of a finger tells apart: a digit, two digits the other way round, day and month."""
    if (one.day, one.month, one.year) == (other.month, other.day, other.year):
        return True
    text, other_text = f"{one:%d%m%Y}", f"{other:%d%m%Y}"
    wrong = [place for place in range(8) if text[place] != other_text[place]]
    if len(wrong) != 2:
        return len(wrong) == 1
    first, second = wrong
    return second == first + 1 and text[first] == other_text[second] and text[second] == other_text[first]
