"""What a plan asks for, in words: by when, for how long, for whom and under which condition. No reading, no writing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from prerequisites import conditions, validity
from prerequisites.answers import NO, YES, Question, QuestionType
from prerequisites.conditions import Between, Condition
from prerequisites.models import Audience, Kind
from prerequisites.packs import PackPrerequisite
from prerequisites.validity import Validity

# Questions by "form.question".
Questions = Mapping[str, Question]

SEXES: Mapping[str, str | Promise] = {
    "female": gettext_lazy("female"),
    "male": gettext_lazy("male"),
    "other": gettext_lazy("other (sex)"),
}
INSURANCES: Mapping[str, str | Promise] = {
    "statutory": gettext_lazy("statutory"),
    "private": gettext_lazy("private"),
    "self_pay": gettext_lazy("pays themselves"),
    "accident": gettext_lazy("accident insurance"),
}
LANGUAGES: Mapping[str, str] = {
    "de": "Deutsch", "en": "English", "fr": "Français", "it": "Italiano", "es": "Español", "pt": "Português",
    "tr": "Türkçe", "pl": "Polski", "nl": "Nederlands", "ru": "Русский", "uk": "Українська", "ar": "العربية",
}  # fmt: skip


def language_name(code: str) -> str:
    """A language in its own words."""
    return LANGUAGES.get(code, code)


def said(texts: Mapping[str, str], language: str | None = None) -> str:
    """A text in the language, else the page's, else in German, else in any there is."""
    wanted = (language or "", get_language() or "", "de")
    return next((texts[one] for one in wanted if texts.get(one)), next(iter(texts.values()), ""))


def questions_of(entries: Iterable[PackPrerequisite]) -> dict[str, Question]:
    """The questions that conditions may name."""
    return {f"{one.key}.{question.key}": question for one in entries for question in one.questions}


def kind(one: PackPrerequisite) -> str:
    """ "Document, blocking", "6 questions, advisory"."""
    if one.kind == Kind.FORM:
        count = len(one.questions)
        what = ngettext("%(n)s question", "%(n)s questions", count) % {"n": count}
    else:
        what = str(Kind(one.kind).label)
    if one.kind == Kind.INFORMATION:
        return what
    weight = _("blocking") if one.blocking else _("advisory")
    return f"{what}, {weight}"


def deadline(one: PackPrerequisite) -> str:
    """By when it is due, in sentences; empty for what nobody hands in."""
    if one.kind == Kind.INFORMATION:
        return ""
    parts = [_due(one)]
    if one.lead_days:
        parts.append(_takes(one))
    if one.may_be_brought:
        parts.append(_("May be brought along."))
    return " ".join(parts)


def _due(one: PackPrerequisite) -> str:
    at = clock_time(one.time_of_day)
    if one.days_before == 0:
        return _("Due on the day of the appointment, by %(time)s.") % {"time": at}
    if one.working_days:
        words = ngettext(
            "Due %(n)s working day before the appointment, by %(time)s.",
            "Due %(n)s working days before the appointment, by %(time)s.",
            one.days_before,
        )
    else:
        words = ngettext(
            "Due %(n)s day before the appointment, by %(time)s.",
            "Due %(n)s days before the appointment, by %(time)s.",
            one.days_before,
        )
    return words % {"n": one.days_before, "time": at}


def _takes(one: PackPrerequisite) -> str:
    if one.working_days:
        words = ngettext(
            "It takes %(n)s working day to get: due while that is still left.",
            "It takes %(n)s working days to get: due while they are still left.",
            one.lead_days,
        )
    else:
        words = ngettext(
            "It takes %(n)s day to get: due while that is still left.",
            "It takes %(n)s days to get: due while they are still left.",
            one.lead_days,
        )
    return words % {"n": one.lead_days}


def clock_time(at: time) -> str:
    """ "18:00"."""
    return at.strftime("%H:%M")


def audience(one: PackPrerequisite) -> str:
    """Who sees to it, and that nobody is written to where that is so."""
    if one.kind == Kind.INFORMATION:
        return ""
    if one.audience == Audience.REFERRER:
        return _(
            "For the referring practice: Treffa writes to nobody about it. Your practice asks for it, and ticks it when it is here."
        )
    if one.audience == Audience.PRACTICE or one.kind == Kind.STAFF_CHECK:
        done = _("Done by your practice; the patient is not asked for it.")
        only = _("Only a physician may tick it.") if one.by_physician else ""
        return f"{done} {only}".strip()
    return _("Only a physician may accept it.") if one.by_physician else ""


def for_how_long(rule: Validity, questions: Questions) -> list[str]:
    """For how long it counts, in sentences; none for what counts for ever."""
    found: list[str] = []
    if rule.days is not None:
        found.append(_measured(rule.days, rule))
        for limit in rule.limits:
            days = ngettext("at most %(n)s day", "at most %(n)s days", limit.days) % {"n": limit.days}
            found.append(
                _("If %(condition)s: %(days)s.")
                % {"condition": condition(limit.when, questions), "days": days}
            )
    if rule.quarter:
        found.append(
            _("A warning where it is of an earlier quarter than the appointment; it counts all the same.")
        )
    return found


def _measured(days: int, rule: Validity) -> str:
    booking = rule.measured_at == validity.BOOKING
    if rule.effect == validity.WARN and booking:
        words = ngettext(
            "More than %(n)s day old on the day of booking: a warning, it counts all the same.",
            "More than %(n)s days old on the day of booking: a warning, it counts all the same.",
            days,
        )
    elif rule.effect == validity.WARN:
        words = ngettext(
            "More than %(n)s day old on the day of the appointment: a warning, it counts all the same.",
            "More than %(n)s days old on the day of the appointment: a warning, it counts all the same.",
            days,
        )
    elif booking:
        words = ngettext(
            "At most %(n)s day old on the day of booking; what is older does not count.",
            "At most %(n)s days old on the day of booking; what is older does not count.",
            days,
        )
    else:
        words = ngettext(
            "At most %(n)s day old on the day of the appointment; what is older does not count.",
            "At most %(n)s days old on the day of the appointment; what is older does not count.",
            days,
        )
    return words % {"n": days}


def condition(one: Condition, questions: Questions) -> str:
    """A condition as part of a sentence: "“Metformin?”: yes, or the patient is at least 60". Empty for always."""
    return _condition(one, questions, within=False)


def _condition(one: Condition, questions: Questions, *, within: bool) -> str:
    match one:
        case conditions.Always():
            return ""
        case conditions.Every(parts=parts) | conditions.Some(parts=parts):
            joint = (
                pgettext("between conditions", " and ")
                if isinstance(one, conditions.Every)
                else pgettext("between conditions", " or ")
            )
            words = joint.join(_condition(part, questions, within=True) for part in parts)
            return f"({words})" if within and len(parts) > 1 else words
        case conditions.Not(part=part):
            return _("not: %(condition)s") % {"condition": _condition(part, questions, within=True)}
        case conditions.Answered(form=form, question=key, values=values):
            return _answered(f"{form}.{key}", values, questions)
        case conditions.Measured(form=form, question=key, range=between):
            asked = questions.get(f"{form}.{key}")
            said = _between(between, asked.unit if asked else "")
            return _("%(question)s: %(answer)s") % {
                "question": _label(f"{form}.{key}", asked),
                "answer": said,
            }
        case conditions.Age(range=between):
            return _("the patient's age is %(range)s") % {"range": _between(between, "")}
        case conditions.FirstVisit(wanted=wanted):
            return _("it is the first visit") if wanted else _("the patient was here before")
        case conditions.OneOf(fact=fact, values=values):
            return _fact(fact, values)


def _answered(ref: str, values: frozenset[str], questions: Questions) -> str:
    asked = questions.get(ref)
    known = dict.fromkeys((YES, NO, *(asked.choices if asked else ())))
    in_order = [value for value in known if value in values]
    in_order += sorted(values.difference(in_order))
    said = either(answer(asked, value) for value in in_order)
    return _("%(question)s: %(answer)s") % {"question": _label(ref, asked), "answer": said}


def answer(asked: Question | None, value: str) -> str:
    """An answer in words."""
    if value in (YES, NO) and (asked is None or asked.type == QuestionType.YES_NO):
        return _("yes") if value == YES else _("no")
    return said(asked.choices[value]) if asked is not None and value in asked.choices else value


def _label(ref: str, asked: Question | None) -> str:
    return pgettext("a question in quotes", "“%(question)s”") % {
        "question": said(asked.label) if asked else ref
    }


def _between(between: Between, unit: str) -> str:
    least, below = (_number(end, unit) for end in (between.at_least, between.below))
    if between.below is None:
        return _("at least %(number)s") % {"number": least}
    if between.at_least is None:
        return _("below %(number)s") % {"number": below}
    return _("at least %(least)s and below %(below)s") % {"least": least, "below": below}


def _number(number: float | None, unit: str) -> str:
    return "" if number is None else f"{number:g} {unit}".strip()


def _fact(fact: str, values: Iterable[str]) -> str:
    if fact == "sex":
        return _("sex: %(values)s") % {"values": either(str(SEXES.get(one, one)) for one in sorted(values))}
    if fact == "insurance":
        words = either(str(INSURANCES.get(one, one)) for one in sorted(values))
        return _("insurance: %(values)s") % {"values": words}
    return _("what is booked is called %(values)s") % {"values": either(sorted(values))}


def either(words: Iterable[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    listed: Sequence[str] = list(words)
    if len(listed) < 2:
        return "".join(listed)
    return pgettext("the last two of a list", "%(one)s or %(other)s") % {
        "one": ", ".join(listed[:-1]),
        "other": listed[-1],
    }


def source(one: PackPrerequisite) -> str:
    """Where a rule is from, and when that was looked up."""
    if not one.source:
        return ""
    if one.checked is None:
        return _("Source: %(source)s") % {"source": one.source}
    return _("Source: %(source)s; looked up on %(date)s") % {
        "source": one.source,
        "date": spoken(one.checked),
    }


def spoken(day: date) -> str:
    """A date as it stands on documents."""
    return date_format(day, pgettext("date on a document in Django's format", "j M Y"))


def on_day(at: datetime) -> str:
    """The day of a moment, in the practice's zone."""
    return spoken(timezone.localtime(at).date())


def moment(at: datetime) -> str:
    """ "Thu 26 Nov, 10:20" in the practice's zone."""
    local = timezone.localtime(at)
    # Translators: a date format of Django, weekday, day and month
    return _("%(day)s, %(time)s") % {"day": date_format(local, _("D j M")), "time": date_format(local, "H:i")}
