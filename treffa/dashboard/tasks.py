"""The inbox of tasks: why, what to do, whom to call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escalation.models import Task, TaskKind, TaskState
from practices.models import Role
from prerequisites.models import PatientLink, Requirement
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
    TaskKind.NOTIFY_MANAGER: _Kind(
        title=gettext_lazy("Not ready in time: %(name)s"),
        why=gettext_lazy("The deadline has passed and nobody has taken it over yet."),
        icon="bell",
        css="is-stop",
    ),
}


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
    missing = _missing(wanted, language)
    told = _told(wanted)
    views = [
        _view(task, missing.get(task.case_id or 0, ""), told.get(task.case_id or 0), now=now)
        for task in wanted
    ]
    return Inbox(role=role, groups=_groups(views, now=now), counts=counts, total=len(tasks))


def _missing(tasks: Sequence[Task], language: str) -> dict[int, str]:
    """What is missing, by case."""
    cases = {task.case_id for task in tasks if task.case_id}
    found: dict[int, list[str]] = {}
    asked = Requirement.objects.filter(
        case__in=cases, state__in=("open", "rejected"), prerequisite__blocking=True
    )
    for requirement in asked.select_related("prerequisite").order_by("deadline", "id"):
        found.setdefault(requirement.case_id, []).append(requirement.prerequisite.said("title", language))
    return {case_id: ", ".join(titles[:3]) for case_id, titles in found.items()}


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


def _view(task: Task, missing: str, told: date | None, *, now: datetime) -> TaskView:
    kind = _KINDS[task.kind]
    appointment = task.case.appointment if task.case else None
    patient = appointment.patient if appointment else None
    told = told if task.kind == TaskKind.CONFIRM_BIRTH_DATE else None
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
        title=str(kind.title) % {"name": patient.name if patient else ""},
        why=str(kind.why),
        icon=kind.icon,
        css=kind.css,
        phone=patient.phone if patient and kind.call else "",
        add_contact=patient is not None and not patient.reachable,
        facts=facts,
        due=relative.deadline(task.due_at, now=now) if task.due_at else "",
        tone="deadline--past" if late else "",
    )
