"""Which tasks a case calls for, derived from facts. A task has a cause; it closes when its cause is gone.

One thing to do is one task: where no contact is known it is to be added, where something can't be had in time that is
what to talk about, else the patient is called; the notices of an escalation make no task beside these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from escalation.models import Escalation, EscalationState, TaskKind
from escalation.policy import Act, Step, stalls
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
        else [*_of_stalling(case, facts), *_of_requirements(case, facts)]
    )


def _of_stalling(case: Case, facts: Facts) -> Iterator[Wanted]:
    """The one thing to do about a case that waits for its patient."""
    patient = case.appointment.patient
    reachable = patient is not None and patient.reachable
    if facts.too_late:
        yield _too_late(case, facts)
    elif case.readiness == Readiness.NEEDS_CONTACT or (stalls(case.readiness) and not reachable):
        yield Wanted(kind=TaskKind.ADD_CONTACT, cause=f"contact:{case.pk}", due_at=case.deadline)
    else:
        called = list(_of_steps(facts.escalation))
        yield from called or _of_unreached(case, facts)


def _too_late(case: Case, facts: Facts) -> Wanted:
    """At once, not at the deadline: the appointment can be moved, or the slot given to somebody else."""
    ids = ",".join(str(requirement.pk) for requirement in facts.too_late)
    cause = f"too-late:{ids}:{case.appointment.start.timestamp():.0f}"[:120]
    return Wanted(kind=TaskKind.TOO_LATE, cause=cause, due_at=case.readiness_since)


def _of_unreached(case: Case, facts: Facts) -> Iterator[Wanted]:
    settled = (Readiness.READY, Readiness.WAIVED, Readiness.TO_REVIEW)
    if facts.unreached is not None and case.readiness not in settled:
        cause = f"unreached:{facts.unreached.pk}"
        yield Wanted(kind=TaskKind.CALL_PATIENT, cause=cause, due_at=case.deadline)


def _of_requirements(case: Case, facts: Facts) -> Iterator[Wanted]:
    for requirement in facts.obstacles:
        cause = f"obstacle:{requirement.pk}:{requirement.changed_at.timestamp():.0f}"
        yield Wanted(kind=TaskKind.CANNOT_GET, cause=cause, due_at=requirement.deadline)
    for submission in facts.infected:
        due_at = submission.requirement.deadline
        yield Wanted(kind=TaskKind.INFECTED_FILE, cause=f"infected:{submission.pk}", due_at=due_at)
    for reply in facts.replies:
        yield Wanted(kind=TaskKind.REPLY, cause=f"reply:{reply.pk}", due_at=reply.received_at)
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
    """The calls that the steps taken so far ask for, one a role, as long as the escalation runs and nobody took it over.
    A policy that only tells people leaves a task with those whom it told last."""
    if running is None or running.state != EscalationState.ACTIVE:
        return
    taken = [Step.from_dict(content) for content in running.steps[: running.next_step]]
    calls = sorted({step.role for step in taken if step.act is Act.CALL_TASK})
    kind = TaskKind.CALL_PATIENT if calls else TaskKind.NOTIFY_MANAGER
    for role in calls or [step.role for step in taken[-1:]]:
        cause = f"escalation:{running.pk}:{kind}:{role}"
        yield Wanted(kind=kind, cause=cause, role=Role(role), due_at=running.deadline)
