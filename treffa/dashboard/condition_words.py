"""Conditions in words: "“Do you take metformin?”: Yes", "at least 60 years old". In the language that is active."""

from collections.abc import Iterable, Mapping

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Insurance, Sex
from prerequisites import conditions
from prerequisites.answers import NO, YES, Question
from prerequisites.conditions import Between, Condition
from prerequisites.required import Asked

Questions = Mapping[tuple[str, str], Question]
_YES_NO: Mapping[str, str | Promise] = {YES: gettext_lazy("Yes"), NO: gettext_lazy("No")}


def questions_in(asked: Iterable[Asked]) -> dict[tuple[str, str], Question]:
    """All questions of a plan by (form, question), as conditions name them."""
    return {(form.key, question.key): question for form in asked for question in form.questions}


def spoken(condition: Condition, *, questions: Questions, language: str) -> str:
    """A condition as part of a sentence; empty for the one that always holds."""
    match condition:
        case conditions.Answered(form=form, question=key, values=values):
            asked = questions.get((form, key))
            given = ", ".join(_choice(asked, value, language) for value in sorted(values))
            return _("“%(question)s”: %(answer)s") % {
                "question": _label(asked, key, language),
                "answer": given,
            }
        case conditions.Measured(form=form, question=key, range=between):
            asked = questions.get((form, key))
            unit = asked.unit if asked else ""
            return _("“%(question)s”: %(answer)s") % {
                "question": _label(asked, key, language),
                "answer": _range(between, unit),
            }
        case conditions.Age(range=between):
            return _("age %(range)s") % {"range": _range(between, str(_("years")))}
        case conditions.OneOf(fact=fact, values=values):
            return " / ".join(_value(fact, value) for value in sorted(values))
        case conditions.FirstVisit(wanted=wanted):
            return _("first visit") if wanted else _("not the first visit")
        case conditions.Every(parts=parts):
            return _(" and ").join(spoken(part, questions=questions, language=language) for part in parts)
        case conditions.Some(parts=parts):
            return _(" or ").join(spoken(part, questions=questions, language=language) for part in parts)
        case conditions.Not(part=part):
            return _("not: %(what)s") % {"what": spoken(part, questions=questions, language=language)}
        case _:
            return ""


def _label(asked: Question | None, key: str, language: str) -> str:
    return said(asked.label, language) if asked else key


def _choice(asked: Question | None, value: str, language: str) -> str:
    if asked and value in asked.choices:
        return said(asked.choices[value], language)
    return str(_YES_NO.get(value, value))


def said(texts: Mapping[str, str], language: str) -> str:
    """The text in the language, else in German, else in any there is."""
    return texts.get(language) or texts.get("de") or next(iter(texts.values()), "")


def _range(between: Between, unit: str) -> str:
    low = "" if between.at_least is None else _("at least %(n)s") % {"n": _number(between.at_least)}
    high = "" if between.below is None else _("below %(n)s") % {"n": _number(between.below)}
    return " ".join(filter(None, (", ".join(filter(None, (low, high))), unit)))


def _number(value: float) -> str:
    return number_format(f"{value:g}")


def _value(fact: str, value: str) -> str:
    names = {"sex": Sex, "insurance": Insurance}
    known = names.get(fact)
    return str(known(value).label) if known and value in known.values else value
