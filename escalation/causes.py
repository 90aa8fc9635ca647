"""Which tasks a case calls for, derived from facts. A task has a cause; it closes when its cause is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from escalation.models import Escalation, EscalationState, TaskKind
from escalation.policy import Act, Step
from escalation.queries import Facts
from practices.models import Role
from prerequisites.models import Case, Readiness


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A task that the facts call for."""

    kind: TaskKind
    cause: str
    role: Role = Role.STAFF
    due_at: datetime | None = None


def wanted(case: Case, facts: Facts) -> list[Wanted]:
    """All tasks that the case calls for now; none once it is closed."""
    return (
        []
        if case.readiness == Readiness.CLOSED
        else [*_of_contact(case, facts), *_of_steps(facts.escalation)]
    )


def _of_contact(case: Case, facts: Facts) -> Iterator[Wanted]:
    if case.readiness == Readiness.NEEDS_CONTACT:
        yield Wanted(kind=TaskKind.ADD_CONTACT, cause=f"contact:{case.pk}", due_at=case.deadline)
    elif facts.unreachable and case.readiness not in (Readiness.READY, Readiness.WAIVED):
        yield Wanted(kind=TaskKind.CALL_PATIENT, cause=f"unreachable:{case.pk}", due_at=case.deadline)
    for requirement in facts.obstacles:
        yield Wanted(
            kind=TaskKind.CANNOT_GET, cause=f"obstacle:{requirement.pk}", due_at=requirement.deadline
        )
    for submission in facts.infected:
        due_at = submission.requirement.deadline
        yield Wanted(kind=TaskKind.INFECTED_FILE, cause=f"infected:{submission.pk}", due_at=due_at)
    for message in facts.unknown:
        yield Wanted(kind=TaskKind.CHECK_MESSAGE, cause=f"message:{message.pk}", due_at=case.deadline)
    if facts.link is not None:
        yield from _of_link(case, facts)


def _of_link(case: Case, facts: Facts) -> Iterator[Wanted]:
    link, patient = facts.link, case.appointment.patient
    if link is not None and link.tries_left == 0:
        yield Wanted(kind=TaskKind.LINK_LOCKED, cause=f"locked:{link.pk}:{link.generation}")
    if link is not None and link.claimed_birth_date and patient is not None and patient.birth_date is None:
        yield Wanted(kind=TaskKind.CONFIRM_BIRTH_DATE, cause=f"birth-date:{link.pk}")


def _of_steps(running: Escalation | None) -> Iterator[Wanted]:
    """The tasks of the steps taken so far, as long as the escalation runs and nobody took it over. Steps of one kind
    for one role share a task: nobody needs the same twice."""
    if running is None or running.state != EscalationState.ACTIVE:
        return
    taken = {(step.act, step.role) for step in map(Step.from_dict, running.steps[: running.next_step])}
    for act, role in sorted(taken):
        yield Wanted(
            kind=TaskKind.CALL_PATIENT if act is Act.CALL_TASK else TaskKind.NOTIFY_MANAGER,
            cause=f"escalation:{running.pk}:{act}:{role}",
            role=Role(role),
            due_at=running.deadline,
        )
