"""A calendar that lives: what stands in it is a pure function of the seed, the calendar's profile and `now`.

Every working day has a plan of its own, drawn once from a seeded source of chance: who is booked into which slot, when
that was booked, and what becomes of it (kept, moved, cancelled and shown, cancelled and gone). `now` decides what of
that has happened already. So a calendar can be asked for any moment, in any order, and always tells the same story.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache

import holidays

from treffa.sandbox.doctolib.events import BERLIN, Event, Words, describe
from treffa.sandbox.doctolib.profiles import Booking, CalendarProfile, Quirk
from treffa.sandbox.people import pick

DAYS_BACK = 30
DAYS_AHEAD = 84
OPENS, LUNCH, AFTERNOON, CLOSES = time(8), time(12, 15), time(13), time(17)
PER_DAY = 8
"""Appointments per working day at a density of 1, on average and once the day is here."""

NOTES = (
    "Patient bringt Voraufnahmen mit",
    "Rollstuhl",
    "Überweisung liegt noch nicht vor",
    "Telefonisch vereinbart, bitte zurückrufen",
    "Begleitperson kommt mit",
    "Neupatient; Fragebogen zusenden, Unterlagen fehlen",
)
_LEADS = ((1, 3), (3, 14), (14, 42), (42, 75))
_LEAD_WEIGHTS = (12, 33, 38, 17)
# Moves go to hours that no plan uses, each day's to its own: by the offset in days.
_MOVES = {0: (time(6), time(7)), 7: (time(17), time(18)), -7: (time(19),)}


class Fate(Enum):
    KEPT = "kept"
    MOVED = "moved"
    CANCELLED = "cancelled"
    """Stays in the feed with STATUS:CANCELLED."""
    GONE = "gone"
    """Is in the feed no more."""


@dataclass(frozen=True)
class Planned:
    """One entry of a day's plan, with all that will ever happen to it."""

    event: Event
    fate: Fate = Fate.KEPT
    turns_at: datetime | None = None
    moved_to: datetime | None = None

    def at(self, now: datetime) -> Event | None:
        """The entry as the calendar shows it at `now`; None if it is not booked yet or gone."""
        if self.event.created > now:
            return None
        if self.turns_at is None or self.turns_at > now:
            return self.event
        changed = replace(self.event, modified=self.turns_at, sequence=1)
        if self.fate is Fate.GONE:
            return None
        if self.fate is Fate.CANCELLED:
            return replace(changed, status="CANCELLED")
        assert self.moved_to is not None
        return replace(changed, start=self.moved_to, end=self.moved_to + (self.event.end - self.event.start))

    def changes_until(self, now: datetime) -> Iterator[datetime]:
        yield from (moment for moment in (self.event.created, self.turns_at) if moment and moment <= now)


@dataclass(frozen=True)
class Snapshot:
    events: tuple[Event, ...]
    changed_at: datetime
    """When the calendar last changed, counting what is gone."""


def snapshot(*, profile: CalendarProfile, seed: str, density: float, now: datetime) -> Snapshot:
    """The calendar as it stands at `now`: a month back to twelve weeks ahead."""
    today = now.astimezone(BERLIN).date()
    first, last = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    changes = [_midnight(today)]
    events = []
    for planned in _plans(profile, seed, density, first, last):
        changes.extend(planned.changes_until(now))
        event = planned.at(now)
        if event is not None and (event.rule or first <= event.start.date() <= last):
            events.append(event)
    events.sort(key=lambda event: (event.start, event.uid))
    return Snapshot(events=tuple(events), changed_at=max(changes))


def _plans(profile: CalendarProfile, seed: str, density: float, first: date, last: date) -> Iterator[Planned]:
    if Quirk.RECURRING_LUNCH in profile.quirks:
        yield _recurring_lunch(profile, seed)
    reach = max(_MOVES)
    for number in range(-reach, (last - first).days + reach + 1):
        yield from day_plan(profile, seed, density, first + timedelta(days=number))


@lru_cache(maxsize=4096)
def day_plan(profile: CalendarProfile, seed: str, density: float, day: date) -> tuple[Planned, ...]:
    """Everything that will ever have been planned for a day."""
    if not _is_working_day(day):
        return ()
    absence = _absence(profile, seed, day)
    if absence is not None:
        return (absence,) if day.weekday() == 0 else ()
    chance = _chance(seed, profile.key, day.isoformat())
    plan = list(_slots(profile, seed, density, day, chance))
    if Quirk.RECURRING_LUNCH not in profile.quirks:
        plan.append(_block(profile, seed, _on(day, LUNCH), _on(day, AFTERNOON), "MITTAG"))
    return tuple(_shift_moves(profile, seed, plan))


def _slots(
    profile: CalendarProfile, seed: str, density: float, day: date, chance: random.Random
) -> Iterator[Planned]:
    minutes = sum(booking.minutes * booking.weight for booking in profile.bookings)
    average = minutes / sum(booking.weight for booking in profile.bookings)
    filled = min(1.0, density * PER_DAY * average / 465)
    closes = CLOSES
    if day.weekday() == 2 and chance.random() < 0.15:
        closes = LUNCH
        yield _block(profile, seed, _on(day, AFTERNOON), _on(day, CLOSES), "Fortbildung")
    at = _on(day, OPENS)
    while True:
        booking = chance.choices(profile.bookings, [booking.weight for booking in profile.bookings])[0]
        end = at + timedelta(minutes=booking.minutes)
        if at.time() < AFTERNOON and end.time() > LUNCH:
            at = _on(day, AFTERNOON)
            continue
        if end.time() > closes:
            return
        if chance.random() < filled:
            yield _appointment(profile, seed, at, booking, chance)
        elif chance.random() < 0.06:
            yield _block(
                profile, seed, at, end, chance.choice(("gesperrt", "Notfallslot", "gesperrt - Technik"))
            )
        at = end


def _appointment(
    profile: CalendarProfile, seed: str, start: datetime, booking: Booking, chance: random.Random
) -> Planned:
    person = pick(practice=profile.practice, chance=chance)
    name = f"{booking.name} {chance.choice(booking.variants)}".strip()
    note = chance.choice(NOTES) if chance.random() < 0.2 else ""
    words = describe(style=profile.style, person=person, booking=name, note=note)
    low, high = chance.choices(_LEADS, _LEAD_WEIGHTS)[0]
    booked_at = start - timedelta(days=chance.uniform(low, high), minutes=chance.uniform(0, 90))
    end = start + timedelta(minutes=booking.minutes)
    event = _event(profile, seed, start=start, end=end, words=words, created=booked_at.replace(microsecond=0))
    fate = chance.choices(list(Fate), (83, 8, 5, 4))[0]
    if fate is Fate.KEPT:
        return Planned(event)
    turns_at = event.created + (start - event.created) * chance.uniform(0.15, 0.9)
    offset = chance.choice(list(_MOVES))
    return Planned(event, fate, turns_at.replace(microsecond=0), start + timedelta(days=offset))


def _shift_moves(profile: CalendarProfile, seed: str, plan: list[Planned]) -> Iterator[Planned]:
    """Give each move of the day a slot of its own; what cannot be moved so is kept."""
    taken: dict[date, int] = {}
    for planned in plan:
        if planned.fate is not Fate.MOVED:
            yield planned
            continue
        assert planned.moved_to is not None and planned.turns_at is not None
        day = planned.moved_to.date()
        hours = _MOVES[(day - planned.event.start.date()).days]
        number = taken.get(day, 0)
        moved_to = _on(day, hours[min(number, len(hours) - 1)])
        away = not _is_working_day(day) or _absence(profile, seed, day) is not None
        if number >= len(hours) or away or moved_to <= planned.turns_at + timedelta(hours=2):
            yield Planned(planned.event)
            continue
        taken[day] = number + 1
        yield replace(planned, moved_to=moved_to)


def _absence(profile: CalendarProfile, seed: str, day: date) -> Planned | None:
    """A week in about twenty the calendar is away from Monday to Friday."""
    monday = day - timedelta(days=day.weekday())
    if _chance(seed, profile.key, "week", monday.isoformat()).random() >= 0.05:
        return None
    start = _midnight(monday)
    end = _midnight(monday + timedelta(days=5))
    words = Words(summary=profile.absence, description="")
    event = _event(profile, seed, start=start, end=end, words=words, created=start - timedelta(days=130))
    return Planned(replace(event, all_day=True))


def _block(profile: CalendarProfile, seed: str, start: datetime, end: datetime, text: str) -> Planned:
    created = start - timedelta(days=100)
    words = Words(summary=text, description="")
    return Planned(_event(profile, seed, start=start, end=end, words=words, created=created))


def _recurring_lunch(profile: CalendarProfile, seed: str) -> Planned:
    """Starts in the year in which the window starts for any `now` of these days, and goes on for ever."""
    monday = date(2024, 1, 1)
    lunch = _block(profile, seed, _on(monday, LUNCH), _on(monday, AFTERNOON), "MITTAG")
    return Planned(replace(lunch.event, rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"))


def _event(
    profile: CalendarProfile, seed: str, *, start: datetime, end: datetime, words: Words, created: datetime
) -> Event:
    digest = hashlib.sha256(f"{seed}/{profile.key}/{start.isoformat()}/{words.summary}".encode()).hexdigest()
    return Event(
        uid=f"{digest[:8]}-{digest[8:12]}-{digest[12:24]}@doctolib.example",
        start=start,
        end=end,
        summary=words.summary,
        description=words.description,
        created=created,
        modified=created,
        time_zone="UTC" if Quirk.UTC in profile.quirks else "Europe/Berlin",
    )


def _chance(*parts: str) -> random.Random:
    return random.Random("/".join(parts))  # noqa: S311


@lru_cache(maxsize=32)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", years=year))


def _is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=BERLIN)


def _midnight(day: date) -> datetime:
    return _on(day, time(0))
