"""When something may be said: no quiet hour, no day of rest, not on top of Doctolib's own reminders, not too often; the
moments of reminders, the pauses between tries. Pure.

The patient's clock is taken to be the practice's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prerequisites.working_days import ONE_DAY, Calendar

SHORTEST_SPAN = timedelta(hours=6)
LAST_DAYS = timedelta(days=5)
ASKED_AHEAD = timedelta(days=21)
TIME_TO_ACT = timedelta(days=7)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
SHORTEST_WAIT = timedelta(hours=1)
# A window of minutes may fall into the hour that the clock leaps over: then it opens the day after.
DAYS_AHEAD = 4
WEEK = timedelta(days=7)
LAST_CALL = timedelta(days=1)
# A last call says more than the reminder only some time after it.
BETWEEN_CALLS = timedelta(hours=12)
MOST_STEPS = 200


@dataclass(frozen=True, kw_only=True)
class Window:
    """When Doctolib reminds of an appointment (days before it, from and till by the clock on the wall)."""

    days_before: int
    opens: time
    closes: time


APART = timedelta(hours=3)
# E-mail a week and a day before, between 14 and 16 h; a text two days before, at about 13 h.
DOCTOLIB = (
    Window(days_before=7, opens=time(14), closes=time(16)),
    Window(days_before=2, opens=time(13), closes=time(13)),
    Window(days_before=1, opens=time(14), closes=time(16)),
)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A practice's times: quiet from and until (equal: never quiet), its days and whether it keeps days of rest, whether
    Doctolib reminds its patients, and how many messages a patient gets within seven days at most (0: any number)."""

    quiet_from: time
    quiet_until: time
    calendar: Calendar
    days_of_rest: bool = True
    doctolib: bool = True
    weekly_cap: int = 0


def allowed_at(
    *, now: datetime, hours: Hours, starts: Iterable[datetime] = (), sent: Sequence[datetime] = ()
) -> datetime:
    """The first moment at or after `now` at which a patient may be written to. `starts` are their appointments, `sent` when
    they were written to before."""
    zone = ZoneInfo(hours.calendar.zone)
    windows = [window for start in starts for window in _around(start, zone)] if hours.doctolib else []
    at = now
    for _ in range(MOST_STEPS):
        later = max(
            _awake(at, hours),
            _day_of_work(at, hours),
            _beside(at, windows),
            _seldom(at, hours, sent),
        )
        if later == at:
            break
        at = later
    return at


def _awake(at: datetime, hours: Hours) -> datetime:
    return not_before(
        now=at, zone=hours.calendar.zone, quiet_from=hours.quiet_from, quiet_until=hours.quiet_until
    )


def _day_of_work(at: datetime, hours: Hours) -> datetime:
    calendar = hours.calendar
    day = calendar.day_of(at)
    return calendar.moment(day + ONE_DAY, time()) if hours.days_of_rest and calendar.rests_on(day) else at


def _around(start: datetime, zone: ZoneInfo) -> Iterable[tuple[datetime, datetime]]:
    """From when till when nothing is said because of the reminders of one appointment."""
    day = start.astimezone(zone).date()
    for window in DOCTOLIB:
        on = day - timedelta(days=window.days_before)
        opens, closes = (
            datetime.combine(on, at, zone).astimezone(UTC) for at in (window.opens, window.closes)
        )
        yield opens - APART, closes + APART


def _beside(at: datetime, windows: Iterable[tuple[datetime, datetime]]) -> datetime:
    return max((closes for opens, closes in windows if opens < at < closes), default=at)


def _seldom(at: datetime, hours: Hours, sent: Sequence[datetime]) -> datetime:
    """Once fewer than the cap lie within the seven days before."""
    cap = hours.weekly_cap
    if not cap:
        return at
    recent = sorted(moment for moment in sent if moment > at - WEEK)
    return recent[-cap] + WEEK if len(recent) >= cap else at


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


def last_call_at(*, requested_at: datetime, deadline: datetime) -> datetime | None:
    """A day before the deadline, well after the reminder; None where time is too short for both."""
    reminded = reminder_at(requested_at=requested_at, deadline=deadline)
    at = deadline - LAST_CALL
    return at if reminded is not None and at >= reminded + BETWEEN_CALLS else None


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
