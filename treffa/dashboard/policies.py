"""The escalation's settings as they are shown: policies as sequences, and what a sample case would see of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from appointments.models import AppointmentType
from escalation import queries
from escalation.models import Policy
from escalation.policy import DEFAULT_STEPS, Progress, Step, applies, lay_out
from practices.models import Practice
from practices.queries import members
from prerequisites import rules
from prerequisites.models import Kind, Plan, PlanState
from prerequisites.ruled import calendar_of, rule_of
from treffa.dashboard import relative, step_words

SAMPLE_DAYS, SAMPLE_HOUR = 21, 10


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One step as a sentence in three parts."""

    moment: str
    condition: str
    what: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample case of which the patient does nothing: its appointment, its deadline, what happens when."""

    start: str
    deadline: str
    entries: list[tuple[str, StepView]]


@dataclass(frozen=True, kw_only=True)
class PolicyView:
    """A policy, or the shipped one (`policy` is None)."""

    policy: Policy | None
    title: str
    steps: list[StepView]


def load() -> tuple[PolicyView, list[PolicyView]]:
    """The practice's own or the shipped policy, and those of its types."""
    people = names()
    found = {policy.type_id: policy for policy in Policy.objects.select_related("type").order_by("name")}
    own = found.pop(None, None)
    steps = queries.policies()
    general = PolicyView(policy=own, title="", steps=views(steps[None], people))
    return general, [
        PolicyView(policy=policy, title=str(policy.type), steps=views(steps.get(type_id, ()), people))
        for type_id, policy in found.items()
    ]


def free_types() -> list[AppointmentType]:
    """The types that need something and have no policy of their own."""
    taken = Policy.objects.exclude(type=None).values("type_id")
    return list(AppointmentType.objects.filter(needs_nothing=False).exclude(pk__in=taken).order_by("name"))


def steps_of(policy: Policy) -> Sequence[Step]:
    """The steps of a policy; the shipped ones where they can't be read."""
    return queries.policies().get(policy.type_id, DEFAULT_STEPS)


def names() -> Mapping[int, str]:
    """The people of the practice."""
    return {member.user_id: str(member.user) for member in members()}


def views(steps: Sequence[Step], people: Mapping[int, str]) -> list[StepView]:
    """The steps as sentences."""
    return [_view(step, people) for step in steps]


def _view(step: Step, people: Mapping[int, str]) -> StepView:
    return StepView(
        moment=step_words.moment(step),
        condition=step_words.condition(step),
        what=step_words.what(step, people),
        icon=step_words.ICONS[step.act],
    )


def sample(steps: Sequence[Step], *, type_id: int | None, practice: Practice, now: datetime) -> Sample:
    """What happens to an appointment in three weeks of which the patient opens nothing."""
    day = timezone.localtime(now) + timedelta(days=SAMPLE_DAYS)
    start = day.replace(hour=SAMPLE_HOUR, minute=0, second=0, microsecond=0)
    deadline = _deadline(type_id, start=start, practice=practice, now=now)
    planned = lay_out(steps, deadline=deadline, start=start, office=queries.office_of(practice))
    people = names()
    return Sample(
        start=relative.moment(start, now=now),
        deadline=relative.moment(deadline, now=now),
        entries=[
            (relative.moment(one.at, now=now), _view(replace(one.step, repeats=0), people))
            for one in planned
            if applies(one.step, Progress.UNOPENED) and one.at > now
        ],
    )


def _deadline(type_id: int | None, *, start: datetime, practice: Practice, now: datetime) -> datetime:
    """The first deadline of the type's plan, else of any plan of the practice, else three days before."""
    plans = Plan.objects.filter(state=PlanState.PUBLISHED)
    plan = (plans.filter(type_id=type_id) if type_id else plans.order_by("pk")).first()
    found = (
        plan.prerequisites.filter(blocking=True, audience="patient").exclude(kind=Kind.INFORMATION)
        if plan
        else []
    )
    calendar = calendar_of(practice)
    deadlines = [rules.due(rule_of(one), start=start, now=now, calendar=calendar) for one in found]
    coming = [due.at for due in deadlines if not due.bring_along]
    return min(coming, default=start - timedelta(days=3))
