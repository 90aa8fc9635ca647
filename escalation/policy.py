"""What happens to a case that does not get ready, pure: (policy, state, now) -> the next step. Times are aware UTC.

A policy is a list of steps. Each is due an offset after its anchor (the deadline, or the appointment's start), shifted into
office hours unless it may be at any time, and is meant for some states of the case only. When the first of them applies,
the policy is laid out: every step with its moment, repetitions included, in order of time. That list is kept and
followed, whatever becomes of the policy. A step is taken once, or passed over where the case is in another state by then.
All ends when the case is ready or closed, when what was missing has come in, or its deadline or its appointment has
moved. Where someone takes it over no further step is taken until a day before the appointment: who is then still not
ready is everybody's again, and the steps go on (the patient alone is not reminded: somebody is about it).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from escalation.office_hours import OfficeHours

STALLED = frozenset({"overdue", "at_risk", "not_performable"})
SETTLED = frozenset({"ready", "waived", "closed"})
# One who opened nothing after so many messages is not believed to react to the next within these times.
# Whoever took a case over has it until so long before the appointment.
TAKEN_UNTIL = timedelta(hours=24)
MESSAGES_ENOUGH = 2
TIME_TO_OPEN = timedelta(hours=24)
NEEDED_BEFORE_LEAD = timedelta(hours=72)
NEEDED_BEFORE_DEADLINE = timedelta(hours=48)


class Act(StrEnum):
    """What a step does."""

    REMIND = "remind"
    CALL_TASK = "call_task"
    NOTIFY = "notify"
    RELEASE = "release"


class Anchor(StrEnum):
    """What a step's offset counts from."""

    DEADLINE = "deadline"
    START = "start"


class Progress(StrEnum):
    """How far the patient is; TO_REVIEW where nothing is missing from them and the practice has to look."""

    UNOPENED = "unopened"
    OPENED = "opened"
    HALF_DONE = "half_done"
    TO_REVIEW = "to_review"


class Way(StrEnum):
    """How people of the practice are told."""

    EMAIL = "email"
    SMS = "sms"


MISSING = (Progress.UNOPENED, Progress.OPENED, Progress.HALF_DONE)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: `hours` after (negative: before) the anchor, for people of a role or one `person` (a user's id), for cases
    whose progress is in `when` (empty: any). `rotate`: one of the role after the other. It is repeated `repeats` times,
    every `repeat_hours`."""

    act: Act
    role: str
    anchor: Anchor = Anchor.DEADLINE
    hours: float = 0
    when: tuple[Progress, ...] = ()
    person: int | None = None
    way: Way = Way.EMAIL
    rotate: bool = False
    any_time: bool = False
    repeat_hours: float = 0
    repeats: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "when": list(self.when)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Step":
        """Reads what to_dict wrote, now or before there were more fields. ValueError for an act, an anchor, a progress or
        a way that does not exist."""
        return cls(
            **{
                **content,
                "act": Act(content["act"]),
                "anchor": Anchor(content["anchor"]),
                "when": tuple(Progress(progress) for progress in content.get("when", ())),
                "way": Way(content.get("way", Way.EMAIL)),
            }
        )


DEFAULT_STEPS = (
    Step(act=Act.REMIND, role="patient", hours=-24, when=(Progress.UNOPENED,), any_time=True),
    Step(act=Act.CALL_TASK, role="staff", when=MISSING, any_time=True),
    Step(act=Act.NOTIFY, role="manager", hours=4, when=MISSING),
    Step(act=Act.RELEASE, role="staff", anchor=Anchor.START, hours=-48, when=MISSING),
    Step(act=Act.CALL_TASK, role="staff", anchor=Anchor.START, hours=-24, when=(Progress.TO_REVIEW,)),
    Step(act=Act.NOTIFY, role="manager", anchor=Anchor.START, hours=-24),
)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A step with its moment. `passed`: it did not apply when it was due."""

    step: Step
    at: datetime
    passed: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {**self.step.to_dict(), "at": self.at.isoformat(), "passed": self.passed}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Planned":
        """Reads a snapshot. KeyError or ValueError where it is none."""
        step = {name: value for name, value in content.items() if name not in ("at", "passed")}
        return cls(
            step=Step.from_dict(step), at=datetime.fromisoformat(content["at"]), passed=content["passed"]
        )


def lay_out(
    steps: Sequence[Step], *, deadline: datetime | None, start: datetime, office: OfficeHours
) -> list[Planned]:
    """Every step with its moment, in order. Without a deadline (nothing is missing from the patient) those that count from
    it fall away. A slot is not to be given away before the deadline."""
    planned = [
        Planned(step=step, at=at)
        for step in steps
        for at in _moments(step, deadline=deadline, start=start, office=office)
    ]
    return sorted(planned, key=lambda one: one.at)


def _moments(
    step: Step, *, deadline: datetime | None, start: datetime, office: OfficeHours
) -> Iterator[datetime]:
    """The first moment, and its repetitions: each as long after the one before as it says, at least."""
    anchor = start if step.anchor is Anchor.START else deadline
    if anchor is None:
        return
    at = anchor + timedelta(hours=step.hours)
    if not step.any_time:
        at = office.last_open(at) if at < anchor or anchor == start else office.next_open(at)
    if step.act is Act.RELEASE and deadline is not None:
        at = max(at, deadline)
    yield at
    for _ in range(step.repeats):
        at += timedelta(hours=step.repeat_hours)
        at = at if step.any_time else office.next_open(at)
        yield at


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a case stands. `moved`: its deadline or its appointment is another than the one it was laid out for. Somebody who
    has `acknowledged` it has it until `resumes_at` (None: for good)."""

    readiness: str
    progress: Progress = Progress.UNOPENED
    taken: int = 0
    acknowledged: bool = False
    resumes_at: datetime | None = None
    moved: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do now: take `step` (number `taken`), pass it over (`passes`), wait until `wait_until`, go on after somebody had
    it (`resumes`), or `over`."""

    step: Step | None = None
    passes: bool = False
    wait_until: datetime | None = None
    over: bool = False
    resumes: bool = False


def decide(planned: Sequence[Planned], state: State, *, now: datetime) -> Decision:
    """The next step of an escalation at `now`. One decision takes or passes one step; ask again after that."""
    if state.readiness in SETTLED or state.moved:
        return Decision(over=True)
    if state.acknowledged:
        if state.resumes_at is None or now < state.resumes_at:
            return Decision(wait_until=state.resumes_at)
        return Decision(resumes=True)
    if state.taken >= len(planned):
        return Decision()
    one = planned[state.taken]
    if one.at > now:
        return Decision(wait_until=one.at)
    return Decision(step=one.step) if applies(one.step, state.progress) else Decision(passes=True)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """For a case with no escalation: whether one `begins` now, else when to look again (None: never)."""

    begins: bool = False
    look_at: datetime | None = None


def outlook(planned: Sequence[Planned], state: State, *, now: datetime) -> Outlook:
    """It begins with the first step that is due and applies."""
    if state.readiness in SETTLED:
        return Outlook()
    if any(one.at <= now and applies(one.step, state.progress) for one in planned):
        return Outlook(begins=True)
    return Outlook(look_at=min((one.at for one in planned if one.at > now), default=None))


def applies(step: Step, progress: Progress) -> bool:
    """Whether a step is meant for a case that is so far."""
    return not step.when or progress in step.when


def taken_until(*, start: datetime, now: datetime) -> datetime | None:
    """Until when somebody who takes a case over now has it to themselves; None where the appointment is near already."""
    until = start - TAKEN_UNTIL
    return until if until > now else None


def stalls(readiness: str) -> bool:
    """Whether a case of this readiness needs somebody."""
    return readiness in STALLED


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What is known of a patient who was written to. `sent`: when each message went out, however many channels it took.
    `useful_until`: from when on what takes days can't be had any more (None: nothing takes days)."""

    opened: bool
    deadline: datetime | None
    useful_until: datetime | None = None
    sent: Sequence[datetime] = field(default_factory=tuple)


def doubtful_from(silence: Silence) -> datetime | None:
    """From when on the forecast says that the case won't make it; None where it does not say so.

    Two messages went out, the last a day ago, and nothing was opened: who is like that needs days, not hours. So it is
    doubtful three days before what takes days can't be had any more, or two days before the deadline.
    """
    if silence.opened or silence.deadline is None or len(silence.sent) < MESSAGES_ENOUGH:
        return None
    needed = [silence.deadline - NEEDED_BEFORE_DEADLINE]
    needed += [silence.useful_until - NEEDED_BEFORE_LEAD] if silence.useful_until else []
    return max(min(needed), max(silence.sent) + TIME_TO_OPEN)
