"""What must hold between the entries of a file: questions that can be answered, conditions that name what is there. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from yaml.nodes import Node

from prerequisites import conditions, validity
from prerequisites.answers import NO, YES, Question, QuestionType
from prerequisites.packs.nodes import Findings, pairs
from prerequisites.packs.pack import PackPrerequisite
from prerequisites.required import FORM, Asked, problems
from prerequisites.rules import Rule

CHOOSING = (QuestionType.ONE_OF, QuestionType.MANY_OF)


@dataclass(frozen=True)
class Known:
    """An entry that plans may name: where it stands, and what was read; None where it could not be read whole."""

    node: Node
    read: PackPrerequisite | None


def prerequisite_problems(one: PackPrerequisite) -> Iterator[str]:
    """What is wrong within one prerequisite."""
    if one.kind == FORM and not one.questions:
        yield "a form needs questions"
    if one.kind != FORM and one.questions:
        yield f"only a form has questions; this is of the kind {one.kind}"
    if one.checked and not one.source:
        yield "what was checked needs its “source”"


def question_problems(question: Question) -> Iterator[str]:
    """What is wrong within one question."""
    if question.type in CHOOSING and not question.choices:
        yield "“choices” are missing: what can be chosen from"
    if question.type not in CHOOSING and question.choices:
        yield f"a question of the type {question.type} has no choices"
    limited = question.unit or question.minimum is not None or question.maximum is not None
    if question.type != QuestionType.NUMBER and limited:
        yield f"a question of the type {question.type} has no unit, minimum or maximum"
    if None not in (question.minimum, question.maximum) and question.minimum > question.maximum:  # type: ignore[operator]
        yield f"the minimum {question.minimum:g} is above the maximum {question.maximum:g}"
    if question.flag and question.flag not in _answers(question):
        yield f"“flag” names no answer of it: “{question.flag}”"


def check_plan(name: str, refs: Sequence[Node], known: Mapping[str, Known], findings: Findings) -> None:
    """The prerequisites of a plan: each is there, once, and what its conditions ask is asked in the same plan."""
    found: dict[str, Known] = {}
    for ref in refs:
        entry = known.get(ref.value)
        if entry is None:
            findings.add(ref, name, f"there is no prerequisite “{ref.value[:60]}”")
        elif ref.value in found:
            findings.add(ref, name, f"“{ref.value}” stands twice")
        else:
            found[ref.value] = entry
            if entry.read is not None and _clashes(entry.read, found, but=ref.value):
                findings.add(ref, name, f"another one has the key “{entry.read.key}” in this plan")
    if len(found) == len(refs):
        _check_conditions(name, found, findings)


def _check_conditions(name: str, found: Mapping[str, Known], findings: Findings) -> None:
    """Each by itself beside the forms, for its line; then all together, for circles."""
    read = {entry: one.read for entry, one in found.items() if one.read is not None}
    unread = {entry.replace("_", "-") for entry, one in found.items() if one.read is None}
    before = findings.count
    for entry, one in read.items():
        for field, part in _parts(_asked(one)).items():
            forms = {form for form, _ in _refs(part)}
            if not forms or forms & unread:
                continue  # nothing to check, or the form has to be mended first
            beside = [_form(other) for other in read.values() if other.key in forms - {one.key}]
            for text in problems([part, *beside]):
                said = text.removeprefix(f"{one.key}: ")
                findings.add(_field(found[entry].node, field), f"{entry}.{field}", f"{said} (“{name}”)")
    if findings.count == before and not unread:
        for text in problems([_asked(one) for one in read.values()]):
            around = (entry for entry, one in read.items() if f" {one.key} -> " in text)
            entry = next(around, next(iter(read)))
            findings.add(_field(found[entry].node, "condition"), f"{entry}.condition", f"{text} (“{name}”)")


def _parts(asked: Asked) -> dict[str, Asked]:
    """One with its condition alone and one with its validity alone, by the field that says it."""
    return {
        "condition": replace(asked, validity=validity.Validity()),
        "validity": replace(asked, condition=conditions.Always()),
    }


def _form(one: PackPrerequisite) -> Asked:
    """A form to be asked for its questions, by which nothing of its own is looked at."""
    return replace(_asked(one), condition=conditions.Always(), validity=validity.Validity())


def _field(node: Node, name: str) -> Node:
    """Where a field of an entry stands."""
    return pairs(node)[name][1]


def _clashes(one: PackPrerequisite, found: Mapping[str, Known], *, but: str) -> bool:
    """Whether a practice of some country would get two of the plan's with one key."""
    others = (known.read for entry, known in found.items() if entry != but and known.read is not None)
    return any(other.key == one.key and _meet(one.countries, other.countries) for other in others)


def _meet(some: Collection[str], others: Collection[str]) -> bool:
    return not set(some).isdisjoint(others) or not (some or others)


def _asked(one: PackPrerequisite) -> Asked:
    return Asked(
        id=0,
        key=one.key,
        kind=one.kind,
        code=one.code,
        rule=Rule(days_before=one.days_before, time_of_day=one.time_of_day),
        condition=conditions.parse(one.condition),
        validity=validity.parse(one.validity),
        questions=one.questions,
    )


def _refs(asked: Asked) -> frozenset[tuple[str, str]]:
    return conditions.answers_used(asked.condition) | validity.answers_used(asked.validity)


def _answers(question: Question) -> frozenset[str]:
    return frozenset({YES, NO}) if question.type == QuestionType.YES_NO else frozenset(question.choices)
