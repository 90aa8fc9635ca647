"""The cache, which counts for the rate limits. With Redis away nothing is counted: nobody is kept from signing in, and
the count of wrong passwords (axes) is in Postgres anyway."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.core.cache.backends.redis import RedisCache

T = TypeVar("T")
logger = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Django's cache in Redis; what fails is as if the cache were empty."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _tried(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def add(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> bool:
        return _tried(lambda: super(ForgivingRedisCache, self).add(key, value, timeout, version), True)

    def set(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> None:
        _tried(lambda: super(ForgivingRedisCache, self).set(key, value, timeout, version), None)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        try:
            return _tried(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), 0)
        except ValueError:  # it went since it was added
            return 0

    def delete(self, key: Any, version: int | None = None) -> bool:
        return _tried(lambda: super(ForgivingRedisCache, self).delete(key, version), False)


def _tried(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except redis.RedisError as error:
        logger.warning("cache does not answer: %s", type(error).__name__)
        return otherwise
