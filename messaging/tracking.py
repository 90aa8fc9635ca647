"""What an e-mail service reports, as Anymail's webhooks read it. They let nobody in without the secret.

The attempt's id travels in the metadata; where a service gives none back, its own id of the mail is looked up, which may
not be committed yet: the service then tries again.
"""

import logging
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, tracking
from django.dispatch import receiver

from messaging import operations, queries
from practices import clock, tenancy

SETTLES_WITHIN = timedelta(minutes=5)

logger = logging.getLogger(__name__)


class EarlyEventError(Exception):
    """The event came before our own commit: answered with an error, so that it is sent again."""


@receiver(tracking)
def take(sender: Any, event: AnymailTrackingEvent, esp_name: str, **_more: Any) -> None:
    """Takes in one event; EarlyEventError where it may be about a mail of ours that is not known yet."""
    attempts = _attempts_of(event)
    now = clock.now()
    for attempt, practice_id in attempts:
        with tenancy.scope(practice_id):
            operations.apply_callback(
                attempt_id=attempt,
                provider_id=str(event.message_id or "")[:120],
                status=event.event_type,
                code=str(event.reject_reason or "")[:20],
                now=now,
            )
    if not attempts and event.timestamp and now - event.timestamp.astimezone(UTC) < SETTLES_WITHIN:
        raise EarlyEventError


def _attempts_of(event: AnymailTrackingEvent) -> list[tuple[UUID, int]]:
    try:
        attempt = UUID(str((event.metadata or {}).get("attempt", "")))
    except ValueError:
        return queries.find_attempts(str(event.message_id)) if event.message_id else []
    found = queries.find_attempt(attempt)
    return [(attempt, found.practice_id)] if found else []
