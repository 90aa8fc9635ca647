"""Where two types are recognised by the same words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appointments.matching.types import TypeWords
from appointments.matching.words import terms


@dataclass(frozen=True)
class Collision:
    """`word` of a type says the same as `other_word` of another: a text that says no more means neither."""

    type_id: int
    word: str
    other_id: int
    other_word: str


def collisions(types: Iterable[TypeWords]) -> list[Collision]:
    """All of them, each once for either type. What somebody was asked about means one type alone, so it is in none."""
    held: dict[frozenset[str], list[tuple[TypeWords, str]]] = {}
    for known in types:
        for words, word in _words(known):
            held.setdefault(words, []).append((known, word))
    return [
        Collision(type_id=known.id, word=word, other_id=other.id, other_word=other_word)
        for found in held.values()
        for known, word in found
        for other, other_word in found
        if other.id != known.id
    ]


def says_nothing(word: str) -> bool:
    """Whether nothing can be recognised by it: signs, and words that are in every text ("mit", "und")."""
    return not terms(word)


def _words(known: TypeWords) -> Iterator[tuple[frozenset[str], str]]:
    """What a type is recognised by as a part of a text: each once, however often it is written."""
    words = (known.name, *known.keywords)
    yield from {frozenset(terms(word)): word for word in reversed(words) if terms(word)}.items()
