"""Rows as the rules see them: a prerequisite with its rule, a practice with its working days."""

from collections.abc import Callable
from typing import TypeVar

from practices.models import Practice
from prerequisites import conditions, rules, validity
from prerequisites.answers import Question
from prerequisites.models import Prerequisite
from prerequisites.required import Asked
from prerequisites.working_days import Calendar

T = TypeVar("T")


def asked_of(prerequisite: Prerequisite) -> Asked:
    """A prerequisite as the rules see it. What of it can't be read asks for more rather than less: without its condition
    it is always required, without its validity it is asked for though nothing judges its age (`unreadable` says so)."""
    return Asked(
        id=prerequisite.pk,
        key=prerequisite.key,
        kind=prerequisite.kind,
        code=prerequisite.code,
        rule=rule_of(prerequisite),
        condition=_read(conditions.parse, prerequisite.condition) or conditions.Always(),
        validity=_read(validity.parse, prerequisite.validity) or validity.Validity(),
        questions=_read(_questions, prerequisite.questions) or (),
        blocking=prerequisite.blocking,
        by_physician=prerequisite.by_physician,
        audience=prerequisite.audience,
    )


def unreadable(prerequisite: Prerequisite) -> dict[str, ValueError]:
    """What of a stored prerequisite can't be read, by field, with what is wrong; empty for nearly all."""
    reads: dict[str, Callable[[object], object]] = {
        "condition": conditions.parse,
        "validity": validity.parse,
        "questions": _questions,
    }
    found: dict[str, ValueError] = {}
    for field, read in reads.items():
        try:
            read(getattr(prerequisite, field))
        except ValueError as error:
            found[field] = error
    return found


def rule_of(prerequisite: Prerequisite) -> rules.Rule:
    """The deadline rule of a prerequisite."""
    return rules.Rule(
        days_before=prerequisite.days_before,
        time_of_day=prerequisite.time_of_day,
        lead_days=prerequisite.lead_days,
        may_be_brought=prerequisite.may_be_brought,
        working_days=prerequisite.working_days,
    )


def calendar_of(practice: Practice) -> Calendar:
    """The practice's working days."""
    return Calendar(zone=practice.time_zone, country=practice.country, region=practice.region)


def current_calendar() -> Calendar:
    """The working days of the practice in scope."""
    return calendar_of(Practice.objects.get())


def questions_of(prerequisite: Prerequisite) -> list[Question]:
    """The form's questions, in order."""
    return [Question.from_dict(content) for content in prerequisite.questions]


def _questions(content: object) -> tuple[Question, ...]:
    if not isinstance(content, list):
        raise ValueError("questions are a list")
    return tuple(Question.from_dict(one) for one in content)


def _read(read: Callable[[object], T], content: object) -> T | None:
    try:
        return read(content)
    except ValueError:
        return None
