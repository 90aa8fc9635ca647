"""Several appointments of one patient share one message: which cases are spoken of together, decided from the facts of all of
them. Pure: the same for writing down and for the forecast.

A request, a reminder or a last call that is due for one appointment also speaks of the patient's others of which the same
would have to be said within TOGETHER of the moment it goes out; and what waits to go out already is taken back and said in one, as long as it has
not gone. All else (moved, asked again, cancelled ...) is about one appointment, and said alone.

A message about several is right only while it is right for each of them: else it is taken back for all, and what is still
to be said about the others is decided anew in the same round.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from messaging import schedule
from messaging.occasions import Decision, Facts, Said, decide, why_not

JOINED = frozenset({"request", "reminder", "last_call"})
TOGETHER = timedelta(days=2)
SAID_TOGETHER = "said_together"


@dataclass(frozen=True, kw_only=True)
class Saying:
    """One message: an occasion under a key, about the cases in the order of their appointments. It belongs to the last of
    them (`lead`), whose link holds longest."""

    occasion: str
    key: str
    cases: tuple[int, ...]

    @property
    def lead(self) -> int:
        return self.cases[-1]


@dataclass(frozen=True, kw_only=True)
class Round:
    """What is to be done about the cases of one patient: messages to write, queued ones to withdraw (id -> why), and what
    was decided about each case that was looked at (`say` included, though it may be said for several at once). `facts` are
    those after the withdrawals."""

    facts: Mapping[int, Facts]
    decisions: Mapping[int, Decision]
    sayings: list[Saying] = field(default_factory=list)
    drop: dict[int, str] = field(default_factory=dict)


def decide_together(
    facts: Mapping[int, Facts],
    *,
    due: Collection[int],
    hours: schedule.Hours,
    free: Collection[int] | None = None,
    now: datetime,
) -> Round:
    """What is to be said at `now` about the cases (id -> facts) of one patient of which `due` are to be looked at. `free`
    are the queued messages that may still be taken back (None: all): the others are just going out."""
    drop = _wrong(facts, now=now)
    asked = {*due, *(case_id for case_id in facts if any(said.id in drop for said in facts[case_id].said))}
    facts = _without(facts, drop)
    decisions = {case_id: decide(facts[case_id], now=now) for case_id in asked}
    sayings = []
    for occasion in sorted({decision.say for decision in decisions.values()} - {""}):
        speaking = {case_id: one.key for case_id, one in decisions.items() if one.say == occasion}
        if occasion not in JOINED:
            sayings += [Saying(occasion=occasion, key=key, cases=(one,)) for one, key in speaking.items()]
            continue
        waiting = _waiting(facts, occasion, free=free)
        drop |= dict.fromkeys(waiting, SAID_TOGETHER)
        facts = _without(facts, waiting)
        horizon = _goes_out(facts[min(speaking)], hours=hours, now=now) + TOGETHER
        speaking |= _joining(facts, occasion, beside=speaking, horizon=horizon, now=now)
        cases = sorted(speaking, key=lambda one: (facts[one].start, one))
        sayings.append(Saying(occasion=occasion, key=speaking[cases[-1]], cases=tuple(cases)))
    return Round(facts=facts, decisions=decisions, sayings=sayings, drop=drop)


def mentioned(facts: Facts, said: Said, *, now: datetime) -> Said:
    """A message about several, as it stands for one of them: with the start and the deadline that hold for it."""
    return replace(said, told_start=facts.start, told_deadline=still_ahead(facts, now=now))


def still_ahead(facts: Facts, *, now: datetime) -> datetime | None:
    """The deadline that may be named: one that is to come."""
    deadline = facts.next_deadline
    return deadline if deadline and deadline > now else None


def _wrong(facts: Mapping[int, Facts], *, now: datetime) -> dict[int, str]:
    """The queued messages that are wrong for any case they speak of."""
    return {
        said.id: why
        for known in facts.values()
        for said in known.said
        if said.state == "queued" and (why := why_not(known, said, now=now))
    }


def _without(facts: Mapping[int, Facts], gone: Collection[int]) -> dict[int, Facts]:
    """The facts once these messages are withdrawn."""
    if not gone:
        return dict(facts)
    return {
        case_id: replace(
            known,
            said=[replace(said, state="cancelled") if said.id in gone else said for said in known.said],
        )
        for case_id, known in facts.items()
    }


def _waiting(facts: Mapping[int, Facts], occasion: str, *, free: Collection[int] | None) -> set[int]:
    """The messages of the occasion that wait to go out for the first time; what goes another way by now goes on alone."""
    tried: dict[str, set[int]] = {}
    queued: dict[str, int] = {}
    for known in facts.values():
        for said in known.said:
            tried.setdefault(said.decision, set()).add(said.id)
            if said.state == "queued" and said.occasion == occasion:
                queued[said.decision] = said.id
    first = {message for decision, message in queued.items() if len(tried[decision]) == 1}
    return first if free is None else first.intersection(free)


def _goes_out(facts: Facts, *, hours: schedule.Hours, now: datetime) -> datetime:
    """When what is written down now may go out."""
    sent = [at for _decision, at in facts.sent]
    return schedule.allowed_at(now=now, hours=hours, starts=facts.starts, sent=sent)


def _joining(
    facts: Mapping[int, Facts], occasion: str, *, beside: Collection[int], horizon: datetime, now: datetime
) -> dict[int, str]:
    """The other cases of which the same is to be said now or by the horizon, with the key it would be said under."""
    found = {}
    for case_id in facts.keys() - set(beside):
        decision = decide(facts[case_id], now=now)
        soon = decision.look_at
        if not decision.say and soon is not None and soon <= horizon:
            decision = decide(facts[case_id], now=soon)
        if decision.say == occasion:
            found[case_id] = decision.key
    return found
