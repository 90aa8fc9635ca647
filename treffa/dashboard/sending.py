"""The page about messages: whether patients are written to, and what goes out (or would) in the next days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.forecast import Expected
from messaging.models import Channel, ChannelPause, Inbound, InboundKind
from messaging.prospects import prospects_of
from practices.models import Practice
from practices.queries import everybody_stopped
from prerequisites.models import Case
from treffa.dashboard import relative

DAYS = 7
# More cases than a practice has to prepare in a week or two; what lies further ahead is not counted.
MOST_CASES = 500


@dataclass(frozen=True, kw_only=True)
class Day:
    """What goes out on a day: how many over which channel."""

    name: str
    counts: list[tuple[str, int]]
    total: int


@dataclass(frozen=True, kw_only=True)
class Sending:
    """The page. `to_call`: patients whom no message reaches; `strangers`: replies of numbers that nobody has."""

    practice: Practice
    stopped: bool
    days: list[Day]
    total: int
    to_call: int
    pauses: list[ChannelPause]
    strangers: int


def load(practice: Practice, *, now: datetime) -> Sending:
    """How it stands, and the next seven days."""
    cases = list(
        Case.objects.filter(closed_at=None, appointment__start__gt=now)
        .select_related("appointment__patient__practice")
        .order_by("appointment__start", "pk")[:MOST_CASES]
    )
    prospects = prospects_of(cases, practice=practice, now=now)
    coming = [one for expected in prospects.values() for one in expected]
    until = now + timedelta(days=DAYS)
    soon = [one for one in coming if one.channel and one.at < until]
    return Sending(
        practice=practice,
        stopped=practice.stopped or everybody_stopped(),
        days=_days(soon, now=now),
        total=len(soon),
        to_call=sum(not one.channel for one in coming),
        pauses=list(ChannelPause.objects.order_by("channel")),
        strangers=Inbound.objects.filter(kind=InboundKind.REPLY, case=None).count(),
    )


def _days(expected: Sequence[Expected], *, now: datetime) -> list[Day]:
    found: dict[str, Counter[str]] = {}
    for one in sorted(expected, key=lambda one: one.at):
        found.setdefault(relative.day(one.at, now=now), Counter())[one.channel] += 1
    return [
        Day(
            name=name,
            counts=[(str(Channel(channel).label), count) for channel, count in sorted(counts.items())],
            total=counts.total(),
        )
        for name, counts in found.items()
    ]
