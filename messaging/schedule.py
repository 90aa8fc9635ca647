"""When something may be said: quiet hours, the reminder's moment, the pauses between tries. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHORTEST_SPAN = timedelta(hours=6)
LAST_DAYS = timedelta(days=5)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


def not_before(*, now: datetime, zone: str, quiet_from: time, quiet_until: time) -> datetime:
    """The first moment at or after `now` outside the quiet hours, which run by the clock on the wall of `zone`.

    Equal times mean that it is never quiet. `now` is aware; the result is `now` itself or an aware UTC time.
    """
    wall = ZoneInfo(zone)
    if quiet_from == quiet_until:
        return now
    today = now.astimezone(wall).date()
    for day in (today - timedelta(days=1), today):
        end_day = day + timedelta(days=1) if quiet_until < quiet_from else day
        starts, ends = _begins(day, quiet_from, wall), _ends(end_day, quiet_until, wall)
        if starts <= now < ends:
            return ends
    return now


def reminder_at(*, requested_at: datetime, deadline: datetime) -> datetime | None:
    """Once two thirds of the time have passed, in the last five days at the earliest; None where time is too short."""
    span = deadline - requested_at
    if span < SHORTEST_SPAN:
        return None
    return max(requested_at + span * 2 / 3, deadline - LAST_DAYS)


def retry_at(*, now: datetime, attempts: int, retry_after: timedelta | None = None) -> datetime:
    """When to try again after the given number of tries: 1, 2, 4 ... minutes, an hour at most, never sooner than asked."""
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(max(attempts - 1, 0), 10), LONGEST_PAUSE)
    return now + max(pause, retry_after or timedelta())


def _begins(day: date, at: time, wall: ZoneInfo) -> datetime:
    """The first moment of that day at which the wall's clock shows `at` or later."""
    first, second = _readings(day, at, wall)
    return first if first <= second else _jump(second, first, wall)


def _ends(day: date, at: time, wall: ZoneInfo) -> datetime:
    """The last such moment: where the clock shows `at` twice, the second."""
    first, second = _readings(day, at, wall)
    return second if first <= second else _jump(second, first, wall)


def _readings(day: date, at: time, wall: ZoneInfo) -> tuple[datetime, datetime]:
    """`at` by the time before and after a change of the clock. They are in reverse where the clock leaps over `at`."""
    before, after = (datetime.combine(day, at.replace(fold=fold), wall).astimezone(UTC) for fold in (0, 1))
    return before, after


def _jump(earlier: datetime, later: datetime, wall: ZoneInfo) -> datetime:
    """The moment between the two at which the clock leaps forward, to the second."""
    old = earlier.astimezone(wall).utcoffset()
    while later - earlier > timedelta(seconds=1):
        middle = earlier + (later - earlier) / 2
        if middle.astimezone(wall).utcoffset() == old:
            earlier = middle
        else:
            later = middle
    return later.replace(microsecond=0)
