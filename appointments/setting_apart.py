"""Entries of a calendar that are no appointments, kept for staff to see as long as they are to come."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from appointments import ical
from appointments.models import Feed, OwnTime
from appointments.remembering import uid_hash
from practices import tenancy


@dataclass(frozen=True, kw_only=True)
class _Said:
    """An entry, or a series, as it is stored."""

    uid: bytes
    text: str
    all_day: bool
    starts: tuple[datetime, ...]
    end: datetime


def set_apart(*, feed: Feed, events: Iterable[ical.Event], unread: Collection[bytes], now: datetime) -> None:
    """Makes what is known of a feed's own time what its calendar says: `events` were read and are no appointments; those
    with a UID (`uid_hash`) among `unread` say what they said before."""
    said = set(_said(events, now=now))
    known = _known(feed)
    kept = set(unread) - {one.uid for one in said} if known else set()
    gone = [pk for one, pk in known.items() if one not in said and (one.end <= now or one.uid not in kept)]
    if gone:
        OwnTime.objects.filter(pk__in=gone).delete()
    practice_id = tenancy.current()
    OwnTime.objects.bulk_create(
        OwnTime(practice_id=practice_id, feed=feed, **{**vars(one), "starts": list(one.starts)})
        for one in said - known.keys()
    )


def _known(feed: Feed) -> dict[_Said, int]:
    rows = OwnTime.objects.filter(feed=feed).values_list("pk", "uid", "text", "all_day", "starts", "end")
    return {
        _Said(uid=bytes(uid), text=text, all_day=all_day, starts=tuple(starts), end=end): pk
        for pk, uid, text, all_day, starts, end in rows
    }


def _said(events: Iterable[ical.Event], *, now: datetime) -> Iterable[_Said]:
    """What is still to come, a series as one."""
    series: dict[tuple[bytes, str], list[ical.Event]] = {}
    for event in events:
        if event.end > now and event.status != "CANCELLED":
            series.setdefault((uid_hash(event.uid), event.summary[:80]), []).append(event)
    for (uid, text), of in series.items():
        of.sort(key=lambda event: event.start)
        yield _Said(
            uid=uid,
            text=text,
            all_day=of[0].all_day,
            starts=tuple(event.start for event in of),
            end=max(event.end for event in of),
        )
