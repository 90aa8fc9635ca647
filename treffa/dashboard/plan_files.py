"""The page on which a file of plans is looked at: what it would bring, or what is wrong in which line."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from prerequisites import packs
from prerequisites.packs import PackError
from treffa.dashboard import pack_pages, plan_sentences
from treffa.dashboard.pack_pages import OfferView

AROUND = 2
LONGEST_LINE = 200
WHERE = "import"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the file with what is wrong with it. `number` counts from 1; `gap`: lines before it are left out."""

    number: int
    text: str
    problems: Sequence[str] = ()
    gap: bool = False


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A file as it was given: its text, and either what it offers or the lines to mend."""

    text: str = ""
    where: str = ""
    refused: str = ""
    problems: int = 0
    lines: Sequence[Line] = ()
    offers: Sequence[OfferView] = ()

    @property
    def drafts(self) -> bool:
        """Whether a draft that is there could be replaced."""
        return any(not one.offered for one in self.offers)


def look(content: bytes, *, where: str, now: datetime) -> Typed:
    """Reads a file. Nothing is written."""
    text = content.decode("utf-8", errors="replace").replace("\r\n", "\n").removeprefix("\ufeff")
    if not text.strip():
        return Typed(where=where, refused=_("Choose a file, or paste its text."))
    try:
        pack = packs.parse(content, where=WHERE)
    except PackError as error:
        return Typed(text=text, where=where, problems=len(error.problems), lines=_lines(text, error))
    return Typed(text=text, where=where, offers=pack_pages.offers(pack, now=now))


def _lines(text: str, error: PackError) -> list[Line]:
    """The lines with something wrong, each with some around it."""
    wrong: dict[int, list[str]] = defaultdict(list)
    lines = text.split("\n")
    for problem in error.problems:
        said = plan_sentences.said(problem.text)
        number = min(max(problem.line, 1), len(lines))
        wrong[number].append(f"{problem.entry}: {said}" if problem.entry else said)
    wanted = sorted(
        {
            near
            for number in wrong
            for near in range(number - AROUND, number + AROUND + 1)
            if 1 <= near <= len(lines)
        }
    )
    before = [0, *wanted]
    return [
        Line(
            number=number,
            text=lines[number - 1][:LONGEST_LINE],
            problems=wrong.get(number, ()),
            gap=number > last + 1,
        )
        for number, last in zip(wanted, before, strict=False)
    ]
