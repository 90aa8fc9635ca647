"""The rule of a requirement in plain words, and what the date on a document means by it. The server decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prerequisites import validity
from prerequisites.case_facts import Known
from prerequisites.models import Prerequisite
from prerequisites.validity import Judgement, Validity
from treffa.dashboard import condition_words, dates


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a date means: class and icon, a short sentence, and what belongs to it. What `refuses` is not accepted."""

    css: str
    icon: str
    title: str
    notes: Sequence[str] = ()
    refuses: bool = False
    too_old: bool = False


def rule(prerequisite: Prerequisite, known: Known, *, language: str) -> list[str]:
    """For how long it counts, in sentences, with what is known of this patient."""
    asked = known.asked[prerequisite.pk]
    if asked.validity.days is None and not asked.validity.quarter:
        return []
    said = [_at_most(asked.validity, asked.validity.days)] if asked.validity.days is not None else []
    said += _limits(asked.validity, known, language)
    if asked.validity.days is not None and asked.validity.effect == validity.WARN:
        said.append(_("What is older counts, too, with a warning."))
    if asked.validity.quarter:
        said.append(_("From an earlier quarter it counts, but the insurance card is read again."))
    return said


def source(prerequisite: Prerequisite) -> str:
    """Where the rule is from, and when somebody last looked."""
    if not prerequisite.source:
        return ""
    words = _("Source: %(source)s") % {"source": prerequisite.source}
    if prerequisite.source_checked is None:
        return words
    return _("%(source)s, checked on %(date)s") % {
        "source": words,
        "date": dates.spoken(prerequisite.source_checked),
    }


def verdict(
    prerequisite: Prerequisite, known: Known, document_date: date | None, *, now: datetime
) -> Verdict:
    """What the date that was typed means; None: nothing was typed yet."""
    asked = known.asked[prerequisite.pk].validity
    if document_date is None:
        return Verdict(css="is-waiting", icon="calendar-clock", title=_("Which date is on the document?"))
    if document_date > timezone.localdate(now):
        return Verdict(css="is-stop", icon="octagon-x", title=_("This date is still to come."), refuses=True)
    judged = known.judge(prerequisite.pk, document_date)
    notes = [dates.caution(one) for one in judged.cautions if one.code == "earlier_quarter"]
    if judged.age is None or judged.limit is None:
        return _counts(_("Counts."), notes)
    if judged.age > judged.limit:
        return _too_old(asked, judged, notes)
    return _counts(_fits(asked, judged.age), [_most(judged.limit), *notes], warns=bool(notes))


def _counts(title: str, notes: Sequence[str], *, warns: bool | None = None) -> Verdict:
    if bool(notes) if warns is None else warns:
        return Verdict(css="is-risk", icon="triangle-alert", title=title, notes=notes)
    return Verdict(css="is-ready", icon="circle-check", title=title, notes=notes)


def _too_old(asked: Validity, judged: Judgement, notes: Sequence[str]) -> Verdict:
    numbers = {"age": judged.age, "limit": judged.limit}
    if not judged.blocks:
        title = _("%(age)s days old, %(limit)s are recommended") % numbers
        return Verdict(css="is-risk", icon="triangle-alert", title=title, notes=[_("It counts."), *notes])
    title = _("%(age)s days old, %(limit)s are allowed") % numbers
    measured = _measured(asked)
    return Verdict(
        css="is-stop",
        icon="octagon-x",
        title=title,
        notes=[measured, _("It is not accepted: ask again, or a physician goes without it.")],
        refuses=True,
        too_old=True,
    )


def _measured(asked: Validity) -> str:
    if asked.measured_at == validity.BOOKING:
        return _("Counted to the day of the booking.")
    return _("Counted to the day of the appointment.")


def _fits(asked: Validity, age: int) -> str:
    if age < 0:
        return _("Fits: written after the booking")
    if asked.measured_at == validity.BOOKING:
        words = ngettext("Fits: %(n)s day old at the booking", "Fits: %(n)s days old at the booking", age)
    else:
        words = ngettext(
            "Fits: %(n)s day old at the appointment", "Fits: %(n)s days old at the appointment", age
        )
    return words % {"n": age}


def _most(limit: int) -> str:
    return ngettext("%(n)s day is allowed.", "%(n)s days are allowed.", limit) % {"n": limit}


def _at_most(asked: Validity, days: int) -> str:
    if asked.measured_at == validity.BOOKING:
        words = ngettext(
            "At most %(n)s day old when the appointment was booked.",
            "At most %(n)s days old when the appointment was booked.",
            days,
        )
    else:
        words = ngettext(
            "At most %(n)s day old on the day of the appointment.",
            "At most %(n)s days old on the day of the appointment.",
            days,
        )
    return words % {"n": days}


def _limits(asked: Validity, known: Known, language: str) -> list[str]:
    questions = condition_words.questions_in(known.asked.values())
    said = []
    for limit in asked.limits:
        holds = limit.when.holds(known.facts)
        here = {True: _("This applies here."), False: _("This does not apply here.")}
        words = ngettext("%(n)s day if %(condition)s.", "%(n)s days if %(condition)s.", limit.days) % {
            "n": limit.days,
            "condition": condition_words.spoken(limit.when, questions=questions, language=language),
        }
        unknown = _("Here this is not known yet.")
        said.append(f"{words} {here.get(holds, unknown) if holds is not None else unknown}")
    return said
