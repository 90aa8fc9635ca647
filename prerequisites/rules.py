"""The decisions about readiness, pure: a plan's rule, the appointment, what is in place -> what is due when, and how it stands.

All moments are aware datetimes in UTC; days and times of day are the practice's (`zone`, an IANA name). A deadline is
never in the past: a late booking gets a compressed plan, or the thing is brought along. Advisory items never block.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LATEST_BEFORE_START = timedelta(hours=2)
AT_RISK_BEFORE_DEADLINE = timedelta(hours=24)
PATIENT_KINDS = frozenset({"document", "form", "acknowledgement"})
DONE_STATES = frozenset({"accepted", "waived", "withdrawn"})
ASKED_STATES = frozenset({"open", "rejected"})
YES, NO = "yes", "no"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When something is due: `days_before` the appointment's day at `time_of_day`; `lead_days` is how long it takes
    to get (a laboratory's answer), so that it is of use only if begun that long before."""

    days_before: int
    time_of_day: time
    lead_days: int = 0
    may_be_brought: bool = False


@dataclass(frozen=True, kw_only=True)
class Due:
    """A deadline. `bring_along`: nothing is due before the appointment, the patient brings it."""

    at: datetime
    bring_along: bool = False


def due(rule: Rule, *, start: datetime, now: datetime, zone: str) -> Due:
    """The deadline of a rule for an appointment at `start`, decided at `now`.

    In time: `days_before` the appointment's day at `time_of_day`, or as early as the lead time asks. Too late for
    that: brought along if it may be, else half of the time that is left, at the latest two hours before the start.
    """
    regular = _days_before(start, max(rule.days_before, rule.lead_days), rule.time_of_day, zone)
    if regular > now:
        return Due(at=min(regular, start))
    if rule.may_be_brought:
        return Due(at=start, bring_along=True)
    half = now + (start - now) / 2
    latest = start - LATEST_BEFORE_START
    return Due(at=max(now, _quarter_hour(min(half, latest))) if latest > now else max(now, start))


def moved(rule: Rule, *, held: Due, by: timedelta, start: datetime, now: datetime, zone: str) -> Due:
    """The deadline of a rule after the appointment was moved `by` so much, to `start`. What was overdue stays so, unless
    the rule's deadline or its own moved along is still to come: a move by an hour gives nobody more time."""
    regular = _days_before(start, max(rule.days_before, rule.lead_days), rule.time_of_day, zone)
    if held.at <= now and not held.bring_along and max(regular, held.at + by) <= now:
        return held
    return due(rule, start=start, now=now, zone=zone)


def latest_useful(rule: Rule, *, start: datetime) -> datetime:
    """From when on beginning is of no use any more: the lead time before the appointment."""
    return start - timedelta(days=rule.lead_days)


def _days_before(start: datetime, days: int, at: time, zone: str) -> datetime:
    local_day = start.astimezone(ZoneInfo(zone)).date() - timedelta(days=days)
    return datetime.combine(local_day, at, ZoneInfo(zone)).astimezone(UTC)


def _quarter_hour(moment: datetime) -> datetime:
    return moment - timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )


@dataclass(frozen=True, kw_only=True)
class Item:
    """A requirement as readiness sees it. `latest_useful` is the moment after which an open one can't be had any more."""

    kind: str
    state: str
    blocking: bool
    deadline: datetime
    latest_useful: datetime
    bring_along: bool = False

    @property
    def done(self) -> bool:
        return self.state in DONE_STATES or (self.bring_along and self.state in ASKED_STATES)

    @property
    def waits_for_patient(self) -> bool:
        return not self.done and self.state in ASKED_STATES and self.kind in PATIENT_KINDS


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The readiness of a case (prerequisites.models.Readiness), the next deadline that matters, and when time alone
    will change it next (None: never)."""

    readiness: str
    deadline: datetime | None
    changes_at: datetime | None


def standing(
    items: Sequence[Item], *, start: datetime, end: datetime, reachable: bool, closed: bool, now: datetime
) -> Standing:
    """How a case stands at `now`."""
    if closed or end <= now:
        return Standing(readiness="closed", deadline=None, changes_at=None)
    missing = [item for item in items if item.blocking and not item.done and item.kind != "information"]
    asked = [item for item in missing if item.waits_for_patient]
    moments = [end, start] + [
        moment
        for item in missing
        for moment in (item.deadline - AT_RISK_BEFORE_DEADLINE, item.deadline, item.latest_useful)
    ]
    return Standing(
        readiness=_readiness(items, missing, asked, start=start, reachable=reachable, now=now),
        deadline=min((item.deadline for item in asked), default=None),
        changes_at=min(moment for moment in moments if moment > now),
    )


def _readiness(
    items: Iterable[Item],
    missing: Sequence[Item],
    asked: Sequence[Item],
    *,
    start: datetime,
    reachable: bool,
    now: datetime,
) -> str:
    if not missing:
        return "waived" if any(item.blocking and item.state == "waived" for item in items) else "ready"
    if start <= now or any(item.latest_useful <= now for item in asked):
        return "not_performable"
    if any(item.deadline <= now for item in asked):
        return "overdue"
    if asked and not reachable:
        return "needs_contact"
    if any(item.deadline - AT_RISK_BEFORE_DEADLINE <= now for item in asked):
        return "at_risk"
    return "to_review" if any(_for_staff(item, alone=not asked, now=now) for item in missing) else "waiting"


def _for_staff(item: Item, *, alone: bool, now: datetime) -> bool:
    """Whether staff have to act on it now: something was handed in, or a check of their own is near its deadline or all
    that is left."""
    if item.state == "submitted":
        return True
    own = item.kind not in PATIENT_KINDS
    return own and (alone or item.deadline - AT_RISK_BEFORE_DEADLINE <= now)


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
    staff should see at once."""

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


def check_answers(questions: Sequence[Question], answers: dict[str, Answer]) -> dict[str, AnswerProblem]:
    """The problems by question key; empty if all answers can be taken."""
    found = ((question.key, _problem(question, answers.get(question.key, ""))) for question in questions)
    return {key: problem for key, problem in found if problem is not None}


def _problem(question: Question, answer: Answer) -> AnswerProblem | None:
    if not answer:
        return AnswerProblem.MISSING if question.required else None
    given = answer if isinstance(answer, list) else [answer]
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
            return AnswerProblem.TOO_LONG if len(given[0]) > 2000 else None


def _number_problem(question: Question, text: str) -> AnswerProblem | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return AnswerProblem.NOT_A_NUMBER
    if not -1e12 < number < 1e12:
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
