"""What patients fill in. A form keeps what was entered and says beside each field what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _

from prerequisites.answers import NO, YES, Answer, Question, QuestionType, check_answers
from prerequisites.enquiries import MOST_LETTERS
from prerequisites.models import Obstacle
from treffa.patient import texts

OLDEST_YEARS = 125


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One line of the summary on top: what to do, and the id of the field where."""

    field: str
    text: str


@dataclass(frozen=True, kw_only=True)
class DateParts:
    """A date in three fields, as it was typed."""

    day: str = ""
    month: str = ""
    year: str = ""

    @classmethod
    def posted(cls, data: QueryDict, name: str) -> "DateParts":
        return cls(**{part: data.get(f"{name}-{part}", "").strip()[:4] for part in ("day", "month", "year")})

    @classmethod
    def of(cls, iso: str) -> "DateParts":
        year, month, day = ([*iso.split("-"), "", ""])[:3]
        return cls(day=day.lstrip("0"), month=month.lstrip("0"), year=year)

    @property
    def given(self) -> bool:
        return bool(self.day or self.month or self.year)

    def value(self) -> date | None:
        """None for what is no date."""
        try:
            return date(int(self.year), int(self.month), int(self.day))
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class BirthDate:
    """The date of birth, in three fields."""

    parts: DateParts = field(default_factory=DateParts)
    mistake: str = ""

    @classmethod
    def posted(cls, data: QueryDict, *, today: date) -> tuple["BirthDate", date | None]:
        """The form as posted, and the date if it can be one: a typing error costs none of the five tries."""
        parts = DateParts.posted(data, "born")
        born = parts.value()
        if not (parts.day and parts.month and parts.year):
            return cls(parts=parts, mistake=_("Write the day, month and year of your birth")), None
        if born is None or not today.year - OLDEST_YEARS <= born.year or born > today:
            return cls(parts=parts, mistake=_("Write a date that exists, for example 14 3 1947")), None
        return cls(parts=parts), born

    @property
    def mistakes(self) -> list[Mistake]:
        return [Mistake(field="born-day", text=self.mistake)] if self.mistake else []


@dataclass(frozen=True, kw_only=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class QuestionField:
    """A question as the page shows it."""

    question: Question
    answer: Answer
    language: str
    mistake: str = ""

    @property
    def name(self) -> str:
        return f"q-{self.question.key}"

    @property
    def first_id(self) -> str:
        """The id that the summary links to."""
        match self.question.type:
            case QuestionType.DATE:
                return f"{self.name}-day"
            case QuestionType.YES_NO | QuestionType.ONE_OF | QuestionType.MANY_OF:
                return f"{self.name}-1"
            case _:
                return self.name

    @property
    def label(self) -> str:
        return texts.said(self.question.label, self.language)

    @property
    def hint(self) -> str:
        return texts.said(self.question.help, self.language)

    @property
    def kind(self) -> str:
        """Which of the template's ways to ask."""
        match self.question.type:
            case QuestionType.YES_NO | QuestionType.ONE_OF:
                return "radio"
            case QuestionType.MANY_OF:
                return "checkbox"
            case other:
                return str(other)

    @property
    def choices(self) -> list[Choice]:
        given = self.answer if isinstance(self.answer, list) else [self.answer]
        if self.question.type == QuestionType.YES_NO:
            offered = {YES: _("Yes"), NO: _("No")}
        else:
            offered = {key: texts.said(label, self.language) for key, label in self.question.choices.items()}
        return [Choice(value=key, label=label, chosen=key in given) for key, label in offered.items()]

    @property
    def date(self) -> DateParts:
        return DateParts.of(self.answer if isinstance(self.answer, str) else "")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A form of questions with the answers so far."""

    fields: list[QuestionField]

    @classmethod
    def with_answers(
        cls, questions: list[Question], answers: Mapping[str, Answer], *, language: str
    ) -> "Answers":
        """The form with what was answered before, empty where nothing was."""
        return cls(
            fields=[
                QuestionField(question=q, answer=answers.get(q.key, ""), language=language) for q in questions
            ]
        )

    @classmethod
    def posted(
        cls, questions: list[Question], data: QueryDict, *, language: str
    ) -> tuple["Answers", dict[str, Answer]]:
        """The form as posted with its mistakes, and the answers by key as check_answers knows them."""
        answers = {question.key: _posted_answer(question, data) for question in questions}
        problems = check_answers(questions, answers)
        fields = [
            QuestionField(
                question=question,
                answer=answers[question.key],
                language=language,
                mistake=texts.answer_problem(question, problems[question.key])
                if question.key in problems
                else "",
            )
            for question in questions
        ]
        return cls(fields=fields), answers

    @property
    def mistakes(self) -> list[Mistake]:
        return [Mistake(field=f.first_id, text=f"{f.label} {f.mistake}") for f in self.fields if f.mistake]


@dataclass(frozen=True, kw_only=True)
class CannotGet:
    """Why a patient can't get something."""

    reason: str = ""
    text: str = ""
    mistake: str = ""

    @classmethod
    def posted(cls, data: QueryDict) -> "CannotGet":
        reason, text = data.get("reason", ""), data.get("text", "").strip()[:1000]
        mistake = "" if reason in Obstacle.values else _("Choose what comes closest")
        return cls(reason=reason, text=text, mistake=mistake)

    @property
    def choices(self) -> list[Choice]:
        said = {
            Obstacle.SURGERY_CLOSED: _("The surgery is closed or has no appointment"),
            Obstacle.LOST: _("I can't find it any more"),
            Obstacle.UNCLEAR: _("I don't know what that is"),
            Obstacle.OTHER: _("Something else"),
        }
        return [Choice(value=str(key), label=label, chosen=key == self.reason) for key, label in said.items()]

    @property
    def mistakes(self) -> list[Mistake]:
        return [Mistake(field="reason-1", text=self.mistake)] if self.mistake else []


@dataclass(frozen=True, kw_only=True)
class Enquiry:
    """A question to the practice."""

    text: str = ""
    mistake: str = ""

    @classmethod
    def posted(cls, data: QueryDict) -> "Enquiry":
        text = data.get("text", "").strip().replace("\0", "")
        if not text:
            return cls(mistake=_("Write your question"))
        if len(text) > MOST_LETTERS:
            return cls(text=text, mistake=_("Write a shorter question, at most 1,000 letters"))
        return cls(text=text)

    @property
    def mistakes(self) -> list[Mistake]:
        return [Mistake(field="text", text=self.mistake)] if self.mistake else []


def too_many_questions() -> Mistake:
    return Mistake(field="text", text=_("You have asked several questions today. Please call us"))


def not_taken() -> Mistake:
    """What changed in the meantime: another tab, the calendar, the plan."""
    text = _(
        "This could not be taken: something about your appointment has changed meanwhile. Please call us"
    )
    return Mistake(field="content", text=text)


def _posted_answer(question: Question, data: QueryDict) -> Answer:
    name = f"q-{question.key}"
    match question.type:
        case QuestionType.MANY_OF:
            return data.getlist(name)
        case QuestionType.DATE:
            parts = DateParts.posted(data, name)
            born = parts.value()
            if born is not None:
                return born.isoformat()
            return f"{parts.year}-{parts.month}-{parts.day}" if parts.given else ""
        case _:
            return data.get(name, "").strip()
