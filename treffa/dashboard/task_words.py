"""How each kind of task is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from escalation.models import TaskKind


@dataclass(frozen=True, kw_only=True)
class TaskWords:
    """How a kind of task is told: title (may name %(name)s), why, icon, class."""

    title: str | Promise
    why: str | Promise
    icon: str
    css: str
    call: bool = True


KINDS: Mapping[str, TaskWords] = {
    TaskKind.CALL_PATIENT: TaskWords(
        title=gettext_lazy("Call: %(name)s"),
        why=gettext_lazy("Something is still missing and no message has helped so far."),
        icon="phone",
        css="is-overdue",
    ),
    TaskKind.ADD_CONTACT: TaskWords(
        title=gettext_lazy("Add a contact: %(name)s"),
        why=gettext_lazy(
            "There is neither a number nor an e-mail address in the calendar. Nothing can be sent."
        ),
        icon="user-round-x",
        css="is-contact",
        call=False,
    ),
    TaskKind.CHECK_MESSAGE: TaskWords(
        title=gettext_lazy("Did the message arrive? %(name)s"),
        why=gettext_lazy("Whether it went out can't be found out. Ask; it is not sent again blindly."),
        icon="message-square-warning",
        css="is-risk",
    ),
    TaskKind.LINK_LOCKED: TaskWords(
        title=gettext_lazy("Wrong date of birth, five times: %(name)s"),
        why=gettext_lazy("The link is locked. Is the number still right? After the call you can unlock it."),
        icon="lock",
        css="",
    ),
    TaskKind.CONFIRM_BIRTH_DATE: TaskWords(
        title=gettext_lazy("Confirm the date of birth: %(name)s"),
        why=gettext_lazy("None is in the calendar. The patient told one; does it match your file?"),
        icon="user-round",
        css="is-review",
        call=False,
    ),
    TaskKind.CANNOT_GET: TaskWords(
        title=gettext_lazy("“I can't get it”: %(name)s"),
        why=gettext_lazy("The patient gave a reason and waits for an answer."),
        icon="hand",
        css="is-contact",
    ),
    TaskKind.INFECTED_FILE: TaskWords(
        title=gettext_lazy("Infected file: %(name)s"),
        why=gettext_lazy(
            "The virus scanner refused a file and destroyed it. The patient is asked for it again; "
            "if that does not help, call."
        ),
        icon="file-lock",
        css="is-risk",
    ),
    TaskKind.REPLY: TaskWords(
        title=gettext_lazy("Has written back: %(name)s"),
        why=gettext_lazy(
            "The answer to a message is in the timeline of the case. Treffa does not answer by itself."
        ),
        icon="message-square",
        css="is-contact",
    ),
    TaskKind.QUESTION: TaskWords(
        title=gettext_lazy("Has a question: %(name)s"),
        why=gettext_lazy("Asked on the patient's page; the words are in the timeline of the case."),
        icon="message-square",
        css="is-contact",
    ),
    TaskKind.NOT_ME: TaskWords(
        title=gettext_lazy("“This is not me”: %(name)s"),
        why=gettext_lazy(
            "The message reached somebody else, and the link is locked. Correct the contact before you open it again."
        ),
        icon="user-round-x",
        css="is-risk",
    ),
    TaskKind.TOO_LATE: TaskWords(
        title=gettext_lazy("Can no longer be had in time: %(name)s"),
        why=gettext_lazy(
            "Move the appointment, do without it, or give the slot to somebody else. "
            "The patient is asked only for what can still be done."
        ),
        icon="octagon-x",
        css="is-stop",
    ),
    TaskKind.REVIEW: TaskWords(
        title=gettext_lazy("Review: %(name)s"),
        why=gettext_lazy(
            "The appointment is near, and something still waits for the practice to look at it."
        ),
        icon="scan-eye",
        css="is-review",
        call=False,
    ),
    TaskKind.RELEASE_SLOT: TaskWords(
        title=gettext_lazy("Save the slot: %(name)s"),
        why=gettext_lazy(
            "It will most likely not be ready. If the slot is released in Doctolib now, somebody else can still take it. "
            "Treffa changes nothing there."
        ),
        icon="calendar-x",
        css="is-stop",
    ),
    TaskKind.NOTIFY_MANAGER: TaskWords(
        title=gettext_lazy("Not ready in time: %(name)s"),
        why=gettext_lazy("The deadline has passed and nobody has taken it over yet."),
        icon="bell",
        css="is-stop",
    ),
}
