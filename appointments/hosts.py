"""How often a feed's host is asked, over all practices and workers.

All practices' feeds come from one host or a few. So each host has a bucket of tokens, filled evenly, one a request;
and a breaker: after some failures in a row, over all its feeds, it is left alone for a while, then asked once, and
only when that goes well by everybody again.

The state is a few numbers a host in Redis, under a hash of its name: nothing that anybody misses when it is lost. With
Redis away nothing is limited, and the log says so.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from redis.commands.core import Script

from appointments.fetch import Failed, Reason, Response

logger = logging.getLogger(__name__)

FAILURES = 10
LEFT_ALONE = timedelta(minutes=1)
# How long the one that tries has to come back, before another tries.
TRYING = timedelta(seconds=45)
# A host that asks for more of a pause is asked again by its other feeds after this.
LONGEST_REST = timedelta(minutes=5)
TIMEOUT = 0.5
# After Redis did not answer: how long it is not asked again, in seconds.
AWAY = 30.0
KEPT = 3600

# What says something of the host; all else (an address of ours that is wrong, a link that is gone) is a good answer.
HOST_FAILURES = frozenset(
    {
        Reason.UNREACHABLE,
        Reason.INSECURE,
        Reason.DEADLINE,
        Reason.THROTTLED,
        Reason.SERVER_ERROR,
        Reason.CUT_OFF,
    }
)

# KEYS: the host. ARGV: now, tokens a second, most tokens, failures, trying. Returns seconds to wait ("0": ask now) and
# the failures in a row. Time that went back (a clock that was set) forgets everything.
ASK = """
local state = redis.call('HMGET', KEYS[1], 'at', 'tokens', 'failures', 'alone', 'trying')
local now, rate, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at, tokens = tonumber(state[1]) or now, tonumber(state[2]) or most
local failures, alone, trying = tonumber(state[3]) or 0, tonumber(state[4]) or 0, tonumber(state[5]) or 0
if math.max(at, alone, trying) > now + 600 then
  at, tokens, failures, alone, trying = now, most, 0, 0, 0
  redis.call('DEL', KEYS[1])
end
if math.max(alone, trying) > now then return {tostring(math.max(alone, trying) - now), failures} end
tokens = math.min(most, tokens + math.max(0, now - at) * rate)
if tokens < 1 then return {tostring((1 - tokens) / rate), failures} end
if failures >= tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], 'trying', now + tonumber(ARGV[5])) end
redis.call('HSET', KEYS[1], 'at', tostring(math.max(at, now)), 'tokens', tostring(tokens - 1))
redis.call('EXPIRE', KEYS[1], ARGV[6])
return {'0', failures}
"""

# KEYS: the host. ARGV: now, failures, left alone, kept, the pause that the host asked for (0: none).
FAILED = """
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local alone = tonumber(redis.call('HGET', KEYS[1], 'alone') or 0) or 0
local now, pause = tonumber(ARGV[1]), tonumber(ARGV[5])
if failures >= tonumber(ARGV[2]) then pause = math.max(pause, tonumber(ARGV[3])) end
if pause > 0 then
  redis.call('HSET', KEYS[1], 'alone', tostring(math.max(alone, now + pause)), 'trying', 0)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return failures
"""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Whether a host may be asked now. If not, `wait` says for how long. `failures` in a row came before."""

    wait: timedelta = timedelta()
    failures: int = 0

    @property
    def now(self) -> bool:
        return not self.wait


GO = Turn()


@dataclass(frozen=True)
class _Scripts:
    client: redis.Redis
    ask: Script
    failed: Script


@functools.cache
def _scripts(url: str) -> _Scripts:
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    return _Scripts(client=client, ask=client.register_script(ASK), failed=client.register_script(FAILED))


class _Broker:
    """Redis, as long as it answers."""

    def __init__(self) -> None:
        self.away_until = 0.0

    def scripts(self) -> _Scripts | None:
        if time.monotonic() < self.away_until:
            return None
        try:
            return _scripts(settings.REDIS_URL)
        except ValueError as error:
            self.lost(error)
            return None

    def lost(self, error: Exception) -> None:
        self.away_until = time.monotonic() + AWAY
        logger.warning("feeds are polled without a limit: the broker is away (%s)", type(error).__name__)


broker = _Broker()


def turn(host: str, *, now: datetime) -> Turn:
    """A token of the host, if there is one and it is not left alone. `host` is host:port."""
    scripts = broker.scripts()
    if scripts is None:
        return GO
    most = settings.FEED_REQUESTS_PER_MINUTE
    arguments = [now.timestamp(), most / 60, most, FAILURES, TRYING.total_seconds(), KEPT]
    try:
        wait, failures = scripts.ask(keys=[_key(host)], args=arguments)
    except (redis.RedisError, OSError) as error:
        broker.lost(error)
        return GO
    return Turn(wait=timedelta(seconds=float(wait)), failures=int(failures))


def answered(host: str, response: Response, *, before: Turn, now: datetime) -> None:
    """Tells how it went: a failure is counted, and the pause that the host asked for (Retry-After) holds for all its feeds;
    anything else ends a row of failures."""
    failed = isinstance(response, Failed) and response.reason in HOST_FAILURES
    if not failed and not before.failures:
        return
    scripts = broker.scripts()
    if scripts is None:
        return
    try:
        if failed:
            arguments = [now.timestamp(), FAILURES, LEFT_ALONE.total_seconds(), KEPT, _asked(response)]
            count = int(scripts.failed(keys=[_key(host)], args=arguments))
            if count == FAILURES:
                logger.warning("a host of feeds failed %s times in a row and is left alone", count)
        else:
            scripts.client.hset(_key(host), mapping={"failures": 0, "alone": 0, "trying": 0})
    except (redis.RedisError, OSError) as error:
        broker.lost(error)


def _asked(response: Response) -> float:
    """The pause in seconds that a host asked for with its answer. Not for longer than a forgotten clock would explain."""
    asked = response.retry_after if isinstance(response, Failed) else None
    return min(float(asked or 0), LONGEST_REST.total_seconds())


def _key(host: str) -> str:
    return f"treffa:host:{hashlib.blake2b(host.encode(), digest_size=12).hexdigest()}"
