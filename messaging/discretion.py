"""Words that tell a stranger about somebody's health: specialities, examinations, organs, illnesses, medicines. Pure.

A text on a locked phone is read by whoever holds it. Stems match at the beginning of a word or inside of a compound,
short names only as a whole word. The lists are short of what could be said, long for what practices do say; a practice's
own types of appointment come on top.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

_EVERYWHERE = (
    "radiolog kardiolog cardiolog gastro onkolog oncolog orthop ortop urolog gynäk gynek gynéc ginecol psych psicolog neurolog "
    "nephrolog nefrolog pneumolog dermatolog chirurg hämatolog tomogra mammogra biops endoskop endoscop koloskop coloscop "
    "kolonosk colonosc gastroskop röntgen szintigra scintigra sonogra ecogra échogra diagnos kontrast contrast kreatinin "
    "creatinin créatinin tumor tumeur cancer cancro karzinom metform insulin diabet allerg prostat abdom thorax hepatit"
)
_WHOLE = "mrt mri irm rmn ct tac pet ekg ecg eeg hiv vih aids op icd tbc covid"
_STEMS = {
    "de": (
        "kernspin ultraschall spiegelung darm magen leber niere lunge schädel wirbels brust krebs blut labor befund schwanger "
        "impf narkose medikament untersuchung erkrank krank facharzt therapie operation infusion nüchtern herzk herzu hüft knie"
    ),
    "en": (
        "ultrasound scan surgery surgical kidney liver lung breast blood pregnan vaccin anaesth anesth medication disease "
        "illness therap fasting examination specialist knee bowel stomach"
    ),
    "fr": (
        "échograph scanner chirurg rein foie poumon sang grossesse enceinte vaccin anesth médicament maladie thérap "
        "traitement examen ordonnance jeun genou estomac intestin"
    ),
    "it": (
        "ecografi chirurg rene reni fegato polmon sangue gravidanz incinta vaccin anestes farmac malatti terapi trattament "
        "esame esami digiuno ginocchi stomaco intestin"
    ),
}


# Words of types of appointment that every text may hold.
_NEUTRAL = frozenset(
    [
        "praxis",
        "termin",
        "appointment",
        "rendez",
        "vous",
        "appuntamento",
        "visite",
        "visita",
        "time",
        "first",
        "with",
        "avec",
        "ohne",
        "without",
        "nach",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A word that tells too much, and where it stands in the text."""

    word: str
    start: int
    end: int


def telling(text: str, *, language: str, own_words: Iterable[str] = ()) -> list[Telling]:
    """The words of a text that tell about health, in order. `own_words` are names that the practice uses for what it does:
    each of their words of four letters and more counts."""
    found = [*_matches(_pattern(language), text), *_matches(_own(own_words), text)]
    whole = {(one.start, one.end): one for one in found}
    return [whole[place] for place in sorted(whole)]


def marked(text: str, words: Iterable[Telling]) -> str:
    """The text with what tells too much in »quotes«, for those who have no other way to show it."""
    for one in sorted(words, key=lambda one: -one.start):
        text = f"{text[: one.start]}»{one.word}«{text[one.end :]}"
    return text


def _matches(pattern: re.Pattern[str] | None, text: str) -> Iterator[Telling]:
    for match in pattern.finditer(text) if pattern is not None else ():
        yield Telling(word=match[0], start=match.start(), end=match.end())


@cache
def _pattern(language: str) -> re.Pattern[str]:
    stems = [*_EVERYWHERE.split(), *_STEMS.get(language, "").split()]
    inside = "|".join(re.escape(stem) for stem in stems if len(stem) > 5)
    front = "|".join(re.escape(stem) for stem in stems)
    whole = "|".join(_WHOLE.split())
    return re.compile(rf"\b(?:\w*(?:{inside})|(?:{front}))\w*|\b(?:{whole})\b", re.IGNORECASE)


def _own(names: Iterable[str]) -> re.Pattern[str] | None:
    words = {word for name in names for word in re.findall(r"[^\W\d_]{4,}", name)}
    words = {word for word in words if word.casefold() not in _NEUTRAL}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b", re.IGNORECASE) if words else None
