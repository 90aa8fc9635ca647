"""Reads about escalations and tasks, and the facts of the earlier rooms that tasks are derived from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from escalation.models import Escalation, EscalationState, Task, TaskState
from messaging.models import Inbound, InboundKind, Message, MessageState
from practices import lookups
from practices.models import Role
from prerequisites import queries as prerequisites
from prerequisites.models import (
    Case,
    Document,
    PatientLink,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from prerequisites.ruled import current_calendar

HOPEFUL = (
    MessageState.QUEUED,
    MessageState.SENDING,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.OPENED,
    MessageState.UNKNOWN,
)


def practices_with_due_escalations(now: datetime) -> Sequence[int]:
    """Practices with cases that escalation has to look at. Needs no scope."""
    return lookups.practices("treffa_practices_with_due_escalations", now)


def open_tasks(*roles: Role) -> QuerySet[Task]:
    """Open tasks with their case and patient, the most urgent first."""
    tasks = Task.objects.filter(state=TaskState.OPEN).select_related(
        "case__appointment__patient", "case__appointment__type"
    )
    return (tasks.filter(role__in=roles) if roles else tasks).order_by("due_at", "id")


@dataclass(kw_only=True)
class Facts:
    """What the earlier rooms know about one case."""

    obstacles: list[Requirement] = field(default_factory=list)
    too_late: list[Requirement] = field(default_factory=list)
    infected: list[Submission] = field(default_factory=list)
    link: PatientLink | None = None
    unknown: list[Message] = field(default_factory=list)
    replies: list[Inbound] = field(default_factory=list)
    failed: Message | None = None
    hopeful: bool = False
    escalation: Escalation | None = None
    ended: Escalation | None = None
    tasks: list[Task] = field(default_factory=list)

    @property
    def unreached(self) -> Message | None:
        """The last try, where all that was tried failed or stayed without an echo, and nothing is under way."""
        return None if self.hopeful else self.failed


def facts_of(cases: Sequence[Case], *, now: datetime) -> dict[int, Facts]:
    """The facts of many cases (with appointments), by case id, in nine statements."""
    facts: dict[int | None, Facts] = defaultdict(Facts)
    starts = {case.pk: case.appointment.start for case in cases}
    asked = Requirement.objects.filter(
        case__in=cases, state__in=(RequirementState.OPEN, RequirementState.REJECTED)
    )
    calendar = current_calendar()
    for requirement in asked.select_related("prerequisite").order_by("pk"):
        if requirement.obstacle:
            facts[requirement.case_id].obstacles.append(requirement)
        start = starts[requirement.case_id]
        if prerequisites.too_late(requirement, start=start, calendar=calendar, now=now):
            facts[requirement.case_id].too_late.append(requirement)
    for submission in _infected(cases):
        facts[submission.requirement.case_id].infected.append(submission)
    for link in PatientLink.objects.filter(case__in=cases):
        facts[link.case_id].link = link
    to_patients = Message.objects.filter(case__in=cases, patient__isnull=False).order_by("pk")
    for message in to_patients.only("case", "practice", "state", "due_at", "given_up_at"):
        found = facts[message.case_id]
        given_up = message.state == MessageState.ACCEPTED and message.given_up_at is not None
        found.failed = message if given_up or message.state == MessageState.FAILED else found.failed
        found.hopeful |= message.state in HOPEFUL and not given_up
        if message.state == MessageState.UNKNOWN and message.due_at is None:
            found.unknown.append(message)
    for reply in Inbound.objects.filter(case__in=cases, kind=InboundKind.REPLY).defer("sealed_text"):
        facts[reply.case_id].replies.append(reply)
    for escalation in Escalation.objects.filter(case__in=cases).order_by("pk"):
        if escalation.state == EscalationState.ENDED:
            facts[escalation.case_id].ended = escalation
        else:
            facts[escalation.case_id].escalation = escalation
    for task in Task.objects.filter(case__in=cases):
        facts[task.case_id].tasks.append(task)
    return {case.pk: facts[case.pk] for case in cases}


def _infected(cases: Sequence[Case]) -> list[Submission]:
    """What the virus scanner refused and nothing newer has replaced."""
    refused = Document.objects.filter(submission_id=OuterRef("pk"), scan=ScanState.INFECTED)
    newest = (
        Submission.objects.filter(requirement__case__in=cases, requirement__state=RequirementState.REJECTED)
        .annotate(infected=Exists(refused))
        .select_related("requirement")
        .order_by("requirement_id", "-id")
        .distinct("requirement_id")
    )
    return [submission for submission in newest if submission.infected]
