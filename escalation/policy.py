"""What happens to a case that stalls, pure: (policy, state, now) -> the next step. Times are aware UTC.

A policy is a list of steps. Each is due an offset after its anchor (the deadline that was missed, or the appointment's
start); it is taken once, in order, and the whole ends when the case no longer stalls: it is ready or closed, what was
missed has come in, or its deadline has moved. Where someone takes it over no further step is taken.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

STALLED = frozenset({"overdue", "at_risk", "not_performable"})


class Act(StrEnum):
    """What a step does."""

    CALL_TASK = "call_task"
    NOTIFY = "notify"


class Anchor(StrEnum):
    """What a step's offset counts from."""

    DEADLINE = "deadline"
    START = "start"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: `hours` after (negative: before) the anchor, for people of a role."""

    act: Act
    role: str
    anchor: Anchor = Anchor.DEADLINE
    hours: float = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Step":
        """Reads a snapshot. ValueError for an act or an anchor that does not exist."""
        return cls(**{**content, "act": Act(content["act"]), "anchor": Anchor(content["anchor"])})


DEFAULT_STEPS = (
    Step(act=Act.CALL_TASK, role="staff"),
    Step(act=Act.NOTIFY, role="manager", hours=4),
    Step(act=Act.NOTIFY, role="manager", anchor=Anchor.START, hours=-24),
)


@dataclass(frozen=True, kw_only=True)
class State:
    """Where an escalation stands: the case's readiness, the deadline that was missed, how many steps are taken."""

    readiness: str
    deadline: datetime
    start: datetime
    taken: int = 0
    acknowledged: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do now: take `step` (number `taken`), wait until `wait_until`, or `over`."""

    step: Step | None = None
    wait_until: datetime | None = None
    over: bool = False


def decide(steps: Sequence[Step], state: State, *, now: datetime) -> Decision:
    """The next step of an escalation at `now`. One decision takes one step; ask again after taking it."""
    if not stalls(state.readiness):
        return Decision(over=True)
    if state.acknowledged or state.taken >= len(steps):
        return Decision()
    step = steps[state.taken]
    due_at = step_due(step, deadline=state.deadline, start=state.start)
    return Decision(step=step) if due_at <= now else Decision(wait_until=due_at)


def step_due(step: Step, *, deadline: datetime, start: datetime) -> datetime:
    """When a step is due."""
    anchor = deadline if step.anchor is Anchor.DEADLINE else start
    return anchor + timedelta(hours=step.hours)


def stalls(readiness: str) -> bool:
    """Whether a case of this readiness starts an escalation."""
    return readiness in STALLED
