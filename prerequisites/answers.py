"""The questions of a form and what can be taken as answers to them. Pure.

Answers are {question key: what was given}: a text, also for numbers ("72,5") and dates (ISO), or a list for "many of".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

YES, NO = "yes", "no"
MOST_LETTERS = 2000


class QuestionType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    ONE_OF = "one_of"
    MANY_OF = "many_of"


Answer = str | list[str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of a form. `label`, `help` and each choice's text are {language: text}; `flag` is the answer that
    staff should see at once. `when`: asked only where each of these earlier questions got one of these answers."""

    key: str
    type: QuestionType
    label: dict[str, str]
    help: dict[str, str] = field(default_factory=dict)
    required: bool = True
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    flag: str = ""
    when: dict[str, list[str]] = field(default_factory=dict)

    def is_asked(self, answers: Mapping[str, Answer]) -> bool:
        """Whether it is asked where these answers were given."""
        return all(
            set(wanted) & set(_listed(answers.get(earlier, ""))) for earlier, wanted in self.when.items()
        )

    @classmethod
    def from_dict(cls, content: dict[str, object]) -> "Question":
        """Reads a question of Prerequisite.questions, whose choices are pairs: the database does not keep the order of
        an object's keys. ValueError for what is none."""
        try:
            read = {"type": QuestionType(str(content["type"])), "choices": dict(content.get("choices", ()))}  # type: ignore[call-overload]
            return cls(**{**content, **read})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a question: {content!r}") from error


class AnswerProblem(StrEnum):
    """Why an answer can't be taken; the page has the words."""

    MISSING = "missing"
    NOT_A_NUMBER = "not_a_number"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NOT_A_DATE = "not_a_date"
    NOT_A_CHOICE = "not_a_choice"
    TOO_LONG = "too_long"


def asked(questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[Question]:
    """The questions that are asked where these answers were given, in order; an answer to one that is not counts for none
    of those behind it."""
    given: dict[str, Answer] = {}
    found = []
    for question in questions:
        if question.is_asked(given):
            found.append(question)
            given[question.key] = answers.get(question.key, "")
    return found


def only_asked(questions: Sequence[Question], answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers to the questions that are asked."""
    return {question.key: answers.get(question.key, "") for question in asked(questions, answers)}


def check_answers(questions: Sequence[Question], answers: Mapping[str, Answer]) -> dict[str, AnswerProblem]:
    """The problems by question key; empty if all answers can be taken."""
    found = (
        (question.key, _problem(question, answers.get(question.key, "")))
        for question in asked(questions, answers)
    )
    return {key: problem for key, problem in found if problem is not None}


def number_of(text: str) -> float | None:
    """The number that was written, with a comma or a point; None for what is none."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if -1e12 < number < 1e12 else None


def _listed(answer: Answer) -> list[str]:
    return answer if isinstance(answer, list) else [answer]


def _problem(question: Question, answer: Answer) -> AnswerProblem | None:
    if not answer:
        return AnswerProblem.MISSING if question.required else None
    given = _listed(answer)
    match question.type:
        case QuestionType.NUMBER:
            return _number_problem(question, given[0])
        case QuestionType.DATE:
            return _date_problem(given[0])
        case QuestionType.YES_NO:
            return None if given[0] in (YES, NO) else AnswerProblem.NOT_A_CHOICE
        case QuestionType.ONE_OF | QuestionType.MANY_OF:
            return None if set(given) <= set(question.choices) else AnswerProblem.NOT_A_CHOICE
        case _:
            return AnswerProblem.TOO_LONG if len(given[0]) > MOST_LETTERS else None


def _number_problem(question: Question, text: str) -> AnswerProblem | None:
    number = number_of(text)
    if number is None:
        return AnswerProblem.NOT_A_NUMBER
    if question.minimum is not None and number < question.minimum:
        return AnswerProblem.TOO_SMALL
    if question.maximum is not None and number > question.maximum:
        return AnswerProblem.TOO_LARGE
    return None


def _date_problem(text: str) -> AnswerProblem | None:
    try:
        date.fromisoformat(text)
    except ValueError:
        return AnswerProblem.NOT_A_DATE
    return None
