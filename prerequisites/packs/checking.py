"""What must hold between the entries of a file: questions that can be answered, conditions that name what is there. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from yaml.nodes import Node

from prerequisites import conditions, required, validity
from prerequisites.answers import NO, YES, Question, QuestionType
from prerequisites.packs.nodes import Findings, pairs
from prerequisites.packs.pack import PackPrerequisite
from prerequisites.required import FORM, Asked
from prerequisites.rules import Rule
from prerequisites.sentences import sentence

CHOOSING = (QuestionType.ONE_OF, QuestionType.MANY_OF)


@dataclass(frozen=True)
class Known:
    """An entry that plans may name: where it stands, and what was read; None where it could not be read whole."""

    node: Node
    read: PackPrerequisite | None


def prerequisite_problems(one: PackPrerequisite) -> Iterator[str]:
    """What is wrong within one prerequisite."""
    if one.kind == FORM and not one.questions:
        yield sentence("a form needs questions")
    if one.kind != FORM and one.questions:
        yield sentence("only a form has questions; this is of the kind %(kind)s", kind=one.kind)
    if one.checked and not one.source:
        yield sentence("what was checked needs its “source”")


def question_problems(question: Question) -> Iterator[str]:
    """What is wrong within one question."""
    if question.type in CHOOSING and not question.choices:
        yield sentence("“choices” are missing: what can be chosen from")
    if question.type not in CHOOSING and question.choices:
        yield sentence("a question of the type %(type)s has no choices", type=question.type)
    limited = question.unit or question.minimum is not None or question.maximum is not None
    if question.type != QuestionType.NUMBER and limited:
        yield sentence("a question of the type %(type)s has no unit, minimum or maximum", type=question.type)
    if None not in (question.minimum, question.maximum) and question.minimum > question.maximum:  # type: ignore[operator]
        yield sentence(
            "the minimum %(low)s is above the maximum %(high)s",
            low=f"{question.minimum:g}",
            high=f"{question.maximum:g}",
        )
    if question.flag and question.flag not in _answers(question):
        yield sentence("“flag” names no answer of it: “%(answer)s”", answer=question.flag)


def check_plan(name: str, refs: Sequence[Node], known: Mapping[str, Known], findings: Findings) -> None:
    """The prerequisites of a plan: each is there, once, and what its conditions ask is asked in the same plan."""
    found: dict[str, Known] = {}
    for ref in refs:
        entry = known.get(ref.value)
        if entry is None:
            findings.add(ref, name, sentence("there is no prerequisite “%(name)s”", name=ref.value[:60]))
        elif ref.value in found:
            findings.add(ref, name, sentence("“%(name)s” stands twice", name=ref.value))
        else:
            found[ref.value] = entry
            if entry.read is not None and _clashes(entry.read, found, but=ref.value):
                findings.add(
                    ref, name, sentence("another one has the key “%(key)s” in this plan", key=entry.read.key)
                )
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
            for wrong in required.findings([part, *beside]):
                said = sentence("%(what)s (“%(plan)s”)", what=wrong.text, plan=name)
                findings.add(_field(found[entry].node, field), f"{entry}.{field}", said)
    if findings.count == before and not unread:
        for wrong in required.findings([_asked(one) for one in read.values()]):
            entry = next(entry for entry, one in read.items() if one.key == wrong.key)
            said = sentence("%(what)s (“%(plan)s”)", what=wrong.text, plan=name)
            findings.add(_field(found[entry].node, wrong.field), f"{entry}.{wrong.field}", said)


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


def when_problems(question: Question, earlier: Mapping[str, Question]) -> Iterator[str]:
    """What is wrong with what a question hangs on; `earlier` are the questions before it, by key."""
    for key, wanted in question.when.items():
        known = earlier.get(key)
        if known is None:
            yield sentence("“when” names no earlier question: “%(key)s”", key=key)
        elif strange := set(wanted) - _answers(known):
            yield sentence("“when”: “%(key)s” has no answer “%(answer)s”", key=key, answer=min(strange))


def _answers(question: Question) -> frozenset[str]:
    return frozenset({YES, NO}) if question.type == QuestionType.YES_NO else frozenset(question.choices)
