"""Names of people among other texts: what looks like one, and what stands around it. Pure."""

from __future__ import annotations

import functools
import re

from appointments.matching.contacts import EMAIL
from appointments.matching.dates import BORN
from appointments.matching.vocabulary import (
    BESIDE_NAMES,
    MEDICAL,
    NO_NAMES,
    NO_NUMBERS,
    PARTICLES,
    PLACES,
    SALUTATIONS,
    SYNONYMS,
    TITLES,
)
from appointments.matching.words import fold, name_key

# A number in place of a name: "P-10482", "#17", "50441"; not "MRT1", "2x" or "3D-Mammographie".
NUMBER = re.compile(r"#\d+|[A-Za-z]{1,4}[-#]\d[\w-]*|[A-Za-z]{0,4}\d{3,}[\w-]{0,20}")
NUMBER_WITHIN = re.compile(r"(?<!\S)(?:#\d{2,}|[A-Z]{1,4}[-#]\d{3,})(?!\S)")
MEDICINE = frozenset(SYNONYMS) | frozenset(SYNONYMS.values())
# "MRT1", "CT 2", "R2"
DEVICE = re.compile(r"[A-Za-z]{1,5}-?\d{1,2}")
# What else than a name has none of these.
AROUND = re.compile(r"[\d@*()\[\]{}]")
BRACKETS = re.compile(r"[(\[{][^()\[\]{}]*[)\]}]")
TELEPHONE = re.compile(r"(?<![\w#-])(?:\+|0)[\d ()/.-]{6,}\d")
CALLED = re.compile(r"\b(?:Tel|Telefon|Mobil|Handy|Tél|Phone|Cell|Natel)\b[.:]*\s*$", re.I)
TIME = re.compile(r"^\s*\d{1,2}[:.h]\d\d(?:\s*[-–]\s*\d{1,2}[:.h]\d\d)?(?:\s*(?:Uhr|h))?\s+", re.I)
# "geb. Müller", "née Dupont", "nata Rossi"
MAIDEN = re.compile(
    r"(?<=\s)(?:geb\.?|geborene[rn]?|n[ée]e?|nat[ao]|born)\s+(?:\w+\s)?[^\W\d_][\w'’-]+", re.UNICODE
)
ENDS = " ,;:-–—|/*"


def is_number(word: str) -> bool:
    """Whether a word is a number in place of a name."""
    return NUMBER.fullmatch(word) is not None and fold(word) not in NO_NUMBERS


def number_within(text: str) -> re.Match[str] | None:
    """Such a number among other words."""
    found = NUMBER_WITHIN.search(text)
    return found if found is not None and is_number(found[0]) else None


@functools.lru_cache(maxsize=1_000)
def cleaned(text: str) -> str:
    """A name without what stands around it: dates, telephones, remarks in brackets, "Neupatient". Something is left of it,
    if there is a name."""
    if AROUND.search(text) is not None:
        text = BORN.sub(" ", EMAIL.sub(" ", BRACKETS.sub(" ", TIME.sub("", text))))
        text = CALLED.sub(" ", TELEPHONE.sub(" ", text).strip(ENDS))
    if MAIDEN.search(text) is not None:
        text = MAIDEN.sub(" ", text)
    words = text.replace(" ,", ",").strip(ENDS).split()
    while len(words) > 1 and _is_beside(words[0]):
        words.pop(0)
    return " ".join(words).replace(" ,", ",").strip(ENDS)


def _is_beside(word: str) -> bool:
    """A surname would have its comma behind it: "Neu, Anna"."""
    return not word.endswith(",") and (fold(word) in BESIDE_NAMES or DEVICE.fullmatch(word) is not None)


def is_beside(text: str) -> bool:
    """Whether it is a remark or a place, and names nobody."""
    words = fold(text).split()
    return all(
        word in BESIDE_NAMES or word in PLACES or (word.isdigit() and len(word) < 3) or len(word) == 1
        for word in words
    ) or (len(words) == 1 and DEVICE.fullmatch(text.strip()) is not None)


def looks_like_a_name(text: str) -> bool:
    """Two to five words as names are written."""
    words = [
        word
        for word in text.replace(",", " ").split()
        if word not in PARTICLES and fold(word) not in TITLES and fold(word) not in SALUTATIONS
    ]
    if any(map(is_medical, fold(" ".join(words)).split())):
        return False
    return 2 <= len(words) <= 5 and all(map(_is_capital, words))


def is_listed(text: str) -> bool:
    """Whether it is written surname first: "schmidt, anna"."""
    last, comma, first = text.partition(",")
    halves = (last.split(), first.split())
    if not comma or "," in first or any(map(is_medical, fold(text).split())):
        return False
    return all(1 <= len(half) <= 4 and all(_is_word(word) for word in half) for half in halves)


def says_a_person(text: str) -> bool:
    """Whether it is one by its form, whatever the words mean: "Frei, Anna", "Frau Frei"."""
    words = fold(text).split()
    if (TITLES | PLACES) & set(words):
        return False
    salutation = len(words) > 1 and words[0] in SALUTATIONS and _is_capital(text.split()[-1])
    return salutation or ("," in text and looks_like_a_name(text))


def is_medical(word: str) -> bool:
    """Whether a folded word is of medicine and its places, by its end or as it stands."""
    return word in NO_NAMES or word in MEDICINE or word.endswith(MEDICAL)


def has_title(text: str) -> bool:
    return bool(TITLES & set(fold(text).split()))


def is_of(text: str, practitioner: str) -> bool:
    """Whether it names the practitioner."""
    if not practitioner:
        return False
    key, own = set(name_key(text).split()), set(name_key(practitioner).split())
    return bool(key and own) and (key == own or (has_title(text) and key <= own))


def _is_capital(word: str) -> bool:
    """Scripts without capitals have none that are small."""
    if any(character.isdigit() for character in word) or not any(map(str.isalpha, word)):
        return False
    letter = word.replace("’", "'").rpartition("'")[2][:1] if not word[0].isupper() else word[0]
    return letter.isalpha() and not letter.islower()


def _is_word(word: str) -> bool:
    return all(character.isalpha() or character in ".'’-" for character in word)
