"""The decisions about readiness, pure: a plan's rule, the appointment, what is in place -> what is due when, and how it stands.

All moments are aware datetimes in UTC; days and times of day are the practice's (working_days.Calendar). A deadline is
never in the past: a late booking gets a compressed plan, or the thing is brought along. Advisory items never block; what
may block once a fact of the patient is known keeps the case from being ready until it is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from prerequisites.working_days import Calendar

LATEST_BEFORE_START = timedelta(hours=2)
AT_RISK_BEFORE_DEADLINE = timedelta(hours=24)
PATIENT_KINDS = frozenset({"document", "form", "acknowledgement"})
DONE_STATES = frozenset({"accepted", "waived", "withdrawn"})
ASKED_STATES = frozenset({"open", "rejected"})
# What the patient's page asks for; of all else only the practice can say it.
PATIENT_TELLS = frozenset({"age"})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When something is due: `days_before` the appointment's day at `time_of_day`; `lead_days` is how long it takes
    to get (a laboratory's answer), so that it is of use only if begun that long before. Both are days of the calendar,
    or `working_days` of the practice's region."""

    days_before: int
    time_of_day: time
    lead_days: int = 0
    may_be_brought: bool = False
    working_days: bool = False


@dataclass(frozen=True, kw_only=True)
class Due:
    """A deadline. `bring_along`: nothing is due before the appointment, the patient brings it."""

    at: datetime
    bring_along: bool = False


def due(rule: Rule, *, start: datetime, now: datetime, calendar: Calendar) -> Due:
    """The deadline of a rule for an appointment at `start`, decided at `now`.

    In time: `days_before` the appointment's day at `time_of_day`, or earlier, while it can still be had. Too late for
    that: brought along if it may be, else half of the time that is left: till the latest useful moment of what takes
    days, till two hours before the start of all else.
    """
    regular = _regular(rule, start=start, calendar=calendar)
    if regular > now:
        return Due(at=min(regular, start))
    if rule.may_be_brought:
        return Due(at=start, bring_along=True)
    useful = latest_useful(rule, start=start, calendar=calendar)
    half = now + ((useful if useful > now else start) - now) / 2
    latest = start - LATEST_BEFORE_START
    return Due(at=max(now, _quarter_hour(min(half, latest))) if latest > now else max(now, start))


def moved(rule: Rule, *, held: Due, by: timedelta, start: datetime, now: datetime, calendar: Calendar) -> Due:
    """The deadline of a rule after the appointment was moved `by` so much, to `start`. What was overdue stays so, unless
    the rule's deadline or its own moved along is still to come: a move by an hour gives nobody more time."""
    regular = _regular(rule, start=start, calendar=calendar)
    if held.at <= now and not held.bring_along and max(regular, held.at + by) <= now:
        return held
    return due(rule, start=start, now=now, calendar=calendar)


def latest_useful(rule: Rule, *, start: datetime, calendar: Calendar) -> datetime:
    """From when on beginning is of no use any more: the lead time before the appointment, at its time of day."""
    if not rule.lead_days:
        return start
    day = calendar.before(calendar.day_of(start), days=rule.lead_days, working=rule.working_days)
    return calendar.moment(day, calendar.time_of(start))


def _regular(rule: Rule, *, start: datetime, calendar: Calendar) -> datetime:
    """The deadline where there is time enough: the last `time_of_day` at which all the days are left."""
    day, working = calendar.day_of(start), rule.working_days
    regular = calendar.moment(calendar.before(day, days=rule.days_before, working=working), rule.time_of_day)
    useful = latest_useful(rule, start=start, calendar=calendar)
    if not rule.lead_days or regular <= useful:
        return regular
    in_time = calendar.moment(calendar.day_of(useful), rule.time_of_day)
    if in_time <= useful:
        return in_time
    day_before = calendar.before(calendar.day_of(useful), days=1, working=working)
    return calendar.moment(day_before, rule.time_of_day)


def _quarter_hour(moment: datetime) -> datetime:
    return moment - timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )


@dataclass(frozen=True, kw_only=True)
class Item:
    """A requirement as readiness sees it. `latest_useful` is the moment after which an open one can't be had any more."""

    kind: str
    state: str
    blocking: bool
    deadline: datetime
    latest_useful: datetime
    bring_along: bool = False
    audience: str = "patient"

    @property
    def done(self) -> bool:
        return self.state in DONE_STATES or (self.bring_along and self.state in ASKED_STATES)

    @property
    def waits_for_patient(self) -> bool:
        return not self.done and self.state in ASKED_STATES and self.patients_own

    @property
    def patients_own(self) -> bool:
        """Whether it is the patient who sees to it."""
        return self.kind in PATIENT_KINDS and self.audience == "patient"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The readiness of a case (prerequisites.models.Readiness), the next deadline that matters, and when time alone
    will change it next (None: never)."""

    readiness: str
    deadline: datetime | None
    changes_at: datetime | None


def standing(
    items: Sequence[Item],
    *,
    start: datetime,
    end: datetime,
    reachable: bool,
    closed: bool,
    now: datetime,
    doubtful: bool = False,
    facts_missing: Collection[str] = (),
    named: bool = True,
) -> Standing:
    """How a case stands at `now`. `doubtful`: the forecast says that it won't be ready in time; `facts_missing`: something
    that blocks may hang on these facts of the patient, whom the calendar has `named` or not."""
    if closed or end <= now:
        return Standing(readiness="closed", deadline=None, changes_at=None)
    missing = [item for item in items if item.blocking and not item.done and item.kind != "information"]
    asked = [item for item in missing if item.waits_for_patient]
    moments = [end, start] + [
        moment
        for item in missing
        for moment in (item.deadline - AT_RISK_BEFORE_DEADLINE, item.deadline, item.latest_useful)
    ]
    facts = _Facts(missing=frozenset(facts_missing), named=named)
    return Standing(
        readiness=_readiness(
            items, missing, asked, facts, start=start, reachable=reachable, doubtful=doubtful, now=now
        ),
        deadline=min((item.deadline for item in asked), default=None),
        changes_at=min(moment for moment in moments if moment > now),
    )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What nobody knows of the patient and something may hang on."""

    missing: frozenset[str]
    named: bool

    def for_staff(self, *, alone: bool) -> bool:
        """Whether staff have to say them now: what the patient is about to tell has time while they are asked."""
        return bool(self.missing if alone else self.missing - PATIENT_TELLS)


def _readiness(
    items: Iterable[Item],
    missing: Sequence[Item],
    asked: Sequence[Item],
    facts: _Facts,
    *,
    start: datetime,
    reachable: bool,
    doubtful: bool,
    now: datetime,
) -> str:
    if not missing and not facts.missing:
        return "waived" if any(item.blocking and item.state == "waived" for item in items) else "ready"
    if start <= now or any(item.latest_useful <= now for item in asked):
        return "not_performable"
    if any(item.deadline <= now for item in asked):
        return "overdue"
    if (asked and not reachable) or (facts.missing and not facts.named):
        return "needs_contact"
    if asked and (doubtful or any(item.deadline - AT_RISK_BEFORE_DEADLINE <= now for item in asked)):
        return "at_risk"
    own = any(_for_staff(item, alone=not asked, now=now) for item in missing)
    return "to_review" if own or facts.for_staff(alone=not asked) else "waiting"


def _for_staff(item: Item, *, alone: bool, now: datetime) -> bool:
    """Whether staff have to act on it now: something was handed in, or a check of their own is near its deadline or all
    that is left."""
    if item.state == "submitted":
        return True
    own = not item.patients_own
    return own and (alone or item.deadline - AT_RISK_BEFORE_DEADLINE <= now)
