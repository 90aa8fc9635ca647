"""What will be said about a case, when, and what follows if it does not arrive; before anything is sent. Pure.

It asks the functions that later decide (`occasions.decide`, `why_not`, `schedule`), one moment after the other, as if the
patient did nothing and everything was taken by its provider.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from messaging import schedule
from messaging.occasions import Facts, Said, decide, why_not, with_said

MOST = 12
# What is found to be wrong when it is claimed is decided anew by the next round.
AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One message to come. `channel` is empty where there is no way: then staff are to call. `then` is the channel that
    takes over at `then_at` if it was not delivered or opened; empty: staff are to call."""

    at: datetime
    occasion: str
    channel: str
    then_at: datetime | None = None
    then: str = ""


def expected(facts: Facts, *, hours: schedule.Hours, fallback_hours: int, now: datetime) -> list[Expected]:
    """The messages to come, in order, those that are queued already among them."""
    found: list[Expected] = []
    at: datetime | None = now
    while at is not None and at < facts.start and len(found) < MOST:
        decision = decide(facts, now=at)
        facts = replace(facts, said=[said for said in facts.said if said.id not in decision.drop])
        if decision.unreachable:
            found.append(Expected(at=at, occasion=decision.key.partition(":")[0], channel=""))
            break
        look_at = decision.look_at
        if decision.say:
            said = _said(facts, decision.say, decision.key, number=-len(facts.said) - 1, hours=hours, now=at)
            facts = with_said(facts, said)
            look_at = decide(facts, now=at).look_at
        facts, wrong = _send(facts, found, hours=hours, fallback_hours=fallback_hours, now=at)
        waiting = [max(said.sent_at, at) for said in facts.said if said.state == "queued"]
        later = [moment for moment in (look_at, *waiting) if moment is not None and moment > at]
        at = at + AT_ONCE if wrong else min(later, default=None)
    return found


def _send(
    facts: Facts, found: list[Expected], *, hours: schedule.Hours, fallback_hours: int, now: datetime
) -> tuple[Facts, bool]:
    """The facts once what is queued and due was claimed: gone, put off, or found to be wrong and let be (True)."""
    any_wrong = False
    for said in [said for said in facts.said if said.state == "queued" and said.sent_at <= now]:
        others = replace(facts, said=[other for other in facts.said if other.id != said.id])
        if why_not(facts, said, now=now):
            facts, any_wrong = others, True
            continue
        at = _allowed(facts, said, hours=hours, now=now)
        if at > now:
            facts = with_said(others, replace(said, sent_at=at))
        else:
            facts = _gone(others, said, found, at=now, fallback_hours=fallback_hours)
    return facts, any_wrong


def _said(
    facts: Facts, occasion: str, key: str, *, number: int, hours: schedule.Hours, now: datetime
) -> Said:
    """Written down, to go out when it may."""
    channel, address = facts.ways_for(occasion)[0]
    deadline = facts.next_deadline
    said = Said(
        id=number,
        occasion=occasion,
        channel=channel,
        address=address,
        key=f"{key}/{channel}",
        state="queued",
        told_start=facts.start,
        told_deadline=deadline if deadline and deadline > now and occasion != "cancelled" else None,
        created_at=now,
        sent_at=now,
    )
    return replace(said, sent_at=_allowed(facts, said, hours=hours, now=now))


def _allowed(facts: Facts, said: Said, *, hours: schedule.Hours, now: datetime) -> datetime:
    sent: Sequence[datetime] = [at for decision, at in facts.sent if decision != said.decision]
    if said.occasion == "cancelled":
        sent = []
    return schedule.allowed_at(now=now, hours=hours, starts=facts.starts, sent=sent)


def _gone(facts: Facts, said: Said, found: list[Expected], *, at: datetime, fallback_hours: int) -> Facts:
    """The facts once it went out, noted as expected."""
    then_at = None
    if fallback_hours:
        until = said.told_deadline or facts.start
        then_at = schedule.fallback_at(sent_at=at, hours=fallback_hours, deadline=until)
    then = next((channel for channel, _ in facts.ways_for(said.occasion) if channel != said.channel), "")
    found.append(Expected(at=at, occasion=said.occasion, channel=said.channel, then_at=then_at, then=then))
    gone = with_said(facts, replace(said, state="accepted", sent_at=at))
    return replace(gone, sent=[*facts.sent, (said.decision, at)])
