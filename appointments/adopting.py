"""A calendar that was removed and is added again, or by another link: its appointments go on, with their cases."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from appointments.matching import Seen, fold
from appointments.models import Appointment, AppointmentStatus, Feed
from practices import rows

Key = tuple[object, ...]


def adopt(*, feed: Feed, seen: Iterable[Seen], now: datetime) -> int:
    """Before the first import of a feed: it takes over, of the feeds that were removed, the coming appointments that it
    shows itself; nobody has them twice then. Returns how many."""
    left = Appointment.objects.filter(feed__removed_at__isnull=False, end__gt=now)
    found = left.exclude(status=AppointmentStatus.CANCELLED).order_by("-feed__removed_at", "id")
    held = list(found.values_list("id", "uid", "recurrence_id", "start", "summary", "person"))
    if not held:
        return 0
    shown = {key for one in seen if not one.cancelled for key in _keys(*_said(one))}
    taken: set[Key] = set()
    ids = []
    for pk, uid, recurrence_id, start, summary, person in held:
        keys, identity = set(_keys(uid, recurrence_id, start, summary, person)), (uid, recurrence_id)
        if keys & shown and not (keys | {identity}) & taken:
            ids.append(pk)
            taken |= keys | {identity}
    return left.filter(rows.among("pk", ids, type="bigint")).update(feed=feed, remembered=None)


def _said(one: Seen) -> tuple[str, str, datetime, str, str]:
    return one.uid, one.recurrence_id, one.start, one.summary, one.person


def _keys(uid: str, recurrence_id: str, start: datetime, summary: str, person: str) -> Iterator[Key]:
    """By what it may be the same: its UID and its person, wherever it has moved; its time and its person. Where nobody is
    named, all of it."""
    if person:
        yield uid, recurrence_id, person
        yield start, fold(summary), person
    else:
        yield uid, recurrence_id, start, fold(summary)
