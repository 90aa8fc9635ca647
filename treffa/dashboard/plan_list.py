"""The page of the plans: each appointment type with its versions, and what is to be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prerequisites import plan_queries
from prerequisites.models import Plan
from prerequisites.plan_queries import TypePlans
from treffa.dashboard import plan_words
from treffa.dashboard.readiness import Look
from treffa.dashboard.type_notices import pack_for

_PUBLISHED = Look(css="is-ready", icon="clipboard-list", word=gettext_lazy("Published"))
_DRAFT = Look(css="is-review", icon="pencil", word=gettext_lazy("Draft only"))
_NONE = Look(css="is-contact", icon="circle-alert", word=gettext_lazy("No plan"))
_QUIET = Look(css="is-off", icon="circle-check", word=gettext_lazy("Never needs anything"))


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """A type and its plans. `signed` says who vouched for what is published; `pack` is the title of one with a plan for it,
    where it has none."""

    plans: TypePlans
    look: Look
    signed: str
    pack: str

    @property
    def unplanned(self) -> bool:
        return not (self.plans.published or self.plans.draft or self.plans.type.needs_nothing)


@dataclass(frozen=True, kw_only=True)
class PlanList:
    """All types: those with a plan or a draft, those that have none yet, those that never need one."""

    planned: Sequence[PlanRow]
    unplanned: Sequence[PlanRow]
    quiet: Sequence[PlanRow]

    @property
    def empty(self) -> bool:
        return not (self.planned or self.unplanned)


def load(*, now: datetime) -> PlanList:
    """The practice in scope."""
    rows = [_row(plans) for plans in plan_queries.of_types(now=now)]
    return PlanList(
        planned=[row for row in rows if row.plans.published or row.plans.draft],
        unplanned=sorted((row for row in rows if row.unplanned), key=lambda row: -row.plans.coming),
        quiet=[row for row in rows if row.look is _QUIET and not (row.plans.published or row.plans.draft)],
    )


def _row(plans: TypePlans) -> PlanRow:
    published, draft, quiet = plans.published, plans.draft, plans.type.needs_nothing
    look = _QUIET if quiet else _PUBLISHED if published else _DRAFT if draft else _NONE
    return PlanRow(
        plans=plans,
        look=look,
        signed=signed(published.plan) if published else "",
        pack="" if published or draft or quiet else pack_for(plans.type),
    )


def signed(plan: Plan) -> str:
    """Who vouched for a plan, and when."""
    if plan.signed_off_at is None or plan.signed_off_by is None:
        return _("not signed off by a physician")
    named = {"name": plan.signed_off_by.name, "date": plan_words.on_day(plan.signed_off_at)}
    return _("signed off by %(name)s on %(date)s") % named
