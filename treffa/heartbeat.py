"""The auditor's own sign of life, to an address outside that misses it when it stays away (a dead man's switch)."""

import logging
from datetime import datetime

from django.conf import settings

from appointments.fetch import Failed, endpoint, fetch
from escalation import audit

DEADLINE_S = 10.0
MOST_BYTES = 65_536

logger = logging.getLogger(__name__)


def send(*, now: datetime) -> bool:
    """One GET of the operator's address, over within ten seconds; False if there is none, or it did not answer."""
    url = settings.HEARTBEAT_URL
    if not url:
        return False
    answer = fetch(
        url,
        allowed_addresses=[endpoint(url)],
        deadline=DEADLINE_S,
        max_compressed=MOST_BYTES,
        max_expanded=MOST_BYTES,
        now=now,
    )
    if isinstance(answer, Failed):
        logger.warning("heartbeat failed reason=%s", answer.reason)
        return False
    audit.beat("heartbeat", now=now)
    return True
