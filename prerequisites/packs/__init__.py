"""Packs: ready-made sets of plans for a speciality, readable YAML, editable defaults. Pure: files in, dataclasses out.

A pack never says "safe": it says what has to be there, by when, with the source of a rule and the date it was checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prerequisites.answers import Question

FOLDER = Path(__file__).parent
NAMES = ("radiology", "gastroenterology", "cardiology")
LANGUAGES = frozenset({"de", "en"})
Text = dict[str, str]


class PackError(ValueError):
    """What is wrong with a pack, naming the file and the entry."""


@dataclass(frozen=True, kw_only=True)
class PackPrerequisite:
    """One prerequisite of a pack; the fields are those of prerequisites.models.Prerequisite."""

    key: str
    kind: str
    title: Text
    text: Text = field(default_factory=dict)
    icon: str = "file-text"
    blocking: bool = True
    days_before: int = 3
    time_of_day: time = time(18)
    lead_days: int = 0
    may_be_brought: bool = False
    questions: Sequence[dict[str, Any]] = ()
    source: str = ""
    checked: str = ""


@dataclass(frozen=True, kw_only=True)
class PackPlan:
    """One appointment type with what it needs."""

    type_name: str
    keywords: tuple[str, ...]
    prerequisites: tuple[PackPrerequisite, ...]


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A speciality's plans."""

    name: Text
    plans: tuple[PackPlan, ...]


@cache
def load(name: str) -> Pack:
    """Reads one of the packs that ship with Treffa. PackError if it is malformed."""
    path = FOLDER / f"{name}.yaml"
    if name not in NAMES:
        raise PackError(f"there is no pack named {name!r}")
    return parse(path.read_text(encoding="utf-8"), where=path.name)


def with_type(type_name: str) -> str | None:
    """The pack that has a plan for the type of this name, if one has."""
    return next((name for name in NAMES if any(p.type_name == type_name for p in load(name).plans)), None)


def parse(text: str, *, where: str) -> Pack:
    """Reads a pack from YAML."""
    content = yaml.safe_load(text)
    known = {key: _prerequisite(key, entry, where=where) for key, entry in content["prerequisites"].items()}
    plans = tuple(_plan(entry, known, where=where) for entry in content["plans"])
    return Pack(name=content["name"], plans=plans)


def _prerequisite(key: str, entry: dict[str, Any], *, where: str) -> PackPrerequisite:
    try:
        found = PackPrerequisite(key=key.replace("_", "-"), **entry)
        questions = [Question.from_dict(question) for question in found.questions]
    except (TypeError, ValueError) as error:
        raise PackError(f"{where}: {key}: {error}") from error
    said = [found.title, found.text, *(text for question in questions for text in _texts(question))]
    if any(text and set(text) != LANGUAGES for text in said):
        raise PackError(
            f"{where}: {key}: every text is needed in {', '.join(sorted(LANGUAGES))} and nothing else"
        )
    return replace(found, checked=str(found.checked))


def _texts(question: Question) -> list[Text]:
    return [question.label, question.help, *question.choices.values()]


def _plan(entry: dict[str, Any], known: dict[str, PackPrerequisite], *, where: str) -> PackPlan:
    unknown = set(entry["prerequisites"]) - set(known)
    if unknown:
        raise PackError(f"{where}: {entry['type']['name']}: unknown prerequisites {sorted(unknown)}")
    return PackPlan(
        type_name=entry["type"]["name"],
        keywords=tuple(entry["type"]["keywords"]),
        prerequisites=tuple(known[key] for key in entry["prerequisites"]),
    )
