"""The page of one version of a plan: what it asks for, how it stands, what may be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from practices.models import Practice
from prerequisites import drafts, plan_queries
from prerequisites.models import Kind, Plan, PlanState
from prerequisites.packs import PackPrerequisite
from prerequisites.plan_queries import TypePlans
from treffa.dashboard import plan_entry, plan_list, plan_words
from treffa.dashboard.plan_entry import Entry
from treffa.dashboard.plan_forms import ICONS
from treffa.dashboard.staff import StaffRequest

KINDS: Sequence[tuple[str, str | Promise]] = (
    (Kind.DOCUMENT, gettext_lazy("Document that is handed in")),
    (Kind.FORM, gettext_lazy("Questions to answer")),
    (Kind.ACKNOWLEDGEMENT, gettext_lazy("Instruction to read and confirm")),
    (Kind.STAFF_CHECK, gettext_lazy("Check by the practice")),
    (Kind.INFORMATION, gettext_lazy("Information to show")),
)
REMOVED, OFFERED_FOR = "plan_removed", timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A version with its siblings. `editable`: this person may change it; `state` changes with all that it asks for."""

    plan: Plan
    type: TypePlans
    entries: Sequence[Entry]
    contents: Sequence[PackPrerequisite]
    signed: str
    open_cases: int
    editable: bool
    removed: str = ""

    @property
    def is_draft(self) -> bool:
        return self.plan.state == PlanState.DRAFT

    @property
    def state(self) -> str:
        return drafts.plan_state(self.plan)

    @property
    def kinds(self) -> list[tuple[str, str | Promise, str]]:
        """What can be added: kind, words, icon."""
        return [(kind, words, ICONS[kind]) for kind, words in KINDS]

    def entry(self, prerequisite_id: int) -> Entry | None:
        return next((one for one in self.entries if one.id == prerequisite_id), None)


def load(request: StaffRequest, plan_id: int, *, now: datetime) -> PlanView | None:
    """One version of the practice in scope; None where there is none."""
    plan = plan_queries.plan(plan_id)
    if plan is None:
        return None
    type_ = plan_queries.of_type(plan.type_id, now=now)
    counts = {one.plan.pk: one.open_cases for one in type_.versions}
    return PlanView(
        plan=plan,
        type=type_,
        entries=plan_entry.of_plan(plan, languages(request.practice)),
        contents=plan_entry.contents_of(plan.prerequisites.all()),
        signed=plan_list.signed(plan),
        open_cases=counts[plan.pk],
        editable=request.membership.may_adopt and plan.state == PlanState.DRAFT,
        removed=_removed(request, plan, now=now),
    )


def languages(practice: Practice) -> list[str]:
    """The languages in which the practice speaks to its patients; German where it named none."""
    return list(dict.fromkeys(practice.languages)) or ["de"]


def keep_removed(request: StaffRequest, *, plan_id: int, kept: dict[str, object], now: datetime) -> None:
    """Offers from now on to bring back what was taken out of a draft. It holds texts of the practice, nothing personal."""
    request.session[REMOVED] = {"plan": plan_id, "row": kept, "at": now.timestamp()}


def _removed(request: StaffRequest, plan: Plan, *, now: datetime) -> str:
    """The title of what may be brought back."""
    kept = request.session.get(REMOVED)
    if kept is None or kept["plan"] != plan.pk or kept["at"] < (now - OFFERED_FOR).timestamp():
        return ""
    return plan_words.said(kept["row"]["title"])
