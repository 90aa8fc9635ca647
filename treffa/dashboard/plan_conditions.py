"""Conditions as choices: rows of a question and its answers, an age, a sex. Read from what was posted, shown again, turned
into what `prerequisites.conditions` reads. No code is typed anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prerequisites import conditions
from prerequisites.answers import NO, YES, Question, QuestionType, number_of
from prerequisites.conditions import Condition
from treffa.dashboard import plan_words
from treffa.dashboard.plan_words import Questions

ALWAYS, ALL, ANY, KEPT = "always", "all", "any", "kept"
MOST_ROWS = 12
AGE, SEX, INSURANCE, FIRST_VISIT = "age", "sex", "insurance", "first_visit"
CHOICES = (QuestionType.YES_NO, QuestionType.ONE_OF, QuestionType.MANY_OF)
FACTS: Mapping[str, str | Promise] = {
    AGE: gettext_lazy("Age on the day of the appointment"),
    SEX: gettext_lazy("Sex"),
    INSURANCE: gettext_lazy("Insurance"),
    FIRST_VISIT: gettext_lazy("First visit"),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value that may be ticked."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class RowFields:
    """One row as it was typed. `fact` is "form.question", or one of FACTS; empty: nothing is chosen yet."""

    prefix: str
    fact: str = ""
    values: Sequence[str] = ()
    least: str = ""
    below: str = ""
    days: str = ""
    mistake: str = ""
    questions: Questions = field(default_factory=dict)

    @property
    def asked(self) -> Question | None:
        return self.questions.get(self.fact)

    @property
    def measured(self) -> bool:
        """Whether it is a number in a range."""
        return self.fact == AGE or (self.asked is not None and self.asked.type == QuestionType.NUMBER)

    @property
    def unit(self) -> str:
        return _("years") if self.fact == AGE else self.asked.unit if self.asked else ""

    @property
    def facts(self) -> list[tuple[str, list[Choice]]]:
        """What can be chosen, by group."""
        asked = [
            Choice(value=ref, label=plan_words.said(question.label), chosen=ref == self.fact)
            for ref, question in self.questions.items()
        ]
        if self.fact and self.fact not in FACTS and self.fact not in self.questions:
            asked.append(Choice(value=self.fact, label=self.fact, chosen=True))
        known = [Choice(value=key, label=str(word), chosen=key == self.fact) for key, word in FACTS.items()]
        groups = [(_("Answers of the patient"), asked), (_("What is known of the patient"), known)]
        return [(title, choices) for title, choices in groups if choices]

    @property
    def choices(self) -> list[Choice]:
        """The values that may be ticked, none for a number."""
        return [
            Choice(value=key, label=label, chosen=key in self.values)
            for key, label in self._offered().items()
        ]

    def _offered(self) -> dict[str, str]:
        asked = self.asked
        if self.fact == SEX:
            return {key: str(word) for key, word in plan_words.SEXES.items()}
        if self.fact == INSURANCE:
            return {key: str(word) for key, word in plan_words.INSURANCES.items()}
        if self.fact == FIRST_VISIT:
            return {YES: _("yes"), NO: _("no, was here before")}
        if asked is None or asked.type not in CHOICES:
            return {}
        keys = (YES, NO) if asked.type == QuestionType.YES_NO else tuple(asked.choices)
        return {key: plan_words.answer(asked, key) for key in keys}

    @property
    def empty(self) -> bool:
        return not (self.fact or self.days)

    def content(self) -> dict[str, Any]:
        """What `conditions.parse` reads. ValueError with what is missing, in words."""
        if self.measured:
            ends = {"at_least": self.least, "below": self.below}
            given = {name: _whole(number_of(text)) for name, text in ends.items() if text.strip()}
            if not given or None in given.values():
                raise ValueError(_("Write a number from which, or below which, it holds."))
            if len(given) == 2 and given["at_least"] >= given["below"]:  # type: ignore[operator]
                raise ValueError(_("Nothing lies between these two numbers."))
            return {AGE: given} if self.fact == AGE else {"answer": self.fact, **given}
        chosen = [key for key in self._offered() if key in self.values]
        if not self.fact:
            raise ValueError(_("Choose what it hangs on."))
        if self.asked is None and self.fact not in FACTS:
            raise ValueError(_("This question is not in the plan any more. Choose another one."))
        if not chosen:
            raise ValueError(_("Tick at least one answer."))
        if self.fact == FIRST_VISIT:
            return (
                {FIRST_VISIT: YES in chosen}
                if len(chosen) == 1
                else {"any": [{FIRST_VISIT: True}, {FIRST_VISIT: False}]}
            )
        return {self.fact: chosen} if self.fact in FACTS else {"answer": self.fact, "is": chosen}

    def checked(self) -> "RowFields":
        """The row with what is wrong with it."""
        try:
            self.content()
        except ValueError as mistake:
            return replace(self, mistake=str(mistake))
        return self


@dataclass(frozen=True, kw_only=True)
class ConditionFields:
    """A condition as choices. `mode`: always, all or any of the rows, or (KEPT) what is stored and can't be said by rows,
    which `kept` says as a sentence."""

    mode: str
    rows: Sequence[RowFields] = ()
    stored: Mapping[str, Any] = field(default_factory=dict)
    kept: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any], questions: Questions) -> "ConditionFields":
        """The choices that say what is stored."""
        read = parsed(stored)
        if isinstance(read, conditions.Always):
            return cls(mode=ALWAYS, stored=stored)
        parts = (
            read.parts if isinstance(read, conditions.Every | conditions.Some) else (read,) if read else ()
        )
        rows = [row_of(part, f"c{number}", questions) for number, part in enumerate(parts)]
        simple = [row for row in rows if row is not None]
        if not parts or len(simple) < len(parts):
            kept = (
                plan_words.condition(read, questions)
                if read
                else _("can't be read, so it is always asked for")
            )
            return cls(mode=KEPT, stored=stored, kept=kept)
        return cls(mode=ANY if isinstance(read, conditions.Some) else ALL, rows=simple, stored=stored)

    @classmethod
    def posted(cls, data: QueryDict, stored: Mapping[str, Any], questions: Questions) -> "ConditionFields":
        """As it was typed. A row more where one is asked for, one less where one is dropped."""
        held, do = cls.of(stored, questions), data.get("do", "")
        mode = data.get("c-mode", held.mode)
        if mode not in (ALWAYS, ALL, ANY, KEPT) or (mode == KEPT and not held.kept):
            mode = ALWAYS
        rows = posted_rows(data, "c", questions, dropped=do.removeprefix("drop-"))
        if do == "add-condition" or (mode in (ALL, ANY) and not rows):
            rows.append(RowFields(prefix=f"c{len(rows)}", questions=questions))
            mode = mode if mode in (ALL, ANY) else ALL
        return cls(mode=mode, rows=rows[:MOST_ROWS], stored=stored, kept=held.kept)

    @property
    def by_rows(self) -> bool:
        return self.mode in (ALL, ANY)

    def checked(self) -> "ConditionFields":
        """With what is wrong beside each row."""
        return replace(self, rows=[row.checked() for row in self.rows]) if self.by_rows else self

    @property
    def mistakes(self) -> bool:
        return self.by_rows and any(row.mistake for row in self.rows)

    def content(self) -> dict[str, Any]:
        """What is stored. ValueError where a row says nothing yet."""
        if self.mode == ALWAYS:
            return {}
        if self.mode == KEPT:
            return dict(self.stored)
        parts = [row.content() for row in self.rows]
        return parts[0] if len(parts) == 1 else {self.mode: parts}

    def sentence(self, questions: Questions) -> str:
        """Read back in words; empty for always, and while a row says nothing yet."""
        try:
            return plan_words.condition(conditions.parse(self.content()), questions)
        except ValueError:
            return ""


def parsed(stored: Mapping[str, Any]) -> Condition | None:
    """None for what can't be read."""
    try:
        return conditions.parse(stored)
    except conditions.ConditionError:
        return None


def posted_rows(data: QueryDict, letter: str, questions: Questions, *, dropped: str) -> list[RowFields]:
    """The rows in order, but for the dropped one."""
    given = [f"{letter}{number}" for number in range(MOST_ROWS) if f"{letter}{number}-fact" in data]
    kept = [prefix for prefix in given if prefix != dropped]
    return [
        RowFields(
            prefix=f"{letter}{number}",
            fact=data.get(f"{prefix}-fact", "")[:100],
            values=data.getlist(f"{prefix}-values"),
            least=data.get(f"{prefix}-least", "")[:20],
            below=data.get(f"{prefix}-below", "")[:20],
            days=data.get(f"{prefix}-days", "")[:10],
            questions=questions,
        )
        for number, prefix in enumerate(kept)
    ]


def row_of(part: Condition, prefix: str, questions: Questions) -> RowFields | None:
    """A row that says one condition; None for what no row can say."""
    row = RowFields(prefix=prefix, questions=questions)
    match part:
        case conditions.Answered(form=form, question=key, values=values):
            return replace(row, fact=f"{form}.{key}", values=sorted(values))
        case conditions.Measured(form=form, question=key, range=between):
            return replace(row, fact=f"{form}.{key}", **_ends(between))
        case conditions.Age(range=between):
            return replace(row, fact=AGE, **_ends(between))
        case conditions.OneOf(fact=fact, values=values) if fact in FACTS:
            return replace(row, fact=fact, values=sorted(values))
        case conditions.FirstVisit(wanted=wanted):
            return replace(row, fact=FIRST_VISIT, values=[YES if wanted else NO])
        case _:
            return None


def offered(questions: Mapping[str, Question], *, but: str = "") -> dict[str, Question]:
    """The questions that a condition may hang on: choices and numbers, of other forms than its own."""
    return {
        ref: question
        for ref, question in questions.items()
        if question.type in (*CHOICES, QuestionType.NUMBER) and ref.partition(".")[0] != but
    }


def _ends(between: conditions.Between) -> dict[str, Any]:
    return {
        "least": "" if between.at_least is None else f"{between.at_least:g}",
        "below": "" if between.below is None else f"{between.below:g}",
    }


def _whole(number: float | None) -> float | int | None:
    return int(number) if number is not None and number.is_integer() else number
