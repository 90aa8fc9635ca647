"""A Pack as YAML that `parse` reads back as the same Pack. Pure. Entries hold what is not the default, as people write them."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import time
from itertools import chain, count
from typing import Any

import yaml

from prerequisites.answers import Question, QuestionType
from prerequisites.packs.pack import FORMAT, Pack, PackPlan, PackPrerequisite

MOST_LETTERS_A_LINE = 110


class _Dumper(yaml.SafeDumper):
    """Writes every value out: nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write(pack: Pack) -> str:
    """The file. What several plans share stands once; what differs under one key stands beside it under another name."""
    entries = _entries(pack.plans)
    content = {
        "format": FORMAT,
        "name": dict(pack.name),
        **({"partial": True} if pack.partial else {}),
        "prerequisites": {name: _prerequisite(name, one) for name, one in entries.items()},
        "plans": [_plan(plan, entries) for plan in pack.plans],
    }
    head = f"# Some texts are missing in: {', '.join(pack.incomplete)}\n" if pack.incomplete else ""
    return head + yaml.dump(
        content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=MOST_LETTERS_A_LINE
    )


def _entries(plans: Iterable[PackPlan]) -> dict[str, PackPrerequisite]:
    found: dict[str, PackPrerequisite] = {}
    for one in (one for plan in plans for one in plan.prerequisites):
        if one not in found.values():
            found[_free_name(one.key, found)] = one
    return found


def _free_name(key: str, taken: Container[str]) -> str:
    numbered = (f"{key}-{number}" for number in count(2))
    return next(name for name in chain((key,), numbered) if name not in taken)


def _prerequisite(name: str, one: PackPrerequisite) -> dict[str, Any]:
    content = said(one)
    if name == one.key:
        del content["key"]
    return content


def _plan(plan: PackPlan, entries: Mapping[str, PackPrerequisite]) -> dict[str, Any]:
    type_: dict[str, Any] = {"name": dict(plan.names) or plan.type_name}
    if plan.keywords:
        type_["keywords"] = list(plan.keywords)
    names = [next(name for name, known in entries.items() if known == one) for one in plan.prerequisites]
    return {"type": type_, "prerequisites": names}


def said(one: PackPrerequisite | Question) -> dict[str, Any]:
    """The fields that say something else than by default, in their order, as plain values."""
    return {
        field.name: _plain(value)
        for field in fields(one)
        if (value := getattr(one, field.name)) != _default(field)
    }


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _plain(value: Any) -> Any:
    match value:
        case time():
            return value.isoformat("minutes")
        case QuestionType():
            return value.value
        case Question():
            return said(value)
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {name: _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case _:
            return value
