"""Which appointment type a text means. Pure."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from appointments.matching.vocabulary import CONTRAST
from appointments.matching.words import fold, terms

SHORTEST_ABBREVIATION = 4
# Between two that are said side by side.
BESIDE = re.compile(r"[/+&]|\b(?:und|oder|and|or|et|ou)\b", re.IGNORECASE)
# As much of a text as is kept of it.
LONGEST_TEXT = 120
LONGEST_WORDING = 240
# How a keyword fits, the surest last: its words are said among others; a text that somebody was asked about says the
# same words; it is the very keyword; it is the very text that somebody was asked about.
AMONG_OTHERS, SAME_WORDS, VERY_KEYWORD, VERY_TEXT = range(4)


@dataclass(frozen=True)
class TypeWords:
    """A type of the practice and what it is recognised by: its name and its keywords wherever they are said, and whole
    `texts` of which somebody said that they mean it: of a longer text that holds one of these nobody has said so."""

    id: int
    name: str
    keywords: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypeMatch:
    """`id` is None where nothing fits, or where several types fit equally well (`ambiguous`: those in `alike`)."""

    id: int | None = None
    ambiguous: bool = False
    alike: tuple[int, ...] = ()
    contrast_unsaid: bool = False
    """The text speaks of contrast medium, the type does not."""


NO_TYPE = TypeMatch()


@dataclass(frozen=True)
class _Keyword:
    type_id: int
    terms: tuple[str, ...]
    folded: str
    whole: bool = False


def wording(text: str) -> str:
    """The same for texts that differ in case, umlauts, signs and spaces alone. Signs alone say what they are."""
    text = text[:LONGEST_TEXT]
    return (fold(text) or " ".join(text.casefold().split()))[:LONGEST_WORDING]


class TypeIndex:
    """The practice's types, ready to be found in many texts (the answers are kept: calendars repeat themselves)."""

    def __init__(self, types: Iterable[TypeWords]) -> None:
        self._keywords = [keyword for known in types for keyword in _keywords(known)]
        self._answers: dict[str, TypeMatch] = {}
        self._by_text: dict[str, list[_Keyword]] = {}
        self._by_term: dict[str, list[_Keyword]] = {}
        self._by_beginning: dict[str, set[str]] = {}
        often = Counter(term for keyword in self._keywords for term in keyword.terms)
        for keyword in self._keywords:
            for text in {keyword.folded, "".join(keyword.terms)} - {""}:
                self._by_text.setdefault(text, []).append(keyword)
            # All of its words have to be said: to look for the rarest is enough.
            for term in sorted(keyword.terms, key=often.__getitem__)[:1]:
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
        folded, worded = fold(text), wording(text)
        ranked: dict[int, tuple[int, int, int]] = {}
        for keyword in self._candidates({folded, worded}, said=said, joined=joined):
            rank = _rank(keyword, text=worded if keyword.whole else folded, said=said, joined=joined)
            if rank is not None:
                ranked[keyword.type_id] = max(rank, ranked.get(keyword.type_id, rank))
        if not ranked:
            return NO_TYPE
        best = max(ranked.values())
        winners = [type_id for type_id, rank in ranked.items() if rank == best]
        if best[0] == AMONG_OTHERS:
            winners = [*winners, *self._beside(winners, ranked, text)]
        if len(winners) > 1:
            return TypeMatch(ambiguous=True, alike=tuple(sorted(winners)))
        named = {
            term for keyword in self._keywords if keyword.type_id == winners[0] for term in keyword.terms
        }
        return TypeMatch(id=winners[0], contrast_unsaid=CONTRAST in said and CONTRAST not in named)

    def _beside(self, winners: Sequence[int], ranked: Collection[int], text: str) -> list[int]:
        """The types that are said beside a winner with as good a right: "MRT / CT"."""
        parts = [frozenset(terms(part)) for part in BESIDE.split(text)]
        if len(parts) < 2:
            return []
        said = frozenset().union(*parts)
        found = [
            (keyword.type_id, frozenset(keyword.terms))
            for keyword in self._keywords
            if keyword.type_id in ranked and not keyword.whole and said.issuperset(keyword.terms)
        ]
        mine = [words for type_id, words in found if type_id in winners]
        others = [(type_id, words) for type_id, words in found if type_id not in winners]
        beside = [
            (type_id, words)
            for type_id, words in others
            if mine and all(_apart(words, own, parts) for own in mine)
        ]
        # "CT" says no more than "CT Abdomen" beside it.
        return [
            type_id
            for type_id in dict.fromkeys(type_id for type_id, _ in beside)
            if any(not any(words < more for _, more in found) for one, words in beside if one == type_id)
        ]

    def _candidates(self, texts: set[str], *, said: tuple[str, ...], joined: set[str]) -> Iterable[_Keyword]:
        """The keywords of which the rarest word is said: few of all."""
        terms = {*said, *joined}
        for word in said:
            near = self._by_beginning.get(word[:SHORTEST_ABBREVIATION], ())
            terms.update(term for term in near if _abbreviates(term, word))
        found = [keyword for term in terms for keyword in self._by_term.get(term, ())]
        found += [keyword for whole in (*texts, *said) for keyword in self._by_text.get(whole, ())]
        return dict.fromkeys(found)


def _keywords(known: TypeWords) -> Iterable[_Keyword]:
    for text in dict.fromkeys((known.name, *known.keywords)):
        if found := terms(text):
            yield _Keyword(type_id=known.id, terms=found, folded=fold(text))
    for text in known.texts:
        yield _Keyword(type_id=known.id, terms=terms(text), folded=wording(text), whole=True)


def _rank(
    keyword: _Keyword, *, text: str, said: tuple[str, ...], joined: set[str]
) -> tuple[int, int, int] | None:
    """(how it fits, letters that agree, words that agree exactly); None unless all its words are said."""
    if keyword.folded == text:
        return VERY_TEXT if keyword.whole else VERY_KEYWORD, len(text), len(keyword.terms)
    in_one = "".join(keyword.terms)
    if keyword.whole and not (said == (in_one,) or _all_said(said, by=keyword.terms)):
        return None
    fits = SAME_WORDS if keyword.whole else AMONG_OTHERS
    if in_one in said:
        return fits, len(in_one), len(keyword.terms)
    letters = exact = 0
    for term in keyword.terms:
        if term in said or term in joined:
            exact += 1
        elif not any(_abbreviates(term, word) for word in said):
            return None
        letters += len(term)
    return fits, letters, exact


def _apart(words: frozenset[str], others: frozenset[str], parts: Sequence[frozenset[str]]) -> bool:
    """Whether what the one says alone stands in a part that has nothing of what the other says alone."""
    own, foreign = words - others, others - words
    return bool(own and foreign) and any(own <= part and not foreign & part for part in parts)


def _all_said(words: tuple[str, ...], *, by: tuple[str, ...]) -> bool:
    """Whether each of the words, perhaps abbreviated, is among the others."""
    return bool(words) and all(word in by or any(_abbreviates(word, other) for other in by) for word in words)


def _abbreviates(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= SHORTEST_ABBREVIATION and longer.startswith(shorter)
