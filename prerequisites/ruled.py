"""Rows as the rules see them: a prerequisite with its rule, a practice with its working days."""

from practices.models import Practice
from prerequisites import conditions, rules, validity
from prerequisites.answers import Question
from prerequisites.models import Prerequisite
from prerequisites.required import Asked
from prerequisites.working_days import Calendar


def asked_of(prerequisite: Prerequisite) -> Asked:
    """A prerequisite as the rules see it. ValueError where its condition, validity or questions can't be read."""
    return Asked(
        id=prerequisite.pk,
        key=prerequisite.key,
        kind=prerequisite.kind,
        code=prerequisite.code,
        rule=rule_of(prerequisite),
        condition=conditions.parse(prerequisite.condition),
        validity=validity.parse(prerequisite.validity),
        questions=tuple(questions_of(prerequisite)),
        blocking=prerequisite.blocking,
        by_physician=prerequisite.by_physician,
        audience=prerequisite.audience,
    )


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
