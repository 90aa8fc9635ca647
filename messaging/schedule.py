"""When something may be said: quiet hours, the reminder's moment, the pauses between tries. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHORTEST_SPAN = timedelta(hours=6)
LAST_DAYS = timedelta(days=5)
ASKED_AHEAD = timedelta(days=21)
TIME_TO_ACT = timedelta(days=7)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
SHORTEST_WAIT = timedelta(hours=1)
# A window of minutes may fall into the hour that the clock leaps over: then it opens the day after.
DAYS_AHEAD = 4


def not_before(*, now: datetime, zone: str, quiet_from: time, quiet_until: time) -> datetime:
    """The first moment at or after `now` at which the clock on the wall of `zone` shows no quiet hour.

    Equal times mean that it is never quiet. `now` is aware; the result is `now` itself or an aware UTC time.
    """
    wall = ZoneInfo(zone)
    if not _quiet(now, wall, quiet_from, quiet_until):
        return now
    today = now.astimezone(wall).date()
    ends = [end for day in range(DAYS_AHEAD) for end in _ends(today + timedelta(days=day), quiet_until, wall)]
    return min(end for end in ends if end > now and not _quiet(end, wall, quiet_from, quiet_until))


def request_at(*, start: datetime, deadline: datetime | None) -> datetime:
    """When the patient is first asked: three weeks before the appointment, or a week before the first deadline where
    that is earlier. In the past for what is booked later than that: ask at once."""
    ahead = start - ASKED_AHEAD
    return min(ahead, deadline - TIME_TO_ACT) if deadline is not None else ahead


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


def fallback_at(*, sent_at: datetime, hours: int, deadline: datetime) -> datetime:
    """When another way is tried for what did not arrive: after so many hours, or after half of the time that is left, but
    not within the hour. `deadline` is what the message names, or the appointment."""
    left = max((deadline - sent_at) / 2, SHORTEST_WAIT)
    return sent_at + min(timedelta(hours=hours), left)


def _quiet(at: datetime, wall: ZoneInfo, quiet_from: time, quiet_until: time) -> bool:
    shown = at.astimezone(wall).time()
    if quiet_from <= quiet_until:
        return quiet_from <= shown < quiet_until
    return shown >= quiet_from or shown < quiet_until


def _ends(day: date, at: time, wall: ZoneInfo) -> list[datetime]:
    """The moments of a day at which the wall's clock comes to `at`: two where an hour comes twice, and the leap itself
    where the clock leaps over it."""
    before, after = (datetime.combine(day, at.replace(fold=fold), wall).astimezone(UTC) for fold in (0, 1))
    return [before, after] if before <= after else [_leap(after, before, wall)]


def _leap(earlier: datetime, later: datetime, wall: ZoneInfo) -> datetime:
    """The moment between the two at which the clock leaps forward, to the second."""
    old = earlier.astimezone(wall).utcoffset()
    while later - earlier > timedelta(seconds=1):
        middle = (earlier + (later - earlier) / 2).replace(microsecond=0)
        if middle.astimezone(wall).utcoffset() == old:
            earlier = middle
        else:
            later = middle
    return later
