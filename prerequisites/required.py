"""What a plan requires for one appointment, by when, and why not. Pure: plan + booking + answers -> verdicts.

Answers count only of forms that are required themselves, so what hangs on a form goes with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from prerequisites import conditions, rules, validity
from prerequisites.answers import NO, YES, Answer, Question, QuestionType
from prerequisites.conditions import Answered, Condition, Facts, Measured
from prerequisites.rules import Due, Item, Rule
from prerequisites.sentences import Sentence, sentence
from prerequisites.validity import Validity
from prerequisites.working_days import Calendar

FORM = "form"
# The answers of forms by the forms' keys.
Answers = Mapping[str, Mapping[str, Answer]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One prerequisite of a plan, as the rules see it. `id` is the prerequisite's."""

    id: int
    key: str
    kind: str
    rule: Rule
    code: str = ""
    condition: Condition = field(default_factory=conditions.Always)
    validity: Validity = field(default_factory=Validity)
    questions: tuple[Question, ...] = ()
    blocking: bool = True
    by_physician: bool = False
    audience: str = "patient"

    @property
    def holds_up(self) -> bool:
        """Whether the appointment can't take place without it."""
        return self.blocking and self.kind != "information"

    def item(self, *, state: str, due: Due, start: datetime, calendar: Calendar) -> Item:
        """A requirement of it as readiness sees it."""
        return Item(
            kind=self.kind,
            state=state,
            blocking=self.blocking,
            deadline=due.at,
            latest_useful=rules.latest_useful(self.rule, start=start, calendar=calendar),
            bring_along=due.bring_along,
            audience=self.audience,
        )


@dataclass(frozen=True, kw_only=True)
class Booking:
    """The appointment and its patient; what is not known is None or "unknown". `type` is the name of what was booked."""

    start: datetime
    booked_at: datetime
    calendar: Calendar
    type: str = ""
    born: date | None = None
    sex: str = conditions.UNKNOWN
    insurance: str = conditions.UNKNOWN
    first_visit: bool | None = None

    @cached_property
    def day(self) -> date:
        """The appointment's day in the practice."""
        return self.calendar.day_of(self.start)

    @cached_property
    def booked_day(self) -> date:
        """The day on which it was booked."""
        return self.calendar.day_of(self.booked_at)

    def facts(self, answers: Answers) -> Facts:
        """What conditions ask for."""
        return Facts(
            answers=answers,
            age=conditions.age_on(self.day, born=self.born),
            sex=self.sex,
            insurance=self.insurance,
            first_visit=self.first_visit,
            type=self.type,
        )

    def due(self, rule: Rule, *, now: datetime) -> Due:
        """The deadline of a rule, decided at `now`."""
        return rules.due(rule, start=self.start, now=now, calendar=self.calendar)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a prerequisite is required: True, False, or None while it is not known. `because` names what it hangs on
    (conditions.facts_used), never the patient's answer."""

    asked: Asked
    holds: bool | None
    because: tuple[str, ...] = ()


class CircleError(ValueError):
    """The conditions of a plan go round in a circle, along these keys."""

    def __init__(self, around: Sequence[str]) -> None:
        super().__init__(
            sentence("the conditions go round in a circle: %(around)s", around=" -> ".join(around))
        )
        self.around = around


@dataclass(frozen=True)
class PlanRules:
    """A plan's prerequisites in order, read once for all its cases."""

    entries: tuple[Asked, ...]

    @cached_property
    def uses(self) -> frozenset[str]:
        """What its conditions and limits depend on (conditions.facts_used)."""
        return frozenset(fact for asked in self.entries for fact in _facts_of(asked))

    @cached_property
    def forms_used(self) -> frozenset[str]:
        """The forms whose answers it depends on."""
        return frozenset(form for asked in self.entries for form, _ in _refs(asked))

    @cached_property
    def codes(self) -> frozenset[str]:
        """What may be reused of other cases."""
        return frozenset(asked.code for asked in self.entries if asked.code)

    @cached_property
    def order(self) -> tuple[Asked, ...]:
        """Forms before what hangs on their answers. ValueError where it goes round in a circle."""
        by_key = {asked.key: asked for asked in self.entries}
        graph = {asked.key: _forms(asked.condition) & by_key.keys() for asked in self.entries}
        try:
            return tuple(by_key[key] for key in TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise CircleError(error.args[1]) from error

    def verdicts(self, booking: Booking, answers: Answers) -> dict[str, Verdict]:
        """The verdict on each prerequisite, by its key."""
        if not self.uses:
            return {asked.key: Verdict(asked=asked, holds=True) for asked in self.entries}
        counting: dict[str, Mapping[str, Answer]] = {}
        facts = booking.facts(counting)
        found: dict[str, Verdict] = {}
        for asked in self.order:
            holds = asked.condition.holds(facts)
            because = tuple(sorted(conditions.facts_used(asked.condition)))
            found[asked.key] = Verdict(asked=asked, holds=holds, because=because)
            if holds and asked.kind == FORM and asked.key in answers:
                counting[asked.key] = answers[asked.key]
        return {asked.key: found[asked.key] for asked in self.entries}

    def facts(self, booking: Booking, answers: Answers) -> Facts:
        """The facts as the plan knows them: with the answers of the forms that are required."""
        wanted = self.verdicts(booking, answers) if self.forms_used else {}
        return booking.facts(
            {key: given for key, given in answers.items() if key in wanted and wanted[key].holds}
        )

    def facts_missing(self, booking: Booking, answers: Answers) -> tuple[str, ...]:
        """What nobody knows of the patient (conditions.PERSONAL) though something that blocks hangs on it, be it through
        the answers to a form that hangs on it itself."""
        if self.uses.isdisjoint(conditions.PERSONAL):
            return ()
        verdicts, facts = self.verdicts(booking, answers), self.facts(booking, answers)
        undecided = [one.asked for one in verdicts.values() if one.holds is None and one.asked.holds_up]
        missing: set[str] = set()
        for asked in undecided:  # grows by the forms that these hang on
            wanted = conditions.facts_open(asked.condition, facts)
            missing |= wanted & conditions.PERSONAL
            forms = {fact.partition(".")[0] for fact in wanted - conditions.PERSONAL}
            undecided += [
                verdicts[form].asked
                for form in sorted(forms & verdicts.keys())
                if verdicts[form].holds is None and verdicts[form].asked not in undecided
            ]
        return tuple(sorted(missing))


def required(
    plan: PlanRules, booking: Booking, answers: Answers, *, now: datetime
) -> list[tuple[Asked, Due]]:
    """What is required, each with its deadline decided at `now`."""
    verdicts = plan.verdicts(booking, answers).values()
    return [(one.asked, booking.due(one.asked.rule, now=now)) for one in verdicts if one.holds]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with a field ("condition" or "validity") of the prerequisite of this key."""

    key: str
    field: str
    text: Sentence


def findings(entries: Sequence[Asked]) -> list[Finding]:
    """What is wrong with the conditions and limits of a plan: questions that are not there, values that are no answers,
    circles. Empty if it may be published."""
    forms = {asked.key: asked for asked in entries if asked.kind == FORM}
    found = [finding for asked in entries for finding in _wrong_leaves(asked, forms)]
    if not found:
        try:
            _ = PlanRules(tuple(entries)).order
        except CircleError as circle:
            return [Finding(key=circle.around[0], field="condition", text=circle.args[0])]
    return found


def problems(entries: Sequence[Asked]) -> list[str]:
    """The same as lines."""
    return [f"{one.key}: {one.text}" for one in findings(entries)]


def _wrong_leaves(asked: Asked, forms: Mapping[str, Asked]) -> Iterator[Finding]:
    for field_, leaf in _leaves(asked):
        if not isinstance(leaf, Answered | Measured):
            continue
        ref = f"{leaf.form}.{leaf.question}"
        form = forms.get(leaf.form)
        question = next((q for q in form.questions if q.key == leaf.question), None) if form else None
        wrong: Sentence | None = None
        if question is None:
            wrong = sentence("there is no question %(ref)s in this plan", ref=ref)
        elif isinstance(leaf, Measured) and question.type != QuestionType.NUMBER:
            wrong = sentence("%(ref)s asks for no number", ref=ref)
        elif isinstance(leaf, Answered) and (strange := leaf.values - _possible(question)):
            listed = ", ".join(sorted(strange))
            wrong = sentence("%(ref)s has no answer %(values)s", ref=ref, values=listed)
        if wrong is not None:
            yield Finding(key=asked.key, field=field_, text=wrong)


def _possible(question: Question) -> frozenset[str]:
    match question.type:
        case QuestionType.YES_NO:
            return frozenset({YES, NO})
        case QuestionType.ONE_OF | QuestionType.MANY_OF:
            return frozenset(question.choices)
        case _:
            return frozenset()


def _leaves(asked: Asked) -> Iterable[tuple[str, Condition]]:
    """Each with the field in which it stands."""
    for leaf in conditions.leaves(asked.condition):
        yield "condition", leaf
    for limit in asked.validity.limits:
        for leaf in conditions.leaves(limit.when):
            yield "validity", leaf


def _facts_of(asked: Asked) -> frozenset[str]:
    return conditions.facts_used(asked.condition) | validity.facts_used(asked.validity)


def _refs(asked: Asked) -> frozenset[tuple[str, str]]:
    return conditions.answers_used(asked.condition) | validity.answers_used(asked.validity)


def _forms(condition: Condition) -> frozenset[str]:
    return frozenset(form for form, _ in conditions.answers_used(condition))
