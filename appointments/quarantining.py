"""Events that could not be read, kept for staff to see until they can be or are gone."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from appointments import ical
from appointments.models import Feed, QuarantinedEvent
from practices import tenancy


def quarantine(*, feed: Feed, lost: Iterable[ical.Quarantined], now: datetime) -> None:
    """Makes the feed's quarantine what its calendar holds of them now."""
    found = {_fingerprint(one): one for one in lost}
    known = set(QuarantinedEvent.objects.filter(feed=feed).values_list("fingerprint", flat=True))
    if known - set(found):
        QuarantinedEvent.objects.filter(feed=feed).exclude(fingerprint__in=found).delete()
    QuarantinedEvent.objects.bulk_create(
        QuarantinedEvent(
            practice_id=tenancy.current(),
            feed=feed,
            fingerprint=fingerprint,
            reason=one.reason[:60],
            excerpt=one.excerpt[:200],
            seen_at=now,
        )
        for fingerprint, one in found.items()
        if fingerprint not in known
    )


def _fingerprint(one: ical.Quarantined) -> str:
    return hashlib.sha256(f"{one.uid}|{one.reason}|{one.excerpt}".encode()).hexdigest()
