"""Packs: ready-made sets of plans for a speciality, readable YAML, editable defaults. Pure: files in, dataclasses out.

A pack never says "safe": it says what has to be there, by when, with the source of a rule and the date it was checked.
What a practice exports and imports is the same format (`treffa-plans/1`, see docs/plans.md).
"""

from functools import cache
from pathlib import Path

from prerequisites.packs.pack import (
    FORMAT,
    LANGUAGES,
    Pack,
    PackError,
    PackPlan,
    PackPrerequisite,
    Problem,
)
from prerequisites.packs.reading import parse
from prerequisites.packs.writing import said, write

__all__ = [
    "FORMAT",
    "LANGUAGES",
    "NAMES",
    "Pack",
    "PackError",
    "PackPlan",
    "PackPrerequisite",
    "Problem",
    "load",
    "parse",
    "said",
    "with_type",
    "write",
]

FOLDER = Path(__file__).parent
NAMES = ("radiology", "gastroenterology", "cardiology", "orthopaedics", "diagnostics")


@cache
def load(name: str) -> Pack:
    """Reads one of the packs that ship with Treffa. KeyError if there is none of this name."""
    if name not in NAMES:
        raise KeyError(name)
    path = FOLDER / f"{name}.yaml"
    return parse(path.read_bytes(), where=path.name)


def with_type(type_name: str) -> str | None:
    """The pack that has a plan for the type of this name, in any language, if one has."""
    return next(
        (name for name in NAMES if any(type_name in plan.all_names for plan in load(name).plans)), None
    )
