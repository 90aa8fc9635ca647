"""The messages that are to come for a case, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.forecast import Expected
from messaging.models import Channel, Occasion
from messaging.prospects import prospects_of
from practices.queries import current_practice
from prerequisites.models import Case
from treffa.dashboard import relative


@dataclass(frozen=True, kw_only=True)
class Coming:
    """One message to come, in words; of one that is queued already the timeline knows."""

    at: datetime
    what: str
    more: str


def messages(case: Case, *, now: datetime) -> list[Coming]:
    """The messages that will go out if the patient does nothing."""
    practice = current_practice()
    expected = prospects_of([case], practice=practice, now=now)[case.pk]
    shadow = "" if practice.sending else _("Not sent while the practice's messages are switched off")
    return [Coming(at=one.at, what=what(one), more=shadow or then(one, now=now)) for one in expected]


def what(one: Expected) -> str:
    """A message to come, in words."""
    occasion = str(Occasion(one.occasion).label)
    if not one.channel:
        return _("%(occasion)s: no way to write, so staff call") % {"occasion": occasion}
    said = f"{Channel(one.channel).label}: {occasion}"
    if one.about == 1:
        return said
    together = ngettext(
        "together with %(n)s other appointment", "together with %(n)s other appointments", one.about - 1
    )
    return f"{said}, {together % {'n': one.about - 1}}"


def then(one: Expected, *, now: datetime) -> str:
    """What follows where there is no sign of it."""
    if one.then_at is None:
        return ""
    when = relative.moment(one.then_at, now=now)
    if not one.then:
        return _("No sign of it by %(when)s: staff call") % {"when": when}
    return _("No sign of it by %(when)s: %(channel)s") % {"when": when, "channel": Channel(one.then).label}
