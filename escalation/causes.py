"""Which tasks a case calls for, derived from facts. A task has a cause; it closes when its cause is gone.

One thing to do is one task: where no contact is known it is to be added, where something can't be had in time that is
what to talk about, who says "I can't get it" is answered, else the patient is called; the notices of an escalation make
no task beside these. A slot that is to be saved takes the place of the call.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from escalation.facts import Facts
from escalation.models import Escalation, EscalationState, TaskKind, TaskState
from escalation.policy import Act, Planned, Progress, stalls
from messaging.models import Message
from practices.models import Role
from prerequisites.models import Case, Readiness, Requirement

SETTLED = (Readiness.READY, Readiness.WAIVED, Readiness.TO_REVIEW)


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
        found = list(_of_steps(case, facts))
        slot = [want for want in found if want.kind == TaskKind.RELEASE_SLOT]
        if slot or not _waits_for_answer(facts):
            yield from slot or found or _of_silence(case, facts)


def _too_late(case: Case, facts: Facts) -> Wanted:
    """At once, not at the deadline: the appointment can be moved, or the slot given to somebody else."""
    ids = ",".join(str(requirement.pk) for requirement in facts.too_late)
    cause = f"too-late:{ids}:{case.appointment.start.timestamp():.0f}"[:120]
    return Wanted(kind=TaskKind.TOO_LATE, cause=cause, due_at=case.readiness_since)


def _waits_for_answer(facts: Facts) -> bool:
    """Whether somebody said "I can't get it" and nobody has answered yet: that is the call to make."""
    answered = {task.cause for task in facts.tasks if task.state == TaskState.DONE}
    return any(_obstacle(requirement).cause not in answered for requirement in facts.obstacles)


def _of_silence(case: Case, facts: Facts) -> Iterator[Wanted]:
    """Nobody is reached, or nothing is opened and time runs out for what is needed."""
    if case.readiness in SETTLED:
        return
    if facts.unreached is not None:
        cause = _of_message("unreached", facts.unreached, case)
        yield Wanted(kind=TaskKind.CALL_PATIENT, cause=cause, due_at=case.deadline)
    elif case.doubtful_since is not None and case.deadline is not None:
        cause = f"doubtful:{case.pk}:{case.deadline.timestamp():.0f}"
        yield Wanted(kind=TaskKind.CALL_PATIENT, cause=cause, due_at=case.deadline)


def _of_requirements(case: Case, facts: Facts) -> Iterator[Wanted]:
    yield from map(_obstacle, facts.obstacles)
    for infected in facts.infected:
        cause = f"infected:{infected.submission_id}"
        yield Wanted(kind=TaskKind.INFECTED_FILE, cause=cause, due_at=infected.deadline)
    for reply in facts.replies:
        yield Wanted(kind=TaskKind.REPLY, cause=f"reply:{reply.pk}", due_at=reply.at)
    for question in facts.questions:
        yield Wanted(kind=TaskKind.QUESTION, cause=f"question:{question.pk}", due_at=question.at)
    for message in facts.unknown:
        cause = _of_message("message", message, case)
        yield Wanted(kind=TaskKind.CHECK_MESSAGE, cause=cause, due_at=case.deadline)
    if facts.link is not None:
        yield from _of_link(case, facts)


def _of_message(what: str, message: Message, case: Case) -> str:
    """One message may speak of several cases, and each of them has a cause of its own."""
    return f"{what}:{message.pk}" + ("" if message.case_id == case.pk else f":{case.pk}")


def _obstacle(requirement: Requirement) -> Wanted:
    cause = f"obstacle:{requirement.pk}:{requirement.changed_at.timestamp():.0f}"
    return Wanted(kind=TaskKind.CANNOT_GET, cause=cause, due_at=requirement.deadline)


def _of_link(case: Case, facts: Facts) -> Iterator[Wanted]:
    link, patient = facts.link, case.appointment.patient
    if link is not None and link.tries_left == 0:
        kind = TaskKind.NOT_ME if link.disowned else TaskKind.LINK_LOCKED
        yield Wanted(kind=kind, cause=f"locked:{link.pk}:{link.generation}")
    if link is not None and link.claimed_birth_date and patient is not None and patient.birth_date is None:
        yield Wanted(kind=TaskKind.CONFIRM_BIRTH_DATE, cause=f"birth-date:{link.pk}")


def _of_steps(case: Case, facts: Facts) -> Iterator[Wanted]:
    """What the steps taken so far ask for, as long as the escalation runs. Once somebody has taken it over, only what
    they have taken stays."""
    running = facts.escalation
    if running is None or running.state == EscalationState.ENDED:
        return
    kept = {task.cause for task in facts.tasks if task.taken_by_id is not None}
    for want in _called_for(running, facts.progress(case)):
        if running.state == EscalationState.ACTIVE or want.cause in kept:
            yield want


def _called_for(running: Escalation, progress: Progress) -> Iterator[Wanted]:
    """A call or a review, one a role; a slot to save. A policy that only tells people leaves a task with those whom it
    told last."""
    laid_out = [Planned.from_dict(content) for content in running.steps[: running.next_step]]
    taken = [one.step for one in laid_out if not one.passed]
    since = [one.at for one in laid_out if one.step.act is Act.RELEASE and not one.passed]
    if since:
        yield _of_step(running, TaskKind.RELEASE_SLOT, Role.STAFF, due_at=since[0])
        return
    kind = TaskKind.REVIEW if progress is Progress.TO_REVIEW else TaskKind.CALL_PATIENT
    calls = sorted({step.role for step in taken if step.act is Act.CALL_TASK})
    if not calls:
        kind = TaskKind.NOTIFY_MANAGER
        calls = [step.role for step in taken if step.act is Act.NOTIFY][-1:]
    for role in calls:
        yield _of_step(running, kind, Role(role), due_at=running.deadline)


def _of_step(running: Escalation, kind: TaskKind, role: Role, *, due_at: datetime | None) -> Wanted:
    return Wanted(kind=kind, cause=f"escalation:{running.pk}:{kind}:{role}", role=role, due_at=due_at)
