"""Reads about plans: what each appointment type has, and how many open cases hang on each version."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from appointments.models import AppointmentType
from appointments.queries import types_with_coming
from prerequisites import queries
from prerequisites.models import Case, Plan, PlanState, Prerequisite
from prerequisites.ruled import unreadable


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a plan and how many open cases of coming appointments have it."""

    plan: Plan
    open_cases: int


@dataclass(frozen=True, kw_only=True)
class TypePlans:
    """The versions of an appointment type's plan: what is published, the draft, and retired ones that open cases still
    have (`retired`, the newest first)."""

    type: AppointmentType
    coming: int
    published: Version | None = None
    draft: Version | None = None
    retired: Sequence[Version] = ()
    versions: Sequence[Version] = field(default=())

    @property
    def outdated(self) -> int:
        """Open cases that have another version than the published one."""
        return sum(one.open_cases for one in self.retired)


def of_types(*, now: datetime) -> list[TypePlans]:
    """All types of the practice in scope, by name, in four statements."""
    held: dict[int, list[Version]] = defaultdict(list)
    counts = open_cases(now=now)
    for plan in Plan.objects.select_related("signed_off_by").order_by("-version"):
        held[plan.type_id].append(Version(plan=plan, open_cases=counts.get(plan.pk, 0)))
    return [_of_type(type_, held[type_.pk]) for type_ in types_with_coming(now=now)]


def of_type(type_id: int, *, now: datetime) -> TypePlans:
    """One type. AppointmentType.DoesNotExist where there is none."""
    counts = open_cases(now=now)
    held = Plan.objects.filter(type_id=type_id).select_related("signed_off_by").order_by("-version")
    versions = [Version(plan=plan, open_cases=counts.get(plan.pk, 0)) for plan in held]
    return _of_type(types_with_coming(now=now).get(pk=type_id), versions)


def _of_type(type_: AppointmentType, versions: Sequence[Version]) -> TypePlans:
    def first(state: PlanState) -> Version | None:
        return next((one for one in versions if one.plan.state == state), None)

    return TypePlans(
        type=type_,
        coming=type_.coming,  # type: ignore[attr-defined]
        published=first(PlanState.PUBLISHED),
        draft=first(PlanState.DRAFT),
        retired=[one for one in versions if one.plan.state == PlanState.RETIRED and one.open_cases],
        versions=versions,
    )


def open_cases(*, now: datetime) -> dict[int, int]:
    """How many open cases of coming appointments each plan has, by its id."""
    found = Case.objects.filter(closed_at=None, appointment__start__gt=now)
    return dict(found.values_list("plan_id").annotate(n=Count("id")).order_by())


def plan(plan_id: int) -> Plan | None:
    """A plan of the practice in scope with its type, who signed it off and what it asks for."""
    found = Plan.objects.select_related("type", "signed_off_by", "practice")
    return found.prefetch_related("prerequisites").filter(pk=plan_id).first()


def in_use(*, now: datetime) -> QuerySet[Prerequisite]:
    """What is asked for by published plans, and by retired ones that open cases still have."""
    kept = Case.objects.filter(closed_at=None, appointment__start__gt=now).values("plan_id")
    used = Q(plan__state=PlanState.PUBLISHED) | Q(plan__in=kept)
    return Prerequisite.objects.filter(used).select_related("plan__type")


def broken(*, now: datetime) -> list[Prerequisite]:
    """What is in use and can't be read whole: it is asked for all the same (ruled.asked_of)."""
    worth_a_look = in_use(now=now).exclude(condition={}, validity={}, questions=[])
    return [one for one in worth_a_look if unreadable(one)]


def unsigned() -> list[Plan]:
    """The plans in use, by their type's name, that no physician has signed off: those that were published at once."""
    found = Plan.objects.filter(state=PlanState.PUBLISHED, signed_off_at=None, type__needs_nothing=False)
    return list(found.select_related("type").order_by("type__name"))


def for_referrers(*, now: datetime) -> list[Prerequisite]:
    """What is in use and is the referring practice's to hand in: nobody is written to about it."""
    return list(in_use(now=now).filter(audience="referrer"))


def asked_by(plan_ids: Iterable[int]) -> list[Prerequisite]:
    """What these plans ask for."""
    return list(Prerequisite.objects.filter(plan_id__in=set(plan_ids)))


def movable(plan: Plan, *, now: datetime) -> QuerySet[Case]:
    """The open cases that can be moved to this version, the next appointment first."""
    return queries.movable_cases(plan, now=now).order_by("appointment__start", "pk")
