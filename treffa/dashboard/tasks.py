"""The inbox of tasks: why, what to do, whom to call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from escalation.models import Task, TaskKind, TaskOutcome, TaskState
from escalation.operations.acts import SLOTS, UNDO_WITHIN, outcomes_of
from escalation.queries import office_of
from messaging import told
from messaging.models import MessageState
from practices.models import Role
from practices.queries import current_practice
from prerequisites import queries
from prerequisites.models import PatientLink, Requirement
from prerequisites.ruled import calendar_of
from treffa.dashboard import relative
from treffa.dashboard.quotes import quotes_of
from treffa.dashboard.task_words import KINDS

MINE, A_DAY = "mine", timedelta(days=1)
_NOT_WRITTEN = gettext_lazy("Something is still missing, and the patient was never written to.")
_NOT_SENDING = gettext_lazy(
    "Something is still missing, and the patient was never written to: the practice's messages are switched off."
)
_NOT_ARRIVED = gettext_lazy("Something is still missing, and no message reached the patient.")
_NOT_OPENED = gettext_lazy("Something is still missing, and no message was opened or confirmed as delivered.")
_NO_ECHO = "no_echo"
_ARRIVED = (
    MessageState.SENDING,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.OPENED,
    MessageState.UNKNOWN,
)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the tasks' cases have in common, by case: what is missing, what was told, how messages fared."""

    missing: Mapping[int, str]
    too_late: Mapping[int, str]
    told: Mapping[int, date]
    messages: Mapping[int, set[str]]
    sending: bool
    quotes: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """A task, ready to be shown. `told` is the date of birth to confirm. `decides`: it has buttons of its own, as only
    their act settles it; `slot`: it is about releasing or keeping the slot. `outcomes` are what may come of it."""

    task: Task
    told: date | None
    title: str
    why: str
    quote: str
    icon: str
    css: str
    phone: str
    add_contact: bool
    facts: list[str]
    due: str
    tone: str
    start: datetime | None
    left: str
    outcomes: list[tuple[str, str]]
    came: str = ""
    undoable: bool = False

    @property
    def slot(self) -> bool:
        return self.task.kind in SLOTS

    @property
    def decides(self) -> bool:
        return self.told is not None or self.task.kind in (TaskKind.LINK_LOCKED, TaskKind.NOT_ME)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Tasks of the same urgency."""

    id: str
    title: str
    tasks: list[TaskView]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A moment to put a task off to."""

    key: str
    words: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """The open tasks, of all or of one role; `done` those of the last day, `later` the moments to put one off to."""

    role: str
    groups: list[Group]
    counts: list[tuple[str, str, int]]
    total: int
    slots: int
    done: list[TaskView]
    by_itself: int
    later: list[Moment]


def load(*, role: str, language: str, user_id: int, now: datetime) -> Inbox:
    """The inbox of the practice in scope; `role` a value of Role or "mine", anything else is all."""
    tasks = list(_with_case(Task.objects.filter(state=TaskState.OPEN)))
    done = list(_with_case(Task.objects.exclude(state=TaskState.OPEN).filter(closed_at__gt=now - A_DAY)))
    roles = [value for value in Role.values if any(task.role == value for task in tasks)]
    mine = [task for task in tasks if task.taken_by_id == user_id]
    counts = [("", str(_("All")), len(tasks))]
    counts += [(value, str(Role(value).label), sum(t.role == value for t in tasks)) for value in roles]
    counts += [(MINE, str(_("Mine")), len(mine))] if mine else []
    role = role if role in [name for name, _words, _count in counts] else ""
    wanted = mine if role == MINE else [task for task in tasks if not role or task.role == role]
    by_people = [task for task in done if task.state == TaskState.DONE]
    known = _known([*wanted, *by_people], language, now=now)
    return Inbox(
        role=role,
        groups=_groups([_view(task, known, now=now) for task in wanted], now=now),
        counts=counts,
        total=len(tasks),
        slots=sum(task.kind in SLOTS for task in tasks),
        done=sorted((_view(task, known, now=now) for task in by_people), key=_closed, reverse=True),
        by_itself=len(done) - len(by_people),
        later=moments(now=now),
    )


def load_slots(*, language: str, now: datetime) -> tuple[list[TaskView], list[TaskView]]:
    """The slots that may be saved, those with the least time first; and what was decided in the last week."""
    about = _with_case(Task.objects.filter(kind__in=SLOTS))
    open_ = list(about.filter(state=TaskState.OPEN, case__appointment__start__gt=now))
    decided = list(about.filter(state=TaskState.DONE, closed_at__gt=now - 7 * A_DAY))
    known = _known([*open_, *decided], language, now=now)
    coming = sorted((_view(task, known, now=now) for task in open_), key=lambda view: view.start or now)
    return coming, sorted((_view(task, known, now=now) for task in decided), key=_closed, reverse=True)


def _closed(view: TaskView) -> datetime:
    return view.task.closed_at or view.task.created_at


def _with_case(tasks: QuerySet[Task]) -> QuerySet[Task]:
    related = ("case__appointment__patient", "case__appointment__type", "taken_by", "closed_by")
    return tasks.select_related(*related).order_by("due_at", "created_at", "id")


def moments(*, now: datetime) -> list[Moment]:
    """When a task may come back: in an hour, this afternoon, the next working morning, in a week."""
    office = office_of(current_practice())
    today = timezone.localtime(now)
    afternoon = today.replace(hour=14, minute=0, second=0, microsecond=0)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    morning = office.next_open(midnight + A_DAY)
    found = [Moment(key="hour", words=_("In an hour"), at=now + timedelta(hours=1))]
    if now + timedelta(hours=1) < afternoon:
        found.append(Moment(key="afternoon", words=relative.moment(afternoon, now=now), at=afternoon))
    week = office.next_open(midnight + 7 * A_DAY)
    named = (("morning", morning), ("week", week))
    return [*found, *(Moment(key=key, words=relative.moment(at, now=now), at=at) for key, at in named)]


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
    said = list(
        told.about(cases).filter(patient__isnull=False).only("case_id", "state", "given_up_at", "shared")
    )
    spoken = told.case_ids_of(said)
    for message in said:
        given_up = message.state == MessageState.ACCEPTED and message.given_up_at is not None
        for case_id in spoken[message.pk]:
            messages[case_id or 0].add(_NO_ECHO if given_up else message.state)
    return _Known(
        missing={case_id: ", ".join(titles[:3]) for case_id, titles in missing.items()},
        too_late={case_id: ", ".join(titles[:3]) for case_id, titles in too_late.items()},
        told=_told(tasks),
        messages=messages,
        sending=practice.sending,
        quotes=quotes_of(tasks),
    )


def _told(tasks: Sequence[Task]) -> dict[int, date]:
    """The dates of birth that wait to be confirmed, by case."""
    cases = [task.case_id for task in tasks if task.kind == TaskKind.CONFIRM_BIRTH_DATE]
    if not cases:
        return {}
    links = PatientLink.objects.filter(case__in=cases, claimed_birth_date__isnull=False)
    return {link.case_id: link.claimed_birth_date for link in links if link.claimed_birth_date}


def _groups(views: Sequence[TaskView], *, now: datetime) -> list[Group]:
    """By urgency; what somebody has taken over, and what was put off, apart."""
    snoozed = [view for view in views if view.task.snoozed_until and view.task.snoozed_until > now]
    taken = [view for view in views if view not in snoozed and view.task.taken_by_id]
    open_ = [view for view in views if view not in snoozed and view not in taken]
    at_once = [view for view in open_ if view.task.due_at and view.task.due_at <= now]
    today = [view for view in open_ if view not in at_once and _today(view.task, now=now)]
    later = [view for view in open_ if view not in at_once and view not in today]
    named = (
        ("now", _("At once"), at_once),
        ("today", _("Today"), today),
        ("later", _("Later"), later),
        ("taken", _("Taken over by somebody"), taken),
        ("snoozed", _("Put off"), snoozed),
    )
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
        return str(KINDS[task.kind].why)
    if _NO_ECHO in states:
        return str(_NOT_OPENED)
    if MessageState.FAILED in states:
        return str(_NOT_ARRIVED)
    return str(_NOT_WRITTEN if known.sending else _NOT_SENDING)


def _view(task: Task, known: _Known, *, now: datetime) -> TaskView:
    kind, case_id = KINDS[task.kind], task.case_id or 0
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
    facts += _who_has_it(task, now=now)
    late = bool(task.due_at and task.due_at <= now)
    return TaskView(
        task=task,
        told=told,
        title=str(kind.title)
        % {"name": patient.name if patient else appointment.summary if appointment else ""},
        why=_why(task, known),
        quote=known.quotes.get(task.pk, ""),
        icon=kind.icon,
        css=kind.css,
        phone=patient.phone if patient and kind.call else "",
        add_contact=appointment is not None and (patient is None or not patient.reachable),
        facts=facts,
        due=relative.deadline(task.due_at, now=now) if task.due_at else "",
        tone="deadline--past" if late else "",
        start=appointment.start if appointment else None,
        left=relative.until(appointment.start, now=now) if appointment else "",
        outcomes=[(str(one.value), str(one.label)) for one in outcomes_of(task.kind)],
        came=_came(task, now=now),
        undoable=bool(
            task.closed_at
            and task.closed_at > now - UNDO_WITHIN
            and task.state == TaskState.DONE
            and task.cause_gone_at is None
        ),
    )


def _who_has_it(task: Task, *, now: datetime) -> list[str]:
    """For whom it is, who has taken it, until when it was put off."""
    said = [str(Role(task.role).label)]
    if task.taken_by is not None:
        said = [_("taken over by %(name)s") % {"name": task.taken_by}]
    if task.snoozed_until is not None and task.snoozed_until > now:
        said.append(_("put off until %(moment)s") % {"moment": relative.moment(task.snoozed_until, now=now)})
    if task.outcome and task.state == TaskState.OPEN:
        said.append(_("last try: %(outcome)s") % {"outcome": TaskOutcome(task.outcome).label})
    return said


def _came(task: Task, *, now: datetime) -> str:
    """What came of a task, of whom and when."""
    if task.closed_at is None or task.state == TaskState.OPEN:
        return ""
    what = str(TaskOutcome(task.outcome).label) if task.outcome else _("Done")
    who = f", {task.closed_by}" if task.closed_by else ""
    return f"{what}{who}, {relative.moment(task.closed_at, now=now)}"
