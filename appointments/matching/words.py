"""Words made comparable: umlauts, accents, abbreviations, the order of names. Pure."""

from __future__ import annotations

import functools
import re
import unicodedata

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
    """First name first, without a salutation: "Schmidt, Anna" -> "Anna Schmidt"."""
    text = " ".join(text.split())
    last, comma, first = text.partition(",")
    if comma and first.strip() and "," not in first:
        text = f"{first.strip()} {last.strip()}"
    titles = [word for word in text.split() if word.casefold().rstrip(".") in TITLES]
    words = [word for word in text.split() if word not in titles]
    while len(words) > 1 and words[0].casefold().rstrip(".") in SALUTATIONS:
        words.pop(0)
    return " ".join([*titles, *words])[:160]


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
