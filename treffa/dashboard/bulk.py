"""What staff do with several cases at once: shown before it is done, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message
from messaging.operations import by_hand
from practices.models import Practice
from practices.queries import MembershipRow
from prerequisites.models import Case, Kind, Requirement, RequirementState
from treffa.dashboard import relative
from treffa.dashboard.staff import StaffRequest

MOST = 100
SESSION = "bulk"
UNDO_WITHIN = timedelta(minutes=30)
_WHY_NOT: dict[str, str | Promise] = {
    "not_sending": gettext_lazy("nothing is sent yet: sending is switched off"),
    "no_way": gettext_lazy("there is no number and no e-mail address to write to"),
    "not_asked": gettext_lazy("was not asked yet; the request goes out by itself"),
    "waits": gettext_lazy("a message waits to go out already"),
    "case_closed": gettext_lazy("nothing is asked for any more"),
    "appointment_past": gettext_lazy("the appointment is over"),
    "complete": gettext_lazy("the patient has nothing left to do"),
    "answered": gettext_lazy("the patient has answered meanwhile"),
    "deadline_past": gettext_lazy("too late for a message: call"),
}


class Do(StrEnum):
    """What can be done with several."""

    REMIND = "remind"
    ASSIGN = "assign"
    WAIVE = "waive"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What will happen to a case; `happens` is False for those that are passed over, and `words` say why."""

    case: Case
    name: str
    when: str
    words: str
    happens: bool


def last_done(request: StaffRequest, *, now: datetime) -> dict[str, Any] | None:
    """What this session did last with several, where it can be taken back here and now."""
    last: dict[str, Any] | None = request.session.get(SESSION)
    if last is None or last["practice"] != request.practice.pk:
        return None
    at = datetime.fromisoformat(last["at"])
    within = by_hand.GRACE if last["do"] == Do.REMIND else UNDO_WITHIN
    return last if at <= now < at + within else None


def cases_of(ids: Sequence[int]) -> list[Case]:
    """The chosen cases of the practice in scope, by time."""
    found = Case.objects.filter(pk__in=ids[:MOST]).select_related(
        "appointment__patient__practice", "appointment__type", "plan", "assigned_to"
    )
    return list(found.order_by("appointment__start", "id"))


def plan(
    do: Do, cases: Sequence[Case], *, practice: Practice, member: MembershipRow, language: str, now: datetime
) -> list[Planned]:
    """What will happen, one by one."""
    if do is Do.REMIND:
        said = by_hand.planned_reminders(cases, practice=practice, now=now)
        return [_planned(case, *_of_reminder(said[case.pk], now=now), now=now) for case in cases]
    if do is Do.WAIVE:
        waived = waivable(cases, member=member)
        return [_planned(case, *_of_waiving(waived[case.pk], language), now=now) for case in cases]
    return [_planned(case, *_of_assigning(case), now=now) for case in cases]


def waivable(cases: Sequence[Case], *, member: MembershipRow) -> dict[int, list[Requirement]]:
    """What the member may go without, of each case: what is missing, and blocks nothing unless a physician says so."""
    states = (RequirementState.OPEN, RequirementState.REJECTED)
    found = Requirement.objects.filter(case__in=cases, case__closed_at=None, state__in=states)
    found = found.exclude(prerequisite__kind=Kind.INFORMATION).select_related("prerequisite")
    if not member.may_waive_blocking:
        found = found.filter(prerequisite__blocking=False)
    by_case: dict[int, list[Requirement]] = {case.pk: [] for case in cases}
    for requirement in found.order_by("prerequisite__position", "id"):
        by_case[requirement.case_id].append(requirement)
    return by_case


def _planned(case: Case, words: str, happens: bool, *, now: datetime) -> Planned:
    appointment = case.appointment
    name = appointment.patient.name if appointment.patient else appointment.summary
    return Planned(
        case=case, name=name, when=relative.moment(appointment.start, now=now), words=words, happens=happens
    )


def _of_reminder(said: Message | str, *, now: datetime) -> tuple[str, bool]:
    if isinstance(said, str):
        return str(_WHY_NOT.get(said, _("nothing to remind of"))), False
    when = relative.moment(said.due_at or now, now=now)
    return _("gets a reminder: %(channel)s, %(when)s") % {
        "channel": said.get_channel_display(),
        "when": when,
    }, True


def _of_waiving(waived: Sequence[Requirement], language: str) -> tuple[str, bool]:
    if not waived:
        return _("nothing that you may go without"), False
    titles = ", ".join(one.prerequisite.said("title", language) for one in waived)
    return _("goes without: %(titles)s") % {"titles": titles}, True


def _of_assigning(case: Case) -> tuple[str, bool]:
    if case.closed_at is not None:
        return _("nothing is asked for any more"), False
    if case.assigned_to is None:
        return _("nobody's so far"), True
    return _("so far %(name)s") % {"name": case.assigned_to}, True
