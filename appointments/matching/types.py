"""Which appointment type a text means. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from appointments.matching.vocabulary import CONTRAST
from appointments.matching.words import fold, terms

SHORTEST_ABBREVIATION = 4


@dataclass(frozen=True)
class TypeWords:
    """A type of the practice and what it is recognised by, its name included."""

    id: int
    name: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypeMatch:
    """`id` is None where nothing fits, or where two types fit equally well (`ambiguous`)."""

    id: int | None = None
    ambiguous: bool = False
    contrast_unsaid: bool = False
    """The text speaks of contrast medium, the type does not."""


NO_TYPE = TypeMatch()


@dataclass(frozen=True)
class _Keyword:
    type_id: int
    terms: tuple[str, ...]
    folded: str


class TypeIndex:
    """The practice's types, ready to be found in many texts (the answers are kept: calendars repeat themselves)."""

    def __init__(self, types: Iterable[TypeWords]) -> None:
        self._keywords = [
            _Keyword(type_id=known.id, terms=found, folded=fold(text))
            for known in types
            for text in dict.fromkeys((known.name, *known.keywords))
            if (found := terms(text))
        ]
        self._answers: dict[str, TypeMatch] = {}
        self._by_text: dict[str, list[_Keyword]] = {}
        self._by_term: dict[str, list[_Keyword]] = {}
        self._by_beginning: dict[str, set[str]] = {}
        for keyword in self._keywords:
            for text in {keyword.folded, "".join(keyword.terms)}:
                self._by_text.setdefault(text, []).append(keyword)
            for term in keyword.terms:
                self._by_term.setdefault(term, []).append(keyword)
                self._by_beginning.setdefault(term[:SHORTEST_ABBREVIATION], set()).add(term)

    def match(self, text: str) -> TypeMatch:
        """The type whose keyword says most of what the text says."""
        if text not in self._answers:
            self._answers[text] = self._find(text)
        return self._answers[text]

    def _find(self, text: str) -> TypeMatch:
        said = terms(text)
        joined = {first + second for first, second in itertools.pairwise(said)}
        folded = fold(text)
        ranked: dict[int, tuple[bool, int, int]] = {}
        for keyword in self._candidates(folded, said=said, joined=joined):
            rank = self._rank(keyword, text=folded, said=said, joined=joined)
            if rank is not None:
                ranked[keyword.type_id] = max(rank, ranked.get(keyword.type_id, rank))
        if not ranked:
            return NO_TYPE
        best = max(ranked.values())
        winners = [type_id for type_id, rank in ranked.items() if rank == best]
        if len(winners) > 1:
            return TypeMatch(ambiguous=True)
        named = {
            term for keyword in self._keywords if keyword.type_id == winners[0] for term in keyword.terms
        }
        return TypeMatch(id=winners[0], contrast_unsaid=CONTRAST in said and CONTRAST not in named)

    def _candidates(self, text: str, *, said: tuple[str, ...], joined: set[str]) -> Iterable[_Keyword]:
        """The keywords of which at least one word is said: few of all."""
        terms = {*said, *joined}
        for word in said:
            near = self._by_beginning.get(word[:SHORTEST_ABBREVIATION], ())
            terms.update(term for term in near if _abbreviates(term, word))
        found = [keyword for term in terms for keyword in self._by_term.get(term, ())]
        found += [keyword for whole in (text, *said) for keyword in self._by_text.get(whole, ())]
        return dict.fromkeys(found)

    @staticmethod
    def _rank(
        keyword: _Keyword, *, text: str, said: tuple[str, ...], joined: set[str]
    ) -> tuple[bool, int, int] | None:
        """(the very text, letters that agree, words that agree exactly); None unless all its words are said."""
        if keyword.folded == text:
            return True, len(text), len(keyword.terms)
        letters = exact = 0
        if "".join(keyword.terms) not in said:
            for term in keyword.terms:
                if term in said or term in joined:
                    exact += 1
                elif not any(_abbreviates(term, word) for word in said):
                    return None
                letters += len(term)
            return False, letters, exact
        return False, len("".join(keyword.terms)), len(keyword.terms)


def _abbreviates(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= SHORTEST_ABBREVIATION and longer.startswith(shorter)
