"""Reads about policies, escalations and tasks."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet, Subquery

from escalation.facts import facts_of
from escalation.models import EscalationState, Hours, Policy, Task, TaskState
from escalation.office_hours import OfficeHours
from escalation.policy import DEFAULT_STEPS, SETTLED, Planned, Step, applies, lay_out
from practices import lookups
from practices.models import Practice, Role
from prerequisites.models import Case
from prerequisites.ruled import calendar_of

logger = logging.getLogger(__name__)


def practices_with_due_escalations(now: datetime) -> Sequence[int]:
    """Practices with cases that escalation has to look at. Needs no scope."""
    return lookups.practices("treffa_practices_with_due_escalations", now)


def open_tasks(*roles: Role) -> QuerySet[Task]:
    """Open tasks with their case and patient, the most urgent first."""
    tasks = Task.objects.filter(state=TaskState.OPEN).select_related(
        "case__appointment__patient", "case__appointment__type"
    )
    return (tasks.filter(role__in=roles) if roles else tasks).order_by("due_at", "id")


def office_of(practice: Practice) -> OfficeHours:
    """When somebody is at the practice in scope."""
    return _office(practice, Hours.objects.first() or Hours())


def with_hours(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases with the practice's office hours, for `office_by`: they cost no statement of their own."""
    hours = {name: Subquery(Hours.objects.values(name)[:1]) for name in ("opens", "closes", "days")}
    return cases.annotate(**hours)


def office_by(case: Case) -> OfficeHours:
    """When somebody is at the practice of a case that came `with_hours`."""
    opens, closes, days = (getattr(case, name) for name in ("opens", "closes", "days"))
    found = Hours() if opens is None else Hours(opens=opens, closes=closes, days=days)
    return _office(case.practice, found)


def _office(practice: Practice, hours: Hours) -> OfficeHours:
    return OfficeHours(
        calendar=calendar_of(practice), opens=hours.opens, closes=hours.closes, days=frozenset(hours.days)
    )


def policies() -> Mapping[int | None, Sequence[Step]]:
    """The steps by appointment type; under None those that hold for all others. One that can't be read (operators may write
    anything) holds nobody up: the practice's own or the shipped one takes its place."""
    found: dict[int | None, Sequence[Step]] = {None: DEFAULT_STEPS}
    for policy in Policy.objects.all():
        try:
            found[policy.type_id] = [Step.from_dict(content) for content in policy.steps]
        except (KeyError, TypeError, ValueError):
            logger.error("policy=%s practice=%s can't be read", policy.pk, policy.practice_id)
    return found


def to_come(case: Case, *, practice: Practice, now: datetime) -> list[Planned]:
    """What escalation does about a case (with its appointment) from now on if it stays as it is, in order."""
    facts = facts_of([case], practice=practice, now=now)[case.pk]
    running = facts.escalation
    if case.readiness in SETTLED or (running is not None and running.state != EscalationState.ACTIVE):
        return []
    if running is not None and running.about is not None:
        planned = [Planned.from_dict(content) for content in running.steps[running.next_step :]]
    else:
        found = policies()
        planned = lay_out(
            found.get(case.appointment.type_id) or found[None],
            deadline=case.deadline if facts.missing else None,
            start=case.appointment.start,
            office=office_of(practice),
        )
    progress = facts.progress(case)
    return [one for one in planned if one.at > now and applies(one.step, progress)]
