"""Words made comparable: umlauts, accents, abbreviations, the order of names. Pure."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

from appointments.matching.vocabulary import (
    CONTRAST,
    NATIVE,
    NO_NAMES,
    SALUTATIONS,
    STOP_WORDS,
    SYNONYMS,
    TITLES,
    WITHOUT,
)

NOT_WORD = re.compile(r"[\W_]+")
# Letters that Unicode does not take apart.
PLAIN = str.maketrans(
    {"ß": "ss", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "a", "œ": "o"}
)
NOT_LETTER = re.compile(r"[^\w]+")
NOT_IN_NAMES = re.compile(r"[^\w\s.,'’-]|_")
VOWELS = frozenset("aeiouy")
UMLAUT_WRITTEN_OUT = re.compile(r"([aou])e")


@functools.lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Lower case words, single spaces; Müller, Mueller and MULLER come out alike."""
    plain = text.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain.translate(PLAIN))
        plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = UMLAUT_WRITTEN_OUT.sub(r"\1", plain).replace("ph", "f")
    return NOT_WORD.sub(" ", plain).strip()


@functools.lru_cache(maxsize=20_000)
def terms(text: str) -> tuple[str, ...]:
    """What an examination's name says, synonyms replaced, "ohne KM" as one word."""
    found: list[str] = []
    without = False
    for word in fold(text).split():
        if word in WITHOUT:
            without = True
            continue
        term = SYNONYMS.get(word, word)
        if term == CONTRAST and without:
            term = NATIVE
        if term not in STOP_WORDS:
            found.append(term)
            without = False
    return tuple(dict.fromkeys(found))


def name_key(name: str) -> str:
    """The same for "Schmidt, Anna", "Frau Dr. Anna Schmidt" and "SCHMIDT Anna". Never enough to merge two people."""
    words = (word for word in fold(name).split() if word not in SALUTATIONS and word not in TITLES)
    return " ".join(sorted(words))


def spoken_name(text: str) -> str:
    """First name first, without a salutation: "Schmidt, Anna" and "SCHMIDT Anna" -> "Anna Schmidt", "Anna SCHMIDT"."""
    text = " ".join(text.split())
    last, comma, first = text.partition(",")
    listed = bool(comma and first.strip() and "," not in first)
    if listed:
        text = f"{first.strip()} {last.strip()}"
    titles = [word for word in text.split() if _is_title(word)]
    words = [word for word in text.split() if word not in titles]
    while len(words) > 1 and fold(words[0]) in SALUTATIONS:
        words.pop(0)
    return " ".join([*titles, *(words if listed else _first_name_first(words))])[:160]


def _is_title(word: str) -> bool:
    return bool(set(fold(word).split()) <= TITLES and fold(word))


def _first_name_first(words: list[str]) -> list[str]:
    loud = surname_is_loud(words)
    return [*words[loud:], *words[:loud]]


def surname_is_loud(words: Sequence[str]) -> int:
    """How many words of a name are a surname in capitals before a first name that is not: "VON DER HEIDE Klaus". 0 if it is
    written otherwise."""
    loud = next((place for place, word in enumerate(words) if not word.isupper()), len(words))
    surname = "".join(words[:loud])
    return loud if loud < len(words) and len(surname) >= 3 and "." not in surname else 0


def is_name(text: str) -> bool:
    """Whether it is a person's name, and no number, code or remark ("P-50441", "MUE-AN", "K. M.", "Neupatient").
    In doubt it is none."""
    words = [word for word in NOT_LETTER.split(text) if len(word) > 1]
    if not words or any(character.isdigit() for character in text) or NOT_IN_NAMES.search(text):
        return False
    if NO_NAMES & set(fold(text).split()):
        return False
    spoken = any(not word.isascii() or set(word.casefold()) & VOWELS for word in words)
    return spoken and (len(text.split()) > 1 or not text.isupper())
