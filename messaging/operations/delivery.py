"""The deliver stage: claim, commit, call the provider, record. No call is made inside a transaction.

Messages are claimed in batches and handed over in waves: as many calls side by side as the provider takes, then one
transaction that writes down what became of them all and looks whether the next ones are still right. UNKNOWN is looked
up in the provider's books and sent again only when proven absent.
"""

import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from messaging.operations import claiming, fallback, finishing, pauses, results
from messaging.operations.jobs import Job
from messaging.providers import registry
from messaging.providers.base import (
    PERMANENT,
    BooksClosedError,
    Found,
    Rejected,
    Result,
    Uncertain,
)
from practices import tenancy
from practices.nudge import nudge

# Calls of a batch begin within this time of their claim, so that each is over well before the lease is.
CALLS_BEGIN_WITHIN_S = 20.0
# So long one practice has a worker; what is left then takes its turn behind the others.
ROUND_S = 20.0
MOST_AT_ONCE = 16

logger = logging.getLogger(__name__)


class _Callers:
    """The threads that call, kept from wave to wave; a process that was forked has its own."""

    def __init__(self) -> None:
        self.renew()
        os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="deliver")


_callers = _Callers()


def deliver(*, practice_id: int, now: datetime) -> None:
    """Sends what is due and looks up what is unknown, until nothing is left or the round is over; the rest is nudged."""
    ends = time.monotonic() + ROUND_S
    with tenancy.scope(practice_id):
        fallback.give_up(now=now)
    while time.monotonic() < ends:
        sent = _send_batch(practice_id=practice_id, now=now)
        looked_up = _look_up_batch(practice_id=practice_id, now=now)
        if not sent and not looked_up:
            return
    nudge(stage="deliver", practice_id=practice_id)


def _send_batch(*, practice_id: int, now: datetime) -> int:
    """How many messages were taken up, whatever became of them."""
    with tenancy.scope(practice_id):
        taken, jobs = claiming.claim(now=now)
    begun = time.monotonic()
    done: list[tuple[Job, Result]] = []
    while jobs or done:
        with tenancy.scope(practice_id):
            finishing.finish(done, now=now)
            jobs = _after(done, jobs, late=time.monotonic() - begun > CALLS_BEGIN_WITHIN_S, now=now)
            wave, jobs = _next_wave(jobs)
            wave = claiming.still_right(wave, now=now)
        tenancy.forbid_scope()
        done = _call_all(wave)
    return taken


def _after(
    done: Sequence[tuple[Job, Result]], jobs: Sequence[Job], *, late: bool, now: datetime
) -> list[Job]:
    """What may go on after a wave; the rest was never called and goes back: all of it once it is late, and what would go
    over a channel that rests from now on."""
    resting = {job.channel for job, result in done if pauses.rests(result)}
    left = [job for job in jobs if late or job.channel in resting]
    claiming.give_back(left, now=now)
    return [job for job in jobs if job not in left] if left else list(jobs)


def _next_wave(jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
    """As many of the first one's channel as its provider takes at once, and the others."""
    if not jobs:
        return [], []
    channel = jobs[0].channel
    most = min(MOST_AT_ONCE, registry.capabilities(channel).at_once)
    wave = [job for job in jobs if job.channel == channel][:most]
    taken = {job.attempt_id for job in wave}
    return wave, [job for job in jobs if job.attempt_id not in taken]


def _call_all(wave: Sequence[Job]) -> list[tuple[Job, Result]]:
    if len(wave) == 1:
        return [(wave[0], _call(wave[0]))]
    return list(zip(wave, _callers.pool.map(_call, wave), strict=True))


def _call(job: Job) -> Result:
    """Hands one message over. Every outcome is a value: an exception that nobody foresaw leaves it uncertain."""
    try:
        return registry.provider(job.channel, job.account).send(job.outgoing)
    except LookupError:
        return Rejected(code="no_provider", meaning=PERMANENT)
    except (
        Exception
    ) as error:  # whatever a library throws: the attempt must end, without its prose in the log
        logger.error("attempt %s ended in %s", job.attempt_id, type(error).__name__)
        return Uncertain(code=type(error).__name__)


# Looking up what is unknown


def _look_up_batch(*, practice_id: int, now: datetime) -> int:
    """How many unknown messages were looked up."""
    begun = time.monotonic()
    with tenancy.scope(practice_id):
        jobs = claiming.claim_unknown(now=now)
    tenancy.forbid_scope()
    for job in jobs:
        if time.monotonic() - begun > CALLS_BEGIN_WITHIN_S:
            break
        found = _find(job)
        with tenancy.scope(practice_id):
            results.resolve(message_id=job.message.pk, attempt_id=job.attempt_id, found=found, now=now)
    return len(jobs)


def _find(job: Job) -> list[Found] | None:
    """What the provider's books have; None where they could not be read."""
    try:
        return registry.provider(job.channel, job.account).find(job.outgoing, since=job.since)
    except (BooksClosedError, LookupError) as error:
        logger.warning("attempt %s could not be looked up: %s", job.attempt_id, type(error).__name__)
        return None
