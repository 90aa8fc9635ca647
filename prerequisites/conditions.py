"""Conditions: when a prerequisite is required at all, and when another limit holds. Pure.

    {}                                                         always
    {"answer": "contrast-questions.metformin", "is": ["yes"]}  an answer of a form of the same plan: any of these; of many: contains one
    {"answer": "contrast-questions.egfr", "below": 30}         a number; also "at_least", both together: from, to below
    {"age": {"at_least": 60}}                                  years on the day of the appointment; also "below"
    {"sex": ["female"]}  {"insurance": ["statutory"]}  {"first_visit": true}  {"type": ["MRT Knie"]}
    {"all": [...]}  {"any": [...]}  {"not": {...}}

What is not known (not answered yet, no date of birth) makes a condition neither true nor false: `holds` returns None, and
None is passed on by "not", "all" and "any" as in Kleene's logic. Nothing is asked for before it is known to be needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prerequisites.answers import NO, YES, Answer, number_of
from prerequisites.sentences import sentence

SEXES = frozenset({"female", "male", "other"})
INSURANCES = frozenset({"statutory", "private", "self_pay", "accident"})
UNKNOWN = "unknown"
# What is known of a person and their visits; all else are answers, or what was booked.
PERSONAL = frozenset({"age", "sex", "insurance", "first_visit"})
MOST_NESTED = 8


class ConditionError(ValueError):
    """What is wrong with a condition, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What conditions ask for. `answers` are those of the forms that are known, {form: {question: answer}}; `age` in years
    on the day of the appointment; None, "unknown" and "" stand for what is not known."""

    answers: Mapping[str, Mapping[str, Answer]] = field(default_factory=dict)
    age: int | None = None
    sex: str = UNKNOWN
    insurance: str = UNKNOWN
    first_visit: bool | None = None
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Always:
    """The empty condition."""

    def holds(self, facts: Facts) -> bool | None:
        return True


@dataclass(frozen=True, kw_only=True)
class Between:
    """A range of numbers, `below` not included. One end may be open."""

    at_least: float | None = None
    below: float | None = None

    def holds(self, number: float) -> bool:
        return (self.at_least is None or number >= self.at_least) and (
            self.below is None or number < self.below
        )


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer is one of these."""

    form: str
    question: str
    values: frozenset[str]

    def holds(self, facts: Facts) -> bool | None:
        given = facts.answers.get(self.form, {}).get(self.question, "")
        if isinstance(given, list):
            return not self.values.isdisjoint(given)
        return given in self.values if given else None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """An answer is a number in a range."""

    form: str
    question: str
    range: Between

    def holds(self, facts: Facts) -> bool | None:
        given = facts.answers.get(self.form, {}).get(self.question, "")
        number = number_of(given) if isinstance(given, str) else None
        return None if number is None else self.range.holds(number)


@dataclass(frozen=True, kw_only=True)
class Age:
    """The patient is of an age."""

    range: Between

    def holds(self, facts: Facts) -> bool | None:
        return None if facts.age is None else self.range.holds(facts.age)


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """The fact of this name ("sex", "insurance", "type") is one of these."""

    fact: str
    values: frozenset[str]

    def holds(self, facts: Facts) -> bool | None:
        known: str = getattr(facts, self.fact)
        return None if known in (UNKNOWN, "") else known in self.values


@dataclass(frozen=True, kw_only=True)
class FirstVisit:
    """The patient was never there before, or was."""

    wanted: bool

    def holds(self, facts: Facts) -> bool | None:
        return None if facts.first_visit is None else facts.first_visit is self.wanted


@dataclass(frozen=True, kw_only=True)
class Every:
    """All of the parts hold."""

    parts: "tuple[Condition, ...]"

    def holds(self, facts: Facts) -> bool | None:
        found = [part.holds(facts) for part in self.parts]
        return False if False in found else None if None in found else True


@dataclass(frozen=True, kw_only=True)
class Some:
    """One of the parts holds."""

    parts: "tuple[Condition, ...]"

    def holds(self, facts: Facts) -> bool | None:
        found = [part.holds(facts) for part in self.parts]
        return True if True in found else None if None in found else False


@dataclass(frozen=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: "Condition"

    def holds(self, facts: Facts) -> bool | None:
        found = self.part.holds(facts)
        return None if found is None else not found


Condition = Always | Answered | Measured | Age | OneOf | FirstVisit | Every | Some | Not


def parse(content: object) -> Condition:
    """Reads a condition. ConditionError for what is none."""
    return _parse(content, depth=0)


def answers_used(condition: Condition) -> frozenset[tuple[str, str]]:
    """The (form, question) that the condition asks for."""
    return frozenset(
        (leaf.form, leaf.question) for leaf in leaves(condition) if isinstance(leaf, Answered | Measured)
    )


def facts_used(condition: Condition) -> frozenset[str]:
    """What the condition depends on, in short: "form.question", "age", "sex", "insurance", "first_visit", "type"."""
    return frozenset(_fact(leaf) for leaf in leaves(condition) if not isinstance(leaf, Always))


def facts_open(condition: Condition, facts: Facts) -> frozenset[str]:
    """What has to be known (as facts_used names it) before it is decided whether the condition holds; nothing once it is."""
    if condition.holds(facts) is not None:
        return frozenset()
    match condition:
        case Every(parts=parts) | Some(parts=parts):
            return frozenset(fact for part in parts for fact in facts_open(part, facts))
        case Not(part=part):
            return facts_open(part, facts)
        case leaf:
            return frozenset({_fact(leaf)})


def leaves(condition: Condition) -> Sequence[Condition]:
    """The conditions that it is made of, without "all", "any" and "not"."""
    match condition:
        case Every(parts=parts) | Some(parts=parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case Not(part=part):
            return leaves(part)
        case leaf:
            return [leaf]


def age_on(day: date, *, born: date | None) -> int | None:
    """Full years on the day. Whoever was born on 29 February is a year older on 1 March."""
    if born is None or born > day:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _fact(leaf: Condition) -> str:
    match leaf:
        case Answered(form=form, question=question) | Measured(form=form, question=question):
            return f"{form}.{question}"
        case OneOf(fact=fact):
            return fact
        case FirstVisit():
            return "first_visit"
        case _:
            return "age"


def _parse(content: object, *, depth: int) -> Condition:
    if not isinstance(content, dict):
        raise ConditionError(sentence("a condition is an object, not %(content)s", content=repr(content)))
    if depth > MOST_NESTED:
        raise ConditionError(sentence("the condition is nested too deeply"))
    if not content:
        return Always()
    if "answer" in content:
        return _answer(content)
    if len(content) != 1:
        raise ConditionError(
            sentence('join several conditions by "all" or "any": %(names)s', names=_keys(content))
        )
    ((name, value),) = content.items()
    match name:
        case "all" | "any":
            if not isinstance(value, list) or not value:
                raise ConditionError(sentence('"%(name)s" needs a list of conditions', name=name))
            parts = tuple(_parse(part, depth=depth + 1) for part in value)
            return Every(parts=parts) if name == "all" else Some(parts=parts)
        case "not":
            return Not(part=_parse(value, depth=depth + 1))
        case "age":
            return Age(range=_range(value, of='"age"'))
        case "sex":
            return OneOf(fact="sex", values=_known(value, SEXES, of='"sex"'))
        case "insurance":
            return OneOf(fact="insurance", values=_known(value, INSURANCES, of='"insurance"'))
        case "type":
            return OneOf(fact="type", values=_values(value, of='"type"'))
        case "first_visit":
            if not isinstance(value, bool):
                raise ConditionError(sentence('"first_visit" is true or false'))
            return FirstVisit(wanted=value)
        case _:
            raise ConditionError(sentence("there is no condition %(name)s", name=repr(name)))


def _answer(content: dict[str, Any]) -> Condition:
    ref = content["answer"]
    form, _, question = ref.partition(".") if isinstance(ref, str) else ("", "", "")
    if not form or not question or "." in question:
        raise ConditionError(
            sentence('"answer" names a form and its question, "form.question", not %(ref)s', ref=repr(ref))
        )
    rest = {name: value for name, value in content.items() if name != "answer"}
    if set(rest) == {"is"}:
        return Answered(form=form, question=question, values=_values(rest["is"], of='"is"'))
    return Measured(form=form, question=question, range=_range(rest, of=f'"answer": "{ref}"'))


def _range(content: object, *, of: str) -> Between:
    if not isinstance(content, dict) or not content or not set(content) <= {"at_least", "below"}:
        raise ConditionError(sentence('%(of)s needs "at_least", "below" or both', of=of))
    for value in content.values():
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:
            raise ConditionError(sentence("%(of)s: %(value)s is not a number", of=of, value=repr(value)))
    found = Between(**content)
    if found.at_least is not None and found.below is not None and found.at_least >= found.below:
        raise ConditionError(
            sentence(
                "%(of)s: nothing is at least %(least)s and below %(below)s",
                of=of,
                least=found.at_least,
                below=found.below,
            )
        )
    return found


def _values(content: object, *, of: str) -> frozenset[str]:
    """YAML reads a bare yes and no as true and false."""
    if not isinstance(content, list) or not content:
        raise ConditionError(sentence("%(of)s needs a list of values", of=of))
    read = [YES if value is True else NO if value is False else value for value in content]
    if not all(isinstance(value, str) and value for value in read):
        raise ConditionError(
            sentence("%(of)s is a list of texts, not %(content)s", of=of, content=repr(content))
        )
    return frozenset(read)


def _known(content: object, known: frozenset[str], *, of: str) -> frozenset[str]:
    values = _values(content, of=of)
    if not values <= known:
        raise ConditionError(
            sentence(
                "%(of)s is among %(known)s, not %(strange)s",
                of=of,
                known=", ".join(sorted(known)),
                strange=", ".join(sorted(values - known)),
            )
        )
    return values


def _keys(content: dict[str, Any]) -> str:
    return ", ".join(sorted(str(key) for key in content))
