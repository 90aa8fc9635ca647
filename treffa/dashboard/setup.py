"""The set-up: its steps in order, and how far a practice is. What was done elsewhere counts; only what leaves no fact is
remembered (Practice.setup_passed)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from appointments.models import Feed
from escalation.models import Hours
from practices.models import Invitation, Membership, Practice
from prerequisites.models import Plan, PlanState

NAMES: Mapping[str, str | Promise] = {
    "practice": _("Practice"),
    "calendar": _("Calendar"),
    "rules": _("Rules"),
    "pack": _("Pack"),
    "team": _("Team"),
    "messages": _("Messages"),
    "trial": _("Trial run"),
    "on": _("Switch on"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step on the way. `sub` says in a few words what stands there."""

    name: str
    word: str
    number: int
    done: bool
    current: bool
    sub: str

    @property
    def address(self) -> str:
        return reverse(
            "dashboard:setup_trial_run" if self.name == "trial" else f"dashboard:setup_{self.name}"
        )


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How far the set-up is, seen from one of its steps."""

    steps: Sequence[Step]

    @property
    def current(self) -> Step:
        return next(step for step in self.steps if step.current)

    @property
    def before(self) -> Step | None:
        return next((step for step in self.steps if step.number == self.current.number - 1), None)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if step.number == self.current.number + 1), None)

    @property
    def first_open(self) -> Step:
        """Where to go on; the last step where all are done."""
        return next((step for step in self.steps if not step.done), self.steps[-1])


def load(practice: Practice, *, at: str = "practice") -> Setup:
    """The steps of the practice in scope, `at` being the one that is shown."""
    feeds = Feed.objects.filter(removed_at=None).count()
    plans = Plan.objects.filter(state=PlanState.PUBLISHED).count()
    people = Membership.objects.filter(active=True).count()
    invited = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).exists()
    passed = practice.setup_passed.split()
    done = {
        "practice": bool(practice.address and practice.phone and Hours.objects.exists()),
        "calendar": bool(feeds),
        "rules": bool(feeds),
        "pack": bool(plans),
        "team": people > 1 or invited or "team" in passed,
        "messages": practice.sending or "messages" in passed,
        "trial": practice.sending or "trial" in passed,
        "on": practice.sending,
    }
    said = {
        "practice": practice.name,
        "calendar": ngettext("%(n)s connected", "%(n)s connected", feeds) % {"n": feeds},
        "pack": ngettext("%(n)s plan", "%(n)s plans", plans) % {"n": plans},
        "team": ngettext("%(n)s person", "%(n)s people", people) % {"n": people},
    }
    return Setup(
        steps=[
            Step(
                name=name,
                word=str(word),
                number=number,
                done=done[name],
                current=name == at,
                sub=said.get(name, "") if done[name] else "",
            )
            for number, (name, word) in enumerate(NAMES.items(), start=1)
        ]
    )


def untouched(practice: Practice) -> bool:
    """Whether nothing was set up yet: whoever manages it is led to the set-up."""
    return not practice.sending and not Feed.objects.exists()
