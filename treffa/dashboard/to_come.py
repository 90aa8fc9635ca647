"""What is to come for a case, in words: the messages that will be said, and who is told if nothing comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from escalation import policy
from escalation.models import Policy
from escalation.policy import Step
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
    return [Coming(at=one.at, what=_what(one), more=shadow or _then(one, now=now)) for one in expected]


def steps(case: Case) -> Iterator[tuple[datetime, Step]]:
    """What happens after the deadline if nothing comes, where no escalation runs yet."""
    if case.deadline is None:
        return
    chosen = Policy.objects.order_by("id").first()
    planned = [Step.from_dict(content) for content in chosen.steps] if chosen else policy.DEFAULT_STEPS
    for step in planned:
        due = policy.step_due(step, deadline=case.deadline, start=case.appointment.start)
        yield max(due, case.deadline), step


def _what(one: Expected) -> str:
    occasion = str(Occasion(one.occasion).label)
    if not one.channel:
        return _("%(occasion)s: no way to write, so staff call") % {"occasion": occasion}
    return f"{Channel(one.channel).label}: {occasion}"


def _then(one: Expected, *, now: datetime) -> str:
    if one.then_at is None:
        return ""
    when = relative.moment(one.then_at, now=now)
    if not one.then:
        return _("No sign of it by %(when)s: staff call") % {"when": when}
    return _("No sign of it by %(when)s: %(channel)s") % {"when": when, "channel": Channel(one.then).label}
