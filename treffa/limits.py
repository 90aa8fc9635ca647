"""How often somebody outside may ask: so many times a window, counted in the cache. With the cache away nothing is counted."""

from datetime import datetime

from django.core.cache import cache


def within(*, kind: str, who: int, times: int, seconds: int, now: datetime) -> bool:
    """Counts one more call; False once there were more than `times` in this window of so many seconds."""
    key = f"limit:{kind}:{who}:{int(now.timestamp()) // seconds}"
    cache.add(key, 0, timeout=seconds)
    return bool(cache.incr(key) <= times)


def retry_after(*, seconds: int, now: datetime) -> int:
    """The seconds until the next window begins."""
    return seconds - int(now.timestamp()) % seconds
