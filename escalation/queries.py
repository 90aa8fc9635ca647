"""Reads about escalations and tasks, and the facts of the earlier rooms that tasks are derived from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from escalation.models import Escalation, EscalationState, Task, TaskState
from messaging.models import Message, MessageState
from practices import lookups
from practices.models import Role
from prerequisites.models import (
    Case,
    Document,
    PatientLink,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)

HOPEFUL = (
    MessageState.QUEUED,
    MessageState.SENDING,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
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
    infected: list[Submission] = field(default_factory=list)
    link: PatientLink | None = None
    unknown: list[Message] = field(default_factory=list)
    failed: bool = False
    hopeful: bool = False
    escalation: Escalation | None = None
    tasks: list[Task] = field(default_factory=list)

    @property
    def unreachable(self) -> bool:
        """Everything that was tried has failed and nothing is under way."""
        return self.failed and not self.hopeful


def facts_of(cases: Sequence[Case]) -> dict[int, Facts]:
    """The facts of many cases, by case id, in six statements."""
    facts: dict[int | None, Facts] = defaultdict(Facts)
    asked = (RequirementState.OPEN, RequirementState.REJECTED)
    for requirement in Requirement.objects.filter(case__in=cases, state__in=asked).exclude(obstacle=""):
        facts[requirement.case_id].obstacles.append(requirement)
    for submission in _infected(cases):
        facts[submission.requirement.case_id].infected.append(submission)
    for link in PatientLink.objects.filter(case__in=cases):
        facts[link.case_id].link = link
    for message in Message.objects.filter(case__in=cases).only("case", "practice", "state", "due_at"):
        found = facts[message.case_id]
        found.failed |= message.state == MessageState.FAILED
        found.hopeful |= message.state in HOPEFUL
        if message.state == MessageState.UNKNOWN and message.due_at is None:
            found.unknown.append(message)
    for running in Escalation.objects.filter(case__in=cases).exclude(state=EscalationState.ENDED):
        facts[running.case_id].escalation = running
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
