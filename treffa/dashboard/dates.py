"""What the dates of documents mean, in sentences: too old, of an earlier quarter, taken from another appointment."""

from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from prerequisites.models import RequirementState
from prerequisites.queries import RequirementRow
from prerequisites.validity import Caution

ASKED = (RequirementState.OPEN, RequirementState.REJECTED)


def spoken(day: date) -> str:
    """A date as it stands on documents."""
    return date_format(day, pgettext("date on a document in Django's format", "j M Y"))


def of_document(row: RequirementRow) -> str:
    """The document's own date, where it was asked for."""
    dated = row.requirement.document_date
    return _("Document of %(date)s.") % {"date": spoken(dated)} if dated and row.needs_date else ""


def reused(row: RequirementRow) -> str:
    """That it was in place for another appointment already."""
    source = row.requirement.reused_from
    if source is None:
        return ""
    day = spoken(timezone.localtime(source.case.appointment.start).date())
    sentence = _("Already here from the appointment on %(date)s, still valid.") % {"date": day}
    return " ".join(filter(None, (sentence, of_document(row))))


def lapsed(row: RequirementRow) -> str:
    """That it was in place, but does not count any more."""
    requirement = row.requirement
    if requirement.lapsed_at is None or requirement.state not in ASKED:
        return ""
    if requirement.document_date is None:
        return _("Was in place, but does not count for this appointment any more.")
    dated = spoken(requirement.document_date)
    return _("Was in place (of %(date)s), but does not count for this appointment any more.") % {
        "date": dated
    }


def oldest(row: RequirementRow) -> str:
    """From which date on a document counts."""
    return _("Counts if dated %(date)s or later.") % {"date": spoken(row.oldest)} if row.oldest else ""


def cautions(row: RequirementRow) -> list[str]:
    """What staff should look at; it does not hold the appointment up."""
    return [caution(one) for one in row.cautions]


def refusal(code: str, params: dict[str, int]) -> str:
    """Why a document of that date is not taken; empty where it was not for its date."""
    if code == "too_old":
        words = ngettext(
            "Too old: %(age)s days on the day that counts, at most %(limit)s day is allowed. Ask again, or a"
            " physician goes without it.",
            "Too old: %(age)s days on the day that counts, at most %(limit)s days are allowed. Ask again, or a"
            " physician goes without it.",
            params["limit"],
        )
        return words % params
    if code == "date_missing":
        return _("Write the document's date.")
    return _("This date is still to come.") if code == "date_in_future" else ""


def caution(one: Caution) -> str:
    """One of them."""
    if one.code == "too_old":
        return _("Is %(age)s days old; %(limit)s are recommended.") % one.params
    if one.code == "earlier_quarter":
        return _("Of an earlier quarter: read the insurance card again.")
    return _("Without a date it can't be judged whether it is too old.")
