"""How states look: one word, one icon, one class for each, nowhere else. The words of readiness are the model's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appointments.models import OutcomeKind
from messaging.models import MessageState
from prerequisites.models import Case, Readiness, RequirementState


@dataclass(frozen=True, kw_only=True)
class Look:
    """Class (the tint), icon and word of a state."""

    css: str
    icon: str
    word: str | Promise


def _readiness(state: Readiness, css: str, icon: str) -> Look:
    return Look(css=css, icon=icon, word=state._label_)


# In the order of the filters: what needs a person first
READINESS: Mapping[str, Look] = {
    state.value: _readiness(state, css, icon)
    for state, css, icon in (
        (Readiness.NOT_PERFORMABLE, "is-stop", "octagon-x"),
        (Readiness.OVERDUE, "is-overdue", "clock-alert"),
        (Readiness.AT_RISK, "is-risk", "triangle-alert"),
        (Readiness.NEEDS_CONTACT, "is-contact", "phone-off"),
        (Readiness.TO_REVIEW, "is-review", "scan-eye"),
        (Readiness.WAITING, "is-waiting", "hourglass"),
        (Readiness.READY, "is-ready", "circle-check"),
        (Readiness.WAIVED, "is-off", "shield-check"),
        (Readiness.CLOSED, "is-off", "archive"),
    )
}

RESTING = Look(css="is-off", icon="circle-pause", word=_("Rests"))


OUTCOME: Mapping[str, Look] = {
    OutcomeKind.PERFORMED: Look(css="is-ready", icon="calendar-check", word=OutcomeKind.PERFORMED._label_),
    OutcomeKind.NOT_PERFORMABLE: Look(
        css="is-stop", icon="octagon-x", word=OutcomeKind.NOT_PERFORMABLE._label_
    ),
    OutcomeKind.NO_SHOW: Look(css="is-overdue", icon="user-round-x", word=OutcomeKind.NO_SHOW._label_),
}


def look_of(case: Case, *, now: datetime) -> Look:
    """How a case (with appointment, its type, and plan) stands. Closed, though its appointment takes place, it rests."""
    appointment = case.appointment
    if appointment.marked is not None:
        return OUTCOME[appointment.marked.kind]
    if case.readiness != Readiness.CLOSED or appointment.cancelled or appointment.is_over(now=now):
        return READINESS[case.readiness]
    return RESTING if case.set_aside else READINESS[case.readiness]


# What a person has to act on now; what is quiet because all is well
NEEDS_PERSON = (
    Readiness.NOT_PERFORMABLE,
    Readiness.OVERDUE,
    Readiness.AT_RISK,
    Readiness.NEEDS_CONTACT,
    Readiness.TO_REVIEW,
)
QUIET = (Readiness.READY, Readiness.WAIVED)

REQUIREMENT: Mapping[str, Look] = {
    RequirementState.OPEN: Look(css="is-waiting", icon="hourglass", word=_("Missing")),
    RequirementState.SUBMITTED: Look(css="is-review", icon="scan-eye", word=_("To review")),
    RequirementState.ACCEPTED: Look(css="is-ready", icon="circle-check", word=_("Accepted")),
    RequirementState.REJECTED: Look(css="is-risk", icon="undo-2", word=_("Asked again")),
    RequirementState.WAIVED: Look(css="is-off", icon="shield-check", word=_("Waived")),
    RequirementState.WITHDRAWN: Look(css="is-off", icon="archive", word=_("No longer needed")),
}
BRING_ALONG = Look(css="is-off", icon="hand", word=_("Will be brought along"))
TO_CHECK = Look(css="is-waiting", icon="clock", word=_("To be done by the practice"))
MISSED = Look(css="is-overdue", icon="clock-alert", word=_("Overdue"))

MESSAGE: Mapping[str, Look] = {
    MessageState.QUEUED: Look(css="", icon="clock", word=_("%(channel)s waits")),
    MessageState.SENDING: Look(css="", icon="send", word=_("%(channel)s is being sent")),
    MessageState.ACCEPTED: Look(css="", icon="check", word=_("%(channel)s sent")),
    MessageState.DELIVERED: Look(css="", icon="check-check", word=_("%(channel)s delivered")),
    MessageState.OPENED: Look(css="is-ready", icon="eye", word=_("%(channel)s opened")),
    MessageState.FAILED: Look(css="is-overdue", icon="circle-x", word=_("%(channel)s not delivered")),
    MessageState.UNKNOWN: Look(css="is-risk", icon="circle-alert", word=_("%(channel)s uncertain")),
    MessageState.SUPPRESSED: Look(css="is-off", icon="bell", word=_("%(channel)s not allowed")),
    MessageState.CANCELLED: Look(css="is-off", icon="circle-dashed", word=_("%(channel)s called off")),
}
OPENED = Look(css="is-ready", icon="eye", word=_("Link opened"))
NOTHING_SENT = Look(css="", icon="circle-dashed", word=_("Nothing sent yet"))
