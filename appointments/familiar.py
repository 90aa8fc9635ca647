"""A calendar that is about to be added, and looks like one that is read already: the practice has renewed its link."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.ical import Event
from appointments.matching import fold
from appointments.models import Feed
from appointments.queries import feeds, live

# Fewer in common may be chance; a room's calendar holds a part of a practitioner's, and both are wanted.
FEWEST, MOST_OF_IT, MUCH_OF_THE_OTHER = 3, 0.8, 0.6

Key = tuple[datetime, str]


@dataclass(frozen=True, kw_only=True)
class Familiar:
    """`shared` of the `coming` appointments of a look stand in `feed` already."""

    feed: Feed
    shared: int
    coming: int


def familiar(booked: Sequence[Event], *, now: datetime) -> Familiar | None:
    """The calendar that holds most of these coming appointments, if that is nearly all of them, and they are most of what
    it has in their time."""
    seen = {_key(event.start, event.summary) for event in booked if event.status != "CANCELLED"}
    if len(seen) < FEWEST:
        return None
    held = _held(max(start for start, _ in seen), now=now)
    shared = Counter({feed_id: len(seen & keys) for feed_id, keys in held.items()})
    for feed_id, count in shared.most_common():
        alike = count >= max(FEWEST, MOST_OF_IT * len(seen)) and count >= MUCH_OF_THE_OTHER * len(
            held[feed_id]
        )
        if alike:
            return Familiar(feed=feeds().get(pk=feed_id), shared=count, coming=len(seen))
    return None


def _held(until: datetime, *, now: datetime) -> dict[int, set[Key]]:
    """What each calendar holds until then."""
    found = live(now=now).filter(feed__removed_at=None, start__lte=until)
    held: dict[int, set[Key]] = defaultdict(set)
    for feed_id, start, summary in found.values_list("feed_id", "start", "summary"):
        held[feed_id].add(_key(start, summary))
    return held


def _key(start: datetime, summary: str) -> Key:
    return start, fold(summary[:255])
