"""When a feed is polled next. Pure: time is a parameter, and chance is a hash of the feed and the time."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

POLL_EVERY = timedelta(minutes=5)
AT_LEAST = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
# How much longer a pause may be than it has to, as a share of it.
SPREAD = 0.1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_poll(*, feed_id: int, now: datetime) -> datetime:
    """The feed's next turn, more than a minute from now. Each has a phase of its own within the five minutes and
    keeps it, so that thousands of feeds neither come all at once nor drift together."""
    phase = chance("phase", feed_id) * POLL_EVERY
    earliest = now + AT_LEAST
    into = (earliest - EPOCH - phase) % POLL_EVERY
    return earliest + (POLL_EVERY - into)


def after_failure(*, feed_id: int, failures: int, retry_after: int | None = None, now: datetime) -> datetime:
    """Twice the pause with every failure in a row, never sooner than the server asks (`retry_after` in seconds), and
    each feed a little later by chance: those that failed together do not come back together."""
    pause: timedelta = min(POLL_EVERY * 2 ** min(max(failures, 1) - 1, 8), LONGEST_PAUSE)
    pause = max(pause, timedelta(seconds=retry_after or 0))
    return now + pause * (1 + SPREAD * chance("failure", feed_id, now))


def after_waiting(*, feed_id: int, wait: timedelta, now: datetime) -> datetime:
    """The next try of a feed whose host is given a rest; spread over half a minute."""
    return now + wait + timedelta(seconds=30) * chance("wait", feed_id, now)


def chance(*parts: object) -> float:
    """A number from 0 to below 1, the same for the same parts."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48
