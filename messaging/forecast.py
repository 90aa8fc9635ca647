"""What will be said about a case, when, and what follows if it does not arrive; before anything is sent. Pure.

It asks the functions that later decide (`joining.decide_together`, `why_not`, `schedule`), one moment after the other and of
all appointments of a patient together, as if the patient did nothing and everything was taken by its provider.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from messaging import joining, occasions, schedule
from messaging.joining import Saying
from messaging.occasions import Facts, Said, decide, why_not, with_said

MOST = 12
# What is found to be wrong when it is claimed is decided anew by the next round.
AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One message to come, that speaks of so many (`about`) appointments. `channel` is empty where there is no way: then staff
    are to call. `then` is the channel that takes over at `then_at` if it was not delivered or opened; empty: staff are to call."""

    at: datetime
    occasion: str
    channel: str
    then_at: datetime | None = None
    then: str = ""
    about: int = 1


def expected(
    cases: Mapping[int, Facts], *, hours: schedule.Hours, fallback_hours: int, now: datetime
) -> dict[int, list[Expected]]:
    """The messages to come about the cases (id -> facts) of one patient, in order, those that are queued already among them."""
    play = _Play(facts=dict(cases), hours=hours, fallback_hours=fallback_hours)
    at: datetime | None = now
    while at is not None and play.goes_on(at):
        at = play.advance(at)
    return {case_id: play.found[case_id] for case_id in cases}


@dataclass(kw_only=True)
class _Play:
    """What has happened so far, and what was foretold of it by case."""

    facts: dict[int, Facts]
    hours: schedule.Hours
    fallback_hours: int
    found: dict[int, list[Expected]] = field(default_factory=lambda: defaultdict(list))
    number: int = 0

    def goes_on(self, at: datetime) -> bool:
        """Whether there is still something to foretell: each appointment ends it for its case, many messages for all."""
        return any(
            at < known.start and len(self.found[case_id]) < MOST for case_id, known in self.facts.items()
        )

    def advance(self, at: datetime) -> datetime | None:
        """Plays one moment; the next at which anything happens."""
        round_ = joining.decide_together(self.facts, due=self.facts.keys(), hours=self.hours, now=at)
        self.facts = dict(round_.facts)
        later: list[datetime | None] = []
        for case_id, decision in round_.decisions.items():
            later.append(decision.look_at)
            if decision.unreachable:
                occasion = decision.key.partition(":")[0]
                self.found[case_id].append(Expected(at=at, occasion=occasion, channel=""))
                self.facts[case_id] = replace(self.facts[case_id], closed=True)
        for saying in round_.sayings:
            self._write(saying, at=at)
        later += [
            decide(self.facts[case_id], now=at).look_at for one in round_.sayings for case_id in one.cases
        ]
        if self._send(at):
            return at + AT_ONCE
        later += [
            max(said.sent_at, at)
            for known in self.facts.values()
            for said in known.said
            if said.state == "queued"
        ]
        return min((moment for moment in later if moment is not None and moment > at), default=None)

    def _write(self, saying: Saying, *, at: datetime) -> None:
        """Written down, to go out when it may."""
        self.number -= 1
        lead = self.facts[saying.lead]
        channel, address = lead.ways_for(saying.occasion)[0]
        said = Said(
            id=self.number,
            occasion=saying.occasion,
            channel=channel,
            address=address,
            key=f"{saying.key}/{channel}",
            state="queued",
            told_start=lead.start,
            told_deadline=None,
            created_at=at,
            sent_at=at,
        )
        said = replace(said, sent_at=self._allowed(lead, said, at=at))
        for case_id in saying.cases:
            known = self.facts[case_id]
            told = joining.mentioned(known, said, now=at)
            told = replace(told, told_deadline=None) if saying.occasion == "cancelled" else told
            self.facts[case_id] = with_said(known, told)

    def _send(self, at: datetime) -> bool:
        """What is queued and due is claimed: gone, put off, or found to be wrong and let be (True)."""
        due = {
            said.id: None
            for known in self.facts.values()
            for said in known.said
            if said.state == "queued" and said.sent_at <= at
        }
        any_wrong = False
        for message in due:
            about = {
                case_id: said
                for case_id, known in self.facts.items()
                for said in known.said
                if said.id == message
            }
            if any(why_not(self.facts[case_id], said, now=at) for case_id, said in about.items()):
                self._change(message, state="cancelled")
                any_wrong = True
                continue
            case_id, said = max(about.items(), key=lambda one: (self.facts[one[0]].start, one[0]))
            allowed = self._allowed(self.facts[case_id], said, at=at)
            self._change(message, sent_at=allowed)
            if allowed <= at:
                self._gone(about, said, at=at)
        return any_wrong

    def _gone(self, about: Mapping[int, Said], said: Said, *, at: datetime) -> None:
        """It went out, noted as expected."""
        starts = [self.facts[case_id].start for case_id in about]
        deadlines = [one.told_deadline for one in about.values() if one.told_deadline]
        then_at = None
        if self.fallback_hours:
            until = min(deadlines, default=max(starts))
            then_at = schedule.fallback_at(sent_at=at, hours=self.fallback_hours, deadline=until)
        ways = next(self.facts[case_id] for case_id in about).ways_for(said.occasion)
        then = next((channel for channel, _ in ways if channel != said.channel), "")
        deadline = min(deadlines, default=None)
        if (
            then_at
            and not then
            and occasions.reminded_first(
                occasion=said.occasion, channel=said.channel, sent_at=at, deadline=deadline, now=then_at
            )
        ):
            then_at = None
        for case_id in about:
            told = Expected(
                at=at,
                occasion=said.occasion,
                channel=said.channel,
                then_at=then_at,
                then=then,
                about=len(about),
            )
            self.found[case_id].append(told)
        self._change(said.id, state="accepted", sent_at=at)
        for case_id, known in self.facts.items():
            self.facts[case_id] = replace(known, sent=[*known.sent, (said.decision, at)])

    def _change(self, message: int, **fields: object) -> None:
        for case_id, known in self.facts.items():
            said = [replace(one, **fields) if one.id == message else one for one in known.said]  # type: ignore[arg-type]
            self.facts[case_id] = replace(known, said=said)

    def _allowed(self, facts: Facts, said: Said, *, at: datetime) -> datetime:
        sent: Sequence[datetime] = [moment for decision, moment in facts.sent if decision != said.decision]
        if said.occasion == "cancelled":
            sent = []
        return schedule.allowed_at(now=at, hours=self.hours, starts=facts.starts, sent=sent)
