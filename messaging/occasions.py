"""What has to be said to a patient, decided from the facts of a case. Pure: the same for writing down and for sending.

    request    something is missing, the patient was not asked yet, and the appointment is near enough
    moved      the appointment's start is another than the one last told
    rejected   something that was handed in is asked for again
    added      something is needed that was not when the patient was last written to
    reminder   the patient was asked, did nothing, and the time is running
    last_call  not even after the reminder, and a day is left; what was missed meanwhile is not made up for
    cancelled  the patient was asked, and there is no appointment any more
    thanks     the patient has handed in all that was missing, where the practice says thanks

At most one thing is said at a time: the page behind the link shows everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from messaging import schedule

PATIENT_KINDS = frozenset({"document", "form", "acknowledgement"})
MISSING = frozenset({"open", "rejected"})
SETTLED = frozenset({"accepted", "waived"})
ARRIVED = frozenset({"delivered", "opened"})
GONE_OUT = ARRIVED | {"sending", "accepted", "unknown"}
COUNTS = GONE_OUT | {"queued", "failed"}
SUPPRESSED = "suppressed"
WHATSAPP = "whatsapp"
EMAIL = "email"
CALLS = frozenset({"reminder", "last_call"})
# The channel in the key of what could not be said, as there was no way to.
NO_WAY = "none"
# What was to go out and has not is looked at again after this time, before a reminder is thought of.
STILL_WAITING = timedelta(hours=1)
# After one message to a silent patient no other is sent over another channel within this time.
ONE_STEP = timedelta(hours=12)
# Who is still at the page sees what an answer brought with it; a message is for those who have left.
LEFT_THE_PAGE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Need:
    """A requirement, as far as messages care. `asked_at`: since when it is to be seen to (None: from the beginning)."""

    id: int
    kind: str
    state: str
    deadline: datetime | None = None
    decided_at: datetime | None = None
    asked_at: datetime | None = None
    bring_along: bool = False
    too_late: bool = False

    @property
    def missing(self) -> bool:
        """Whether the patient can still do something about it."""
        asked = self.kind in PATIENT_KINDS and self.state in MISSING
        return asked and not self.bring_along and not self.too_late


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message of the case, in whatever state. `told_start` and `told_deadline` are what its wording names (None: "as
    soon as possible")."""

    id: int
    occasion: str
    channel: str
    address: str
    key: str
    state: str
    told_start: datetime | None
    told_deadline: datetime | None
    created_at: datetime
    sent_at: datetime

    @property
    def decision(self) -> str:
        """What the messages of one decision over several channels share."""
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A case as it stands. `ways` are the (channel, address) that may be used, best first. What went out before
    `link_renewed_at` holds a link that opens nothing any more. `starts` are all coming appointments of the patient, `sent`
    what they were written lately about any of them (decision, when)."""

    case_id: int
    start: datetime
    cancelled: bool = False
    closed: bool = False
    answered: bool = False
    deadline: datetime | None = None
    link_renewed_at: datetime | None = None
    needs: Sequence[Need] = ()
    said: Sequence[Said] = ()
    addresses: dict[str, str] = field(default_factory=dict)
    suppressed: frozenset[tuple[str, str]] = frozenset()
    ways: Sequence[tuple[str, str]] = ()
    templates: frozenset[str] = frozenset()
    says_thanks: bool = False
    starts: Sequence[datetime] = ()
    sent: Sequence[tuple[str, datetime]] = ()

    def ways_for(self, occasion: str) -> list[tuple[str, str]]:
        """The ways on which an occasion may be told, best first: WhatsApp takes what it has approved (`templates`) only."""
        return [way for way in self.ways if way[0] != WHATSAPP or occasion in self.templates]

    @property
    def missing(self) -> list[Need]:
        return [need for need in self.needs if need.missing]

    @property
    def next_deadline(self) -> datetime | None:
        """The earliest deadline of what is missing."""
        return min((need.deadline for need in self.missing if need.deadline), default=self.deadline)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`say` an occasion under `key`, withdraw what is queued (`drop`: message id -> why), look again at `look_at`.
    `unreachable`: there is something to say (under `key`) and no way to say it."""

    say: str = ""
    key: str = ""
    drop: dict[int, str] = field(default_factory=dict)
    look_at: datetime | None = None
    unreachable: bool = False


def decide(facts: Facts, *, now: datetime) -> Decision:
    """What is to be said about a case at `now`."""
    drop = {
        said.id: reason
        for said in facts.said
        if said.state == "queued" and (reason := why_not(facts, said, now=now))
    }
    counting = [
        said
        for said in facts.said
        if said.state in COUNTS and said.id not in drop and _address_holds(facts, said)
    ]
    if facts.ways:
        counting = [said for said in counting if not said.key.endswith(f"/{NO_WAY}")]
    counting = [said for said in counting if said.state != "failed" or not _given_up(facts, said, drop)]
    if facts.start <= now:
        return Decision(drop=drop)
    if facts.cancelled:
        say, key, look_at = _about_cancellation(facts, counting)
    elif facts.closed or not facts.needs:
        return Decision(drop=drop)
    elif not facts.missing:
        say, key, look_at = _about_completion(facts, counting)
    else:
        say, key, look_at = _about_what_is_missing(
            facts, _with_this_link(facts, _since_cancellation(counting)), now=now
        )
    if say and not facts.ways_for(say):
        return Decision(drop=drop, unreachable=True, key=_unused(facts, key))
    return Decision(say=say, key=_unused(facts, key) if say else "", drop=drop, look_at=look_at)


def with_said(facts: Facts, said: Said) -> Facts:
    """The facts once one more message is written down."""
    return replace(facts, said=[*facts.said, said])


def why_not(facts: Facts, said: Said, *, now: datetime) -> str:
    """Why a message must not go out any more; empty while it is still right. Asked again when it is claimed."""
    if facts.start <= now:
        return "appointment_past"
    reason = (
        _why_not_call_off(facts, said) if said.occasion == "cancelled" else _why_not_ask(facts, said, now=now)
    )
    return reason or _why_not_there(facts, said)


def reminded_first(
    *, occasion: str, channel: str, sent_at: datetime, deadline: datetime | None, now: datetime
) -> bool:
    """Whether nobody is called yet about a mail that shows no sign of having been read: plain mail reports nothing, and a
    reminder is still to come."""
    if channel != EMAIL or occasion in CALLS or deadline is None:
        return False
    at = schedule.reminder_at(requested_at=sent_at, deadline=deadline)
    return at is not None and at > now


def just_written_to(facts: Facts, *, now: datetime) -> bool:
    """Whether something about the case waits to go out, or went within ONE_STEP: there is one next step to a silence."""
    return any(
        said.state == "queued" or (said.state in GONE_OUT and said.sent_at > now - ONE_STEP)
        for said in facts.said
    )


def followed_up(facts: Facts, said: Said) -> bool:
    """Whether the patient was, or is just being, written to another way since: then what follows this silence is that
    message's, and what did not arrive takes no other way of its own."""
    return any(
        other.channel != said.channel
        and other.decision != said.decision
        and other.created_at > said.created_at
        and (other.state == "queued" or other.state in GONE_OUT)
        for other in facts.said
    )


def _why_not_call_off(facts: Facts, said: Said) -> str:
    if not facts.cancelled:
        return "appointment_takes_place"
    before = (other for other in facts.said if other.id != said.id and other.occasion != "cancelled")
    return "" if any(other.state in GONE_OUT for other in before) else "never_asked"


def _why_not_ask(facts: Facts, said: Said, *, now: datetime) -> str:
    told, thanks = said.told_deadline, said.occasion == "thanks"
    for reason, holds in (
        ("appointment_cancelled", facts.cancelled),
        ("case_closed", facts.closed),
        ("incomplete", thanks and bool(facts.missing)),
        ("complete", not thanks and not facts.missing),
        ("appointment_moved", said.told_start is not None and said.told_start != facts.start),
        ("deadline_past", told is not None and told <= now),
        ("deadline_moved", told is not None and told != facts.next_deadline),
        ("answered", said.occasion in CALLS and facts.answered),
        ("asked_since", said.occasion in CALLS and _asked_since(facts, said)),
        (
            "reviewed_again",
            said.occasion == "rejected" and not any(need.state == "rejected" for need in facts.missing),
        ),
    ):
        if holds:
            return reason
    return ""


def _asked_since(facts: Facts, reminder: Said) -> bool:
    """Whether something else waits to go out, or went after the reminder was written down."""
    others = (other for other in facts.said if other.decision != reminder.decision)
    if reminder.occasion == "last_call":  # it says all that a reminder says
        others = (other for other in others if other.occasion != "reminder")
    return any(
        other.state == "queued" or (other.state in GONE_OUT and other.sent_at > reminder.created_at)
        for other in others
    )


def _why_not_there(facts: Facts, said: Said) -> str:
    if not _address_holds(facts, said):
        return "address_changed"
    if (said.channel, said.address) in facts.suppressed:
        return SUPPRESSED
    siblings = (other for other in facts.said if other.id != said.id and other.decision == said.decision)
    return "delivered_otherwise" if any(other.state in ARRIVED for other in siblings) else ""


def _about_cancellation(facts: Facts, counting: list[Said]) -> tuple[str, str, None]:
    asked = [said for said in counting if said.state in GONE_OUT and said.occasion != "cancelled"]
    if not asked or counting[-1].occasion == "cancelled":
        return "", "", None
    return "cancelled", f"cancelled:{facts.case_id}:{asked[-1].id}", None


def _about_what_is_missing(
    facts: Facts, history: list[Said], *, now: datetime
) -> tuple[str, str, datetime | None]:
    if not history:
        at = schedule.request_at(start=facts.start, deadline=facts.next_deadline)
        return ("request", f"request:{facts.case_id}", None) if at <= now else ("", "", at)
    last = history[-1]
    if last.told_start != facts.start:
        return "moved", f"moved:{facts.case_id}:{last.id}", None
    rejected = max(
        (
            (need.decided_at, need.id)
            for need in facts.missing
            if need.state == "rejected" and need.decided_at
        ),
        default=None,
    )
    if rejected and not any(said.state == "queued" or said.created_at >= rejected[0] for said in history):
        decided = int(rejected[0].timestamp() * 1000)
        return "rejected", f"rejected:{facts.case_id}:{rejected[1]}:{decided}", None
    added = max(((need.asked_at, need.id) for need in facts.missing if need.asked_at), default=None)
    if added and not any(said.state == "queued" or said.created_at >= added[0] for said in history):
        return _about_something_more(facts, *added, now=now)
    return _about_silence(facts, history, now=now)


def _about_something_more(
    facts: Facts, asked_at: datetime, need: int, *, now: datetime
) -> tuple[str, str, datetime | None]:
    at = asked_at + LEFT_THE_PAGE
    if now < at:
        return "", "", at
    return "added", f"added:{facts.case_id}:{need}:{int(asked_at.timestamp() * 1000)}", None


def _about_silence(facts: Facts, history: list[Said], *, now: datetime) -> tuple[str, str, datetime | None]:
    asked = [said for said in history if said.state in GONE_OUT | {"queued"} and said.occasion not in CALLS]
    called = {said.occasion for said in history if said.occasion in CALLS}
    deadline = facts.next_deadline
    if facts.answered or not asked or deadline is None:
        return "", "", None
    occasion, at = _call_due(called, requested_at=asked[-1].sent_at, deadline=deadline, now=now)
    if at is None or now < at:
        return "", "", at
    if any(said.state == "queued" for said in asked):
        return "", "", now + STILL_WAITING
    return occasion, f"{occasion}:{facts.case_id}:{asked[-1].id}", None


def _call_due(
    called: set[str], *, requested_at: datetime, deadline: datetime, now: datetime
) -> tuple[str, datetime | None]:
    """What comes next and when: the reminder, then the last call. Of two that are due at once only the last is made."""
    reminder = schedule.reminder_at(requested_at=requested_at, deadline=deadline)
    last = schedule.last_call_at(requested_at=requested_at, deadline=deadline)
    if "last_call" in called or (last is None and "reminder" in called):
        return "", None
    if last is not None and ("reminder" in called or last <= now):
        return "last_call", last
    return "reminder", reminder


def _about_completion(facts: Facts, counting: list[Said]) -> tuple[str, str, None]:
    """Once, after the last that was asked for, and only to who has done something."""
    asked = [said for said in counting if said.state in GONE_OUT and said.occasion != "cancelled"]
    done = all(need.state in SETTLED for need in facts.needs if need.kind in PATIENT_KINDS)
    if not facts.says_thanks or not done or not facts.answered or not asked or asked[-1].occasion == "thanks":
        return "", "", None
    return "thanks", f"thanks:{facts.case_id}:{asked[-1].id}", None


def _unused(facts: Facts, key: str) -> str:
    """The key of a decision that is taken anew after its first messages were withdrawn: numbered."""
    before = sum(said.decision == key or said.decision.startswith(f"{key}.") for said in facts.said)
    return f"{key}.{before}" if before else key


def _given_up(facts: Facts, failed: Said, drop: dict[int, str]) -> bool:
    """Whether the other way of what failed was withdrawn: then the decision is taken anew."""
    siblings = (said for said in facts.said if said.id != failed.id and said.decision == failed.decision)
    return any(said.state == "cancelled" or said.id in drop for said in siblings)


def _since_cancellation(counting: list[Said]) -> list[Said]:
    """What counts once an appointment that was told to be cancelled takes place after all."""
    ends = [number for number, said in enumerate(counting) if said.occasion == "cancelled"]
    return counting[ends[-1] + 1 :] if ends else counting


def _with_this_link(facts: Facts, counting: list[Said]) -> list[Said]:
    """What holds the link that opens; what is queued gets it when it goes out."""
    renewed = facts.link_renewed_at
    return [said for said in counting if renewed is None or said.state == "queued" or said.sent_at >= renewed]


def _address_holds(facts: Facts, said: Said) -> bool:
    """Whether a message went (or will go) where the patient can still be reached; what has gone out counts anyway."""
    return said.state in GONE_OUT or facts.addresses.get(said.channel) == said.address
