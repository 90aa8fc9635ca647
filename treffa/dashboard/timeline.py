"""The timeline of a case: what the record says has happened, and what is to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import escalation.queries
from appointments.models import OutcomeKind, OutcomeReason, Patient
from escalation.models import TaskKind, TaskOutcome
from escalation.policy import Act, Progress, Step
from messaging.models import Message, MessageState, Occasion
from messaging.texts import LINK
from practices import record
from practices.models import ActorKind, RecordEntry, Role, User
from prerequisites.models import Kind, Readiness, RequirementState
from prerequisites.queries import CaseDetail
from treffa.dashboard import relative, to_come
from treffa.dashboard.readiness import READINESS

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened or will."""

    at: datetime
    when: str
    what: str
    more: str = ""
    quote: str = ""
    icon: str = "circle-dashed"
    css: str = ""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """`earlier` folds away; `past` ends now; `forecast` follows."""

    earlier: list[Entry]
    past: list[Entry]
    forecast: list[Entry]
    now: str


@dataclass(frozen=True, kw_only=True)
class _Words:
    """How an event is told: words (may name %(what)s), icon, class."""

    words: str | Promise
    icon: str
    css: str = ""


EVENTS: Mapping[str, _Words] = {
    "case.opened": _Words(words=gettext_lazy("Appointment found in the calendar"), icon="calendar-days"),
    "case.follows": _Words(words=gettext_lazy("Appointment changed in the calendar"), icon="calendar-clock"),
    "case.set_aside": _Words(
        words=gettext_lazy("Type of the appointment changed: nothing is asked for now"), icon="circle-pause"
    ),
    "case.resumed": _Words(words=gettext_lazy("Asked for again"), icon="play"),
    "case.joined": _Words(
        words=gettext_lazy("Same appointment as in another calendar: prepared there"), icon="calendar-days"
    ),
    "case.handed_over": _Words(
        words=gettext_lazy("Goes on with the same appointment in another calendar"), icon="calendar-days"
    ),
    "case.closed": _Words(words=gettext_lazy("Appointment cancelled"), icon="archive"),
    "requirement.submitted": _Words(words=gettext_lazy("%(what)s received"), icon="upload", css="is-review"),
    "requirement.acknowledged": _Words(
        words=gettext_lazy("%(what)s confirmed"), icon="check", css="is-ready"
    ),
    "requirement.cannot_get": _Words(
        words=gettext_lazy("%(what)s: can't get it"), icon="hand", css="is-contact"
    ),
    "requirement.will_bring": _Words(words=gettext_lazy("%(what)s will be brought along"), icon="hand"),
    "requirement.accepted": _Words(words=gettext_lazy("%(what)s accepted"), icon="check", css="is-ready"),
    "requirement.rejected": _Words(
        words=gettext_lazy("%(what)s asked for again"), icon="undo-2", css="is-risk"
    ),
    "requirement.waived": _Words(words=gettext_lazy("%(what)s waived"), icon="shield-check"),
    "requirement.received": _Words(words=gettext_lazy("%(what)s in place"), icon="check", css="is-ready"),
    "requirement.held": _Words(words=gettext_lazy("%(what)s: done"), icon="handshake", css="is-ready"),
    "requirement.undone": _Words(words=gettext_lazy("%(what)s: decision taken back"), icon="rotate-ccw"),
    "requirement.added": _Words(words=gettext_lazy("%(what)s: needed now, too"), icon="plus"),
    "requirement.withdrawn": _Words(words=gettext_lazy("%(what)s: no longer needed"), icon="archive"),
    "requirement.returned": _Words(words=gettext_lazy("%(what)s: needed again"), icon="repeat"),
    "requirement.lapsed": _Words(
        words=gettext_lazy("%(what)s: does not count any more"), icon="calendar-clock", css="is-risk"
    ),
    "requirement.restored": _Words(
        words=gettext_lazy("%(what)s: counts again"), icon="check", css="is-ready"
    ),
    "requirement.reused": _Words(
        words=gettext_lazy("%(what)s: here from another appointment"), icon="check", css="is-ready"
    ),
    "requirement.fallen": _Words(
        words=gettext_lazy("%(what)s: the other appointment's does not count any more"),
        icon="undo-2",
        css="is-risk",
    ),
    "case.moved_to_version": _Words(words=gettext_lazy("Plan's new version taken over"), icon="repeat"),
    "document.scanned": _Words(words=gettext_lazy("File checked for viruses"), icon="shield-check"),
    "link.opened": _Words(words=gettext_lazy("Link opened"), icon="eye", css="is-ready"),
    "link.identified": _Words(words=gettext_lazy("Date of birth confirmed"), icon="user-round"),
    "link.wrong_birth_date": _Words(words=gettext_lazy("Wrong date of birth"), icon="lock", css="is-risk"),
    "link.locked": _Words(words=gettext_lazy("Link locked after five tries"), icon="lock", css="is-overdue"),
    "link.disowned": _Words(
        words=gettext_lazy("“This is not me”: link locked"), icon="user-round-x", css="is-risk"
    ),
    "link.unlocked": _Words(words=gettext_lazy("Link unlocked"), icon="lock-open"),
    "link.revoked": _Words(words=gettext_lazy("Link replaced by a new one"), icon="repeat"),
    "link.shown": _Words(words=gettext_lazy("Link shown to staff"), icon="link"),
    "link.birth_date_noted": _Words(words=gettext_lazy("Patient gave a date of birth"), icon="user-round"),
    "link.birth_date_confirmed": _Words(
        words=gettext_lazy("Date of birth confirmed"), icon="user-round", css="is-ready"
    ),
    "link.birth_date_rejected": _Words(
        words=gettext_lazy("The date of birth told is not the patient's"), icon="user-round", css="is-risk"
    ),
    "patient.asked": _Words(words=gettext_lazy("Patient asks"), icon="message-square", css="is-contact"),
    "helper.made": _Words(words=gettext_lazy("Link made for somebody who helps"), icon="link"),
    "helper.used": _Words(words=gettext_lazy("Link of a helper used"), icon="eye"),
    "helper.ended": _Words(words=gettext_lazy("Link of a helper ended"), icon="link"),
    "outcome.marked": _Words(words=gettext_lazy("Outcome: %(what)s"), icon="calendar-check"),
    "outcome.taken_back": _Words(words=gettext_lazy("Outcome taken back: %(what)s"), icon="rotate-ccw"),
    "case.assigned": _Words(words=gettext_lazy("Somebody else cares for it"), icon="user-round"),
    "message.asked_for": _Words(words=gettext_lazy("Reminder asked for"), icon="bell"),
    "patient.named": _Words(words=gettext_lazy("Patient named"), icon="user-round"),
    "patient.contact": _Words(words=gettext_lazy("Contact changed"), icon="phone"),
    "patient.facts": _Words(words=gettext_lazy("Sex or insurance changed"), icon="user-round"),
    "patient.merged": _Words(words=gettext_lazy("Two patients joined: they are one person"), icon="users"),
    "patient.unmerged": _Words(words=gettext_lazy("Two patients again"), icon="users"),
    "escalation.started": _Words(words=gettext_lazy("Escalation began"), icon="bell", css="is-overdue"),
    "escalation.step": _Words(words=gettext_lazy("Escalation: next step"), icon="bell", css="is-overdue"),
    "escalation.resumed": _Words(
        words=gettext_lazy("Taken over, but not ready the day before: the steps go on"), icon="bell"
    ),
    "escalation.acknowledged": _Words(words=gettext_lazy("Somebody took it over"), icon="user-round"),
    "escalation.ended": _Words(words=gettext_lazy("Escalation ended"), icon="bell"),
    "message.queued": _Words(words=gettext_lazy("Message written: %(what)s"), icon="message-square"),
    "message.accepted": _Words(words=gettext_lazy("Message sent"), icon="send"),
    "message.delivered": _Words(words=gettext_lazy("Message delivered"), icon="check-check", css="is-ready"),
    "message.opened": _Words(words=gettext_lazy("Message opened"), icon="eye", css="is-ready"),
    "message.no_echo": _Words(
        words=gettext_lazy("Message without an echo: another way is tried"), icon="clock", css="is-risk"
    ),
    "message.reply": _Words(
        words=gettext_lazy("Patient wrote back"), icon="message-square", css="is-contact"
    ),
    "patient.opted_out": _Words(words=gettext_lazy("Wants no more messages"), icon="bell", css="is-risk"),
    "patient.whatsapp_on": _Words(
        words=gettext_lazy("Patient wants messages by WhatsApp"), icon="message-square"
    ),
    "patient.whatsapp_off": _Words(
        words=gettext_lazy("Patient wants no more messages by WhatsApp"), icon="message-square"
    ),
    "patient.opted_in": _Words(words=gettext_lazy("Wants messages again"), icon="bell"),
    "message.failed": _Words(words=gettext_lazy("Message not delivered"), icon="circle-x", css="is-overdue"),
    "message.unknown": _Words(words=gettext_lazy("Message uncertain"), icon="circle-alert", css="is-risk"),
    "message.suppressed": _Words(words=gettext_lazy("Message not allowed"), icon="bell"),
    "message.cancelled": _Words(words=gettext_lazy("Message called off"), icon="circle-dashed"),
    "evidence.made": _Words(words=gettext_lazy("Evidence record made"), icon="download"),
    "operator.viewed": _Words(words=gettext_lazy("Looked at by Treffa's operators"), icon="eye"),
    "operator.changed": _Words(words=gettext_lazy("Changed by Treffa's operators"), icon="pencil"),
    "task.opened": _Words(words=gettext_lazy("Task: %(what)s"), icon="inbox"),
    "task.done": _Words(words=gettext_lazy("Done: %(what)s"), icon="check"),
    "task.taken": _Words(words=gettext_lazy("Taken over: %(what)s"), icon="user-round"),
    "task.given_back": _Words(words=gettext_lazy("Given back: %(what)s"), icon="inbox"),
    "task.put_off": _Words(words=gettext_lazy("Put off: %(what)s"), icon="clock"),
    "task.tried": _Words(words=gettext_lazy("Tried: %(what)s"), icon="phone"),
    "task.undone": _Words(words=gettext_lazy("“Done” taken back: %(what)s"), icon="rotate-ccw"),
    "task.closed": _Words(words=gettext_lazy("No longer needed: %(what)s"), icon="inbox"),
}
_QUOTED = ("reason", "text")
# What is said of the patient and not of one case.
_OF_THE_PATIENT = ("patient.contact", "patient.facts", "patient.merged", "patient.unmerged")


def load(
    detail: CaseDetail, *, messages: Sequence[Message], titles: Mapping[int, str], now: datetime
) -> Timeline:
    """The timeline of a case; `titles` are those of its requirements."""
    case = detail.case
    about = Q(case_id=case.pk)
    if case.appointment.patient_id is not None:
        about |= Q(
            case_id=None,
            patient_id=case.appointment.patient_id,
            event__in=_OF_THE_PATIENT,
            at__gte=case.opened_at,
        )
    entries = list(RecordEntry.objects.filter(about).order_by("at", "id"))
    # After a merge the entries of one case are under the keys of several rows of a person.
    holders = Patient.objects.filter(
        pk__in={entry.patient_id for entry in entries}, wrapped_key__isnull=False
    ).select_related("practice")
    keys: dict[int | None, bytes] = {holder.pk: holder.key() for holder in holders}
    named = ("held_by", "to")
    people = {
        one
        for entry in entries
        for one in (entry.actor_id, *map(entry.data.get, named))
        if isinstance(one, int)
    }
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=people)}
    past = [
        _entry(entry, titles=titles, names=names, key=keys.get(entry.patient_id), now=now)
        for entry in entries
    ]
    forecast = _forecast(detail, messages, titles=titles, now=now)
    return Timeline(
        earlier=past[:-SHOWN],
        past=past[-SHOWN:],
        forecast=sorted((entry for entry in forecast if entry.at >= now), key=lambda entry: entry.at),
        now=relative.clock_time(now),
    )


def _entry(
    entry: RecordEntry,
    *,
    titles: Mapping[int, str],
    names: Mapping[int, str],
    key: bytes | None,
    now: datetime,
) -> Entry:
    told = _told(entry)
    try:
        personal = record.personal(entry, key=key) if key and entry.personal is not None else {}
    except InvalidTag:
        return _tampered(entry, str(told.words) % {"what": _what(entry, titles)}, now=now)
    quote = next((personal[name] for name in _QUOTED if isinstance(personal.get(name), str)), "")
    return Entry(
        at=entry.at,
        when=relative.moment(entry.at, now=now),
        what=str(told.words) % {"what": _what(entry, titles)},
        more=_who(entry, names, now=now),
        quote=quote.replace(LINK, _("[link]")),
        icon=told.icon,
        css=told.css,
    )


def _tampered(entry: RecordEntry, what: str, *, now: datetime) -> Entry:
    """One that is not what was written."""
    return Entry(
        at=entry.at,
        when=relative.moment(entry.at, now=now),
        what=what,
        more=_("This entry of the record can't be opened: it is not as it was written."),
        icon="circle-alert",
        css="is-overdue",
    )


def _told(entry: RecordEntry) -> _Words:
    if entry.event == "case.readiness":
        look = READINESS.get(str(entry.data.get("readiness", "")))
        if look is not None:
            return _Words(words=look.word, icon=look.icon, css=look.css)
    return EVENTS.get(entry.event) or _Words(
        words=entry.event.replace(".", " ").replace("_", " ").replace("%", "%%"), icon="circle-dashed"
    )


def _what(entry: RecordEntry, titles: Mapping[int, str]) -> str:
    data = entry.data
    if "requirement" in data:
        return titles.get(int(data["requirement"]), _("Something"))
    if data.get("kind") in TaskKind.values:
        kind, outcome = TaskKind(data["kind"]).label, data.get("outcome")
        return f"{kind} ({TaskOutcome(outcome).label})" if outcome in TaskOutcome.values else str(kind)
    if data.get("outcome") in OutcomeKind.values:
        reason = data.get("reason")
        became = str(OutcomeKind(data["outcome"]).label)
        return f"{became} ({OutcomeReason(reason).label})" if reason in OutcomeReason.values else became
    if data.get("occasion") in Occasion.values:
        return str(Occasion(data["occasion"]).label)
    return ""


def _who(entry: RecordEntry, names: Mapping[int, str], *, now: datetime) -> str:
    if "held_by" in entry.data:
        held_at = datetime.fromisoformat(entry.data["held_at"])
        who = names.get(entry.data["held_by"], _("The practice"))
        return f"{who}, {relative.moment(held_at, now=now)}"
    if entry.event == "case.assigned":
        to = names.get(entry.data["to"] or 0, _("nobody"))
        return _("to %(to)s, by %(by)s") % {"to": to, "by": names.get(entry.actor_id or 0, "")}
    if entry.actor_kind == ActorKind.STAFF:
        return names.get(entry.actor_id or 0, _("The practice"))
    if entry.actor_kind == ActorKind.PATIENT and entry.event.startswith("requirement."):
        return _("By the patient")
    return ""


def _forecast(
    detail: CaseDetail,
    messages: Sequence[Message],
    *,
    titles: Mapping[int, str],
    now: datetime,
) -> list[Entry]:
    case = detail.case
    if case.readiness == Readiness.CLOSED:
        return []
    start = case.appointment.start
    entries = [_to_come(start, _("Appointment"), "calendar-check", now=now)]
    waiting = [m for m in messages if m.state == MessageState.QUEUED and m.due_at and m.patient_id is None]
    for message in waiting:
        what = f"{message.get_channel_display()}: {message.get_occasion_display()}"
        entries.append(_to_come(message.due_at or now, what, "message-square", now=now))
    coming_messages = to_come.messages(case, now=now)
    for coming in coming_messages:
        entries.append(_to_come(coming.at, coming.what, "message-square", now=now, more=coming.more))
    for row in detail.requirements:
        requirement = row.requirement
        asked = requirement.state in (RequirementState.OPEN, RequirementState.REJECTED)
        if (
            asked
            and requirement.deadline
            and not requirement.bring_along
            and row.prerequisite.kind != Kind.INFORMATION
        ):
            what = _("Deadline: %(what)s") % {"what": titles[requirement.pk]}
            entries.append(_to_come(requirement.deadline, what, "clock", now=now, css="is-risk"))
    for planned in escalation.queries.to_come(case, practice=case.practice, now=now):
        entries.append(_to_come(planned.at, _step_words(planned.step), "bell", now=now, css="is-overdue"))
    return entries


def _step_words(step: Step) -> str:
    role = str(Role(step.role).label) if step.role in Role.values else step.role
    if step.act is Act.REMIND:
        return _("If nothing happens: reminder over another channel")
    if step.act is Act.RELEASE:
        return _("If nothing happens: proposal to release the slot")
    if step.act is Act.CALL_TASK and step.when == (Progress.TO_REVIEW,):
        return _("If nothing happens: task “Review” for %(role)s") % {"role": role}
    if step.act is Act.CALL_TASK:
        return _("If nothing happens: task “Call” for %(role)s") % {"role": role}
    return _("If nothing happens: %(role)s is told") % {"role": role}


def _to_come(at: datetime, what: str, icon: str, *, now: datetime, css: str = "", more: str = "") -> Entry:
    return Entry(at=at, when=relative.moment(at, now=now), what=what, more=more, icon=icon, css=css)
