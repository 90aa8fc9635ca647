"""The inbox of tasks: why, what to do, whom to call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from escalation.models import Task, TaskKind, TaskState
from messaging.models import Message, MessageState
from practices.models import Role
from practices.queries import current_practice
from prerequisites import queries
from prerequisites.models import PatientLink, Requirement
from prerequisites.ruled import calendar_of
from treffa.dashboard import relative


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How a kind of task is told: title (may name %(name)s), why, icon, class."""

    title: str | Promise
    why: str | Promise
    icon: str
    css: str
    call: bool = True


_KINDS: Mapping[str, _Kind] = {
    TaskKind.CALL_PATIENT: _Kind(
        title=gettext_lazy("Call: %(name)s"),
        why=gettext_lazy("Something is still missing and no message has helped so far."),
        icon="phone",
        css="is-overdue",
    ),
    TaskKind.ADD_CONTACT: _Kind(
        title=gettext_lazy("Add a contact: %(name)s"),
        why=gettext_lazy(
            "There is neither a number nor an e-mail address in the calendar. Nothing can be sent."
        ),
        icon="user-round-x",
        css="is-contact",
        call=False,
    ),
    TaskKind.CHECK_MESSAGE: _Kind(
        title=gettext_lazy("Did the message arrive? %(name)s"),
        why=gettext_lazy("Whether it went out can't be found out. Ask; it is not sent again blindly."),
        icon="message-square-warning",
        css="is-risk",
    ),
    TaskKind.LINK_LOCKED: _Kind(
        title=gettext_lazy("Wrong date of birth, five times: %(name)s"),
        why=gettext_lazy("The link is locked. Is the number still right? After the call you can unlock it."),
        icon="lock",
        css="",
    ),
    TaskKind.CONFIRM_BIRTH_DATE: _Kind(
        title=gettext_lazy("Confirm the date of birth: %(name)s"),
        why=gettext_lazy("None is in the calendar. The patient told one; does it match your file?"),
        icon="user-round",
        css="is-review",
        call=False,
    ),
    TaskKind.CANNOT_GET: _Kind(
        title=gettext_lazy("“I can't get it”: %(name)s"),
        why=gettext_lazy("The patient gave a reason and waits for an answer."),
        icon="hand",
        css="is-contact",
    ),
    TaskKind.INFECTED_FILE: _Kind(
        title=gettext_lazy("Infected file: %(name)s"),
        why=gettext_lazy(
            "The virus scanner refused a file and destroyed it. The patient is asked for it again; "
            "if that does not help, call."
        ),
        icon="file-lock",
        css="is-risk",
    ),
    TaskKind.TOO_LATE: _Kind(
        title=gettext_lazy("Can no longer be had in time: %(name)s"),
        why=gettext_lazy(
            "Move the appointment, do without it, or give the slot to somebody else. "
            "The patient is asked only for what can still be done."
        ),
        icon="octagon-x",
        css="is-stop",
    ),
    TaskKind.NOTIFY_MANAGER: _Kind(
        title=gettext_lazy("Not ready in time: %(name)s"),
        why=gettext_lazy("The deadline has passed and nobody has taken it over yet."),
        icon="bell",
        css="is-stop",
    ),
}


_NOT_WRITTEN = gettext_lazy("Something is still missing, and the patient was never written to.")
_NOT_SENDING = gettext_lazy(
    "Something is still missing, and the patient was never written to: the practice's messages are switched off."
)
_NOT_ARRIVED = gettext_lazy("Something is still missing, and no message reached the patient.")
_ARRIVED = (MessageState.SENDING, MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the tasks' cases have in common, by case: what is missing, what was told, how messages fared."""

    missing: Mapping[int, str]
    too_late: Mapping[int, str]
    told: Mapping[int, date]
    messages: Mapping[int, set[str]]
    sending: bool


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """A task, ready to be shown. `told` is the date of birth to confirm. `decides`: it has buttons of its own, as only
    their act settles it."""

    task: Task
    told: date | None
    title: str
    why: str
    icon: str
    css: str
    phone: str
    add_contact: bool
    facts: list[str]
    due: str
    tone: str

    @property
    def decides(self) -> bool:
        return self.told is not None or self.task.kind == TaskKind.LINK_LOCKED


@dataclass(frozen=True, kw_only=True)
class Group:
    """Tasks of the same urgency."""

    id: str
    title: str
    tasks: list[TaskView]


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """The open tasks, of all or of one role."""

    role: str
    groups: list[Group]
    counts: list[tuple[str, str, int]]
    total: int


def load(*, role: str, language: str, now: datetime) -> Inbox:
    """The inbox of the practice in scope; `role` a value of Role, anything else is all."""
    related = ("case__appointment__patient", "case__appointment__type")
    tasks = list(
        Task.objects.filter(state=TaskState.OPEN)
        .select_related(*related)
        .order_by("due_at", "created_at", "id")
    )
    roles = [value for value in Role.values if any(task.role == value for task in tasks)]
    role = role if role in roles else ""
    counts = [("", str(_("All")), len(tasks))]
    counts += [(value, str(Role(value).label), sum(t.role == value for t in tasks)) for value in roles]
    wanted = [task for task in tasks if not role or task.role == role]
    known = _known(wanted, language, now=now)
    views = [_view(task, known, now=now) for task in wanted]
    return Inbox(role=role, groups=_groups(views, now=now), counts=counts, total=len(tasks))


def _known(tasks: Sequence[Task], language: str, *, now: datetime) -> _Known:
    cases = {task.case_id: task.case for task in tasks if task.case_id and task.case}
    missing: dict[int, list[str]] = defaultdict(list)
    too_late: dict[int, list[str]] = defaultdict(list)
    asked = Requirement.objects.filter(
        case__in=cases, state__in=("open", "rejected"), prerequisite__blocking=True
    )
    practice = current_practice()
    calendar = calendar_of(practice)
    for requirement in asked.select_related("prerequisite").order_by("deadline", "id"):
        title = requirement.prerequisite.said("title", language)
        missing[requirement.case_id].append(title)
        start = cases[requirement.case_id].appointment.start
        if queries.too_late(requirement, start=start, calendar=calendar, now=now):
            days = requirement.prerequisite.lead_days
            words = ngettext("%(what)s (takes %(n)s day)", "%(what)s (takes %(n)s days)", days)
            too_late[requirement.case_id].append(words % {"what": title, "n": days})
    messages: dict[int, set[str]] = defaultdict(set)
    said = Message.objects.filter(case__in=cases, patient__isnull=False)
    for case_id, state in said.values_list("case_id", "state").distinct():
        if case_id is not None:
            messages[case_id].add(state)
    return _Known(
        missing={case_id: ", ".join(titles[:3]) for case_id, titles in missing.items()},
        too_late={case_id: ", ".join(titles[:3]) for case_id, titles in too_late.items()},
        told=_told(tasks),
        messages=messages,
        sending=practice.sending,
    )


def _told(tasks: Sequence[Task]) -> dict[int, date]:
    """The dates of birth that wait to be confirmed, by case."""
    cases = [task.case_id for task in tasks if task.kind == TaskKind.CONFIRM_BIRTH_DATE]
    if not cases:
        return {}
    links = PatientLink.objects.filter(case__in=cases, claimed_birth_date__isnull=False)
    return {link.case_id: link.claimed_birth_date for link in links if link.claimed_birth_date}


def _groups(views: Sequence[TaskView], *, now: datetime) -> list[Group]:
    at_once = [view for view in views if view.task.due_at and view.task.due_at <= now]
    today = [view for view in views if view not in at_once and _today(view.task, now=now)]
    later = [view for view in views if view not in at_once and view not in today]
    named = (("now", _("At once"), at_once), ("today", _("Today"), today), ("later", _("Later"), later))
    return [Group(id=key, title=title, tasks=tasks) for key, title, tasks in named if tasks]


def _today(task: Task, *, now: datetime) -> bool:
    """Due today, or soon because the appointment is; what has no time is for today."""
    return task.due_at is None or relative.days_between(task.due_at, now=now) <= 0


_LANDLINE = gettext_lazy(
    "The number is a landline: no text message arrives there, and there is no e-mail address."
)


def _why(task: Task, known: _Known) -> str:
    """Why there is the task; of a call it says what the patient has heard so far."""
    states = known.messages.get(task.case_id or 0, set())
    patient = task.case.appointment.patient if task.case else None
    if task.kind == TaskKind.ADD_CONTACT and patient is not None and patient.phone and not patient.reachable:
        return str(_LANDLINE)
    if task.kind != TaskKind.CALL_PATIENT or states.intersection(_ARRIVED):
        return str(_KINDS[task.kind].why)
    if MessageState.FAILED in states:
        return str(_NOT_ARRIVED)
    return str(_NOT_WRITTEN if known.sending else _NOT_SENDING)


def _view(task: Task, known: _Known, *, now: datetime) -> TaskView:
    kind, case_id = _KINDS[task.kind], task.case_id or 0
    listed = known.too_late if task.kind == TaskKind.TOO_LATE else known.missing
    missing = listed.get(case_id, "")
    appointment = task.case.appointment if task.case else None
    patient = appointment.patient if appointment else None
    told = known.told.get(case_id) if task.kind == TaskKind.CONFIRM_BIRTH_DATE else None
    facts = [_("Told: %(date)s") % {"date": date_format(told, "SHORT_DATE_FORMAT")}] if told else []
    if appointment:
        what = appointment.type.name if appointment.type else appointment.summary
        facts.append(f"{what}, {relative.moment(appointment.start, now=now)}")
    if missing:
        facts.append(missing)
    facts.append(str(Role(task.role).label))
    late = bool(task.due_at and task.due_at <= now)
    return TaskView(
        task=task,
        told=told,
        title=str(kind.title)
        % {"name": patient.name if patient else appointment.summary if appointment else ""},
        why=_why(task, known),
        icon=kind.icon,
        css=kind.css,
        phone=patient.phone if patient and kind.call else "",
        add_contact=appointment is not None and (patient is None or not patient.reachable),
        facts=facts,
        due=relative.deadline(task.due_at, now=now) if task.due_at else "",
        tone="deadline--past" if late else "",
    )
