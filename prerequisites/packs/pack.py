"""What a file of plans says, as data: plans with their prerequisites, and what is wrong with a file that can't be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from itertools import chain
from typing import Any

from prerequisites.answers import Question

FORMAT = "treffa-plans/1"
LANGUAGES = ("de", "fr", "it", "en")
Text = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to mend: in which line of which file, at which entry, and what to do. `line` counts from 1."""

    where: str
    line: int
    entry: str
    text: str

    def __str__(self) -> str:
        at = f"{self.where}, line {self.line}"
        return f"{at}, {self.entry}: {self.text}" if self.entry else f"{at}: {self.text}"


class PackError(ValueError):
    """All that is wrong with a file, in order of its lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, kw_only=True)
class PackPrerequisite:
    """One prerequisite of a plan; the fields are those of prerequisites.models.Prerequisite. `countries` (of the packs that
    ship): for practices there only, in place of the one of the same key that names no country."""

    key: str
    kind: str
    title: Text
    text: Text = field(default_factory=dict)
    code: str = ""
    audience: str = "patient"
    icon: str = "file-text"
    blocking: bool = True
    days_before: int = 3
    working_days: bool = False
    time_of_day: time = time(18)
    lead_days: int = 0
    may_be_brought: bool = False
    by_physician: bool = False
    condition: Mapping[str, Any] = field(default_factory=dict)
    validity: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    countries: tuple[str, ...] = ()
    source: str = ""
    checked: date | None = None

    @property
    def said(self) -> list[Text]:
        """All that it says, by language."""
        parts = [(one.label, one.help, *one.choices.values()) for one in self.questions]
        return [text for text in (self.title, self.text, *chain.from_iterable(parts)) if text]


@dataclass(frozen=True, kw_only=True)
class PackPlan:
    """One appointment type with what it needs. `names` are the type's in other languages than the first."""

    type_name: str
    keywords: tuple[str, ...]
    prerequisites: tuple[PackPrerequisite, ...]
    names: Text = field(default_factory=dict)

    def name_in(self, language: str) -> str:
        """The type's name in a language, else its first."""
        return self.names.get(language, self.type_name)

    def for_country(self, country: str) -> tuple[PackPrerequisite, ...]:
        """What a practice of this country is given, without mention of countries."""
        own = {one.key for one in self.prerequisites if country in one.countries}
        return tuple(
            replace(one, countries=())
            for one in self.prerequisites
            if country in one.countries or (not one.countries and one.key not in own)
        )

    def shares_a_name_with(self, other: "PackPlan") -> bool:
        """Whether both are for one type."""
        return not self.all_names.isdisjoint(other.all_names)

    @property
    def all_names(self) -> frozenset[str]:
        """The names that the type has in any language."""
        return frozenset((self.type_name, *self.names.values()))


@dataclass(frozen=True, kw_only=True)
class Pack:
    """The plans of a file. Its languages are those of its name: every text in it is there in each of them, unless it is
    `partial`: then some lack a translation."""

    name: Text
    plans: tuple[PackPlan, ...]
    partial: bool = False

    @property
    def incomplete(self) -> list[str]:
        """Its languages in which some text says nothing."""
        said = [text for plan in self.plans for one in plan.prerequisites for text in one.said]
        return [language for language in self.name if any(language not in text for text in said)]
