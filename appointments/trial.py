"""A look at a feed before it is added: what would be read, with nothing written."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from appointments import fetch, ical, reading
from appointments.matching import Rules, TypeIndex, Understood, understand
from appointments.syncing import window_at
from practices import tenancy

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Trial:
    """`reason` is empty if the calendar is good; `read` are the first coming events and what they were taken for."""

    reason: str = ""
    events: int = 0
    quarantined: int = 0
    read: tuple[tuple[ical.Event, Understood], ...] = ()


def try_feed(*, url: str, zone: str, rules: Rules, types: TypeIndex, now: datetime) -> Trial:
    """Fetches and reads once. No scope may be open, as this talks to the outside world."""
    tenancy.forbid_scope()
    response = fetch.fetch(url, allowed_addresses=settings.FEED_ALLOWED_ADDRESSES, now=now)
    if not isinstance(response, fetch.Body):
        return Trial(
            reason=response.reason.value if isinstance(response, fetch.Failed) else "unexpected_status"
        )
    calendar = reading.read(response.content, zone=zone, window=window_at(now))
    if calendar.refused is not None:
        return Trial(reason=calendar.refused.value)
    coming = sorted((event for event in calendar.events if event.end > now), key=lambda event: event.start)
    return Trial(
        events=len(calendar.events),
        quarantined=len(calendar.quarantined),
        read=tuple((event, understand(event, rules=rules, types=types)) for event in coming[:SHOWN]),
    )
