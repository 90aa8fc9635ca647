"""Events that repeat: overrides replace occurrences, and each identity is left once. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from appointments.ical.components import ONE_DAY, Added, Draft, Event, Quarantined, Unread, lost
from appointments.ical.recurrence import Budget, expand
from appointments.ical.rules import RuleError
from appointments.ical.values import Moment

# What it takes to make an event of a start, in steps.
OCCURRENCE = 3


@dataclass(frozen=True)
class Window:
    """The span in which recurring events are expanded; aware."""

    start: datetime
    end: datetime


def resolve(
    drafts: list[Draft], *, unread: Iterable[Unread] = (), window: Window | None
) -> tuple[list[Event], list[Quarantined]]:
    """Follows the recurring ones, lets overrides replace occurrences, and keeps one event per identity.

    An occurrence whose override is `unread` is not given: the series no longer says when it is.
    """
    singles, quarantined = _latest(drafts)
    overrides: dict[str, list[Draft | Unread]] = {}
    for draft in singles:
        if draft.instance is not None:
            overrides.setdefault(draft.event.uid, []).append(draft)
    for one in unread:
        if one.instance is not None:
            overrides.setdefault(one.quarantined.uid, []).append(one)
    budget = Budget()
    events = [draft.event for draft in singles if not draft.recurring]
    for draft in singles:
        if not draft.recurring:
            continue
        try:
            events += _occurrences(draft, overrides.get(draft.event.uid, []), window=window, budget=budget)
        except (RuleError, OverflowError) as error:
            reason = str(error) if isinstance(error, RuleError) else "date_out_of_range"
            quarantined.append(lost(draft.block, reason))
    return events, quarantined


def _latest(drafts: Iterable[Draft]) -> tuple[list[Draft], list[Quarantined]]:
    """One draft per identity: highest SEQUENCE, then youngest LAST-MODIFIED, then the last in the file.

    Two appointments under one UID with nothing to tell which is valid: the second is quarantined, not dropped
    unseen.
    """
    kept: dict[tuple[str, str], Draft] = {}
    quarantined: list[Quarantined] = []
    for draft in drafts:
        key = (draft.event.uid, draft.event.recurrence_id)
        other = kept.get(key)
        if other is not None and _rank(draft) == _rank(other) and draft.event != other.event:
            quarantined.append(lost(draft.block, "uid_twice"))
        elif other is None or _rank(draft) >= _rank(other):
            kept[key] = draft
    return list(kept.values()), quarantined


def _rank(draft: Draft) -> tuple[int, datetime]:
    return draft.event.sequence, draft.event.last_modified or datetime.min.replace(tzinfo=UTC)


def _occurrences(
    draft: Draft, overrides: list[Draft | Unread], *, window: Window | None, budget: Budget
) -> Iterator[Event]:
    """The events of one recurring event, those left out that an override replaces or EXDATE drops."""
    named = [override.instance for override in overrides if override.instance is not None]
    gone = {key for moment in (*named, *draft.dropped) for key in _keys(moment, draft)}
    onwards = sorted(
        (one.instance.utc, number) for number, one in enumerate(overrides) if one.instance and one.onwards
    )
    starts, capped = _starts(draft, window=window, budget=budget)
    for one in starts:
        if gone.isdisjoint((one.start.key, f"{one.start.local:%Y%m%d}")):
            place = bisect.bisect(onwards, (one.start.utc, len(overrides)))
            valid = overrides[onwards[place - 1][1]] if place else None
            if not isinstance(valid, Unread):
                yield _occurrence(draft, one, valid=valid, capped=capped)


def _keys(moment: Moment, draft: Draft) -> Iterator[str]:
    """What an EXDATE or RECURRENCE-ID names: an occurrence, or of a day alone that day's; and in a series of days
    a time names the day that it is in the practice."""
    yield moment.key
    if draft.start.day is not None and moment.day is None:
        yield f"{draft.start.like(moment.utc):%Y%m%d}"


def _starts(draft: Draft, *, window: Window | None, budget: Budget) -> tuple[list[Added], bool]:
    """All starts: DTSTART, the rules', RDATE's; each once, in order; and whether there were too many."""
    span, capped = None, False
    length = draft.event.end - draft.event.start
    if window is not None:
        lasting = max(length, ONE_DAY)
        span = (draft.start.like(window.start - lasting), draft.start.like(window.end))
    found = {draft.start.key: Added(draft.start)}
    for rule in draft.rules:
        locals_, too_many = expand(rule, first=draft.start.local, window=span, budget=budget)
        capped = capped or too_many
        found |= {moment.key: Added(moment) for moment in map(draft.start.at, locals_)}
    found |= {one.start.key: one for one in draft.added}
    inside = (one for one in found.values() if window is None or _meets(one, window, length=length))
    kept = sorted(inside, key=lambda one: one.start.utc)
    budget.charge(OCCURRENCE * len(kept))
    return kept, capped


def _meets(one: Added, window: Window, *, length: timedelta) -> bool:
    ends = one.start.utc + length if one.end is None else one.end.utc
    return one.start.utc < window.end and ends >= window.start


def _occurrence(draft: Draft, one: Added, *, valid: Draft | None, capped: bool) -> Event:
    """One occurrence; from a THISANDFUTURE override on with its contents, its length and its shift."""
    source, start, end = draft, one.start, one.end
    if valid is not None and valid.instance is not None:
        shift = valid.start.local - valid.instance.beside(valid.start)
        source, start, end = valid, valid.start.at(one.start.beside(valid.start) + shift), None
    if end is None:
        first, last = source.event.day, source.event.last_day
        lasts = last - first if first and last else source.event.end - source.event.start
        end = start.later(max(lasts, ONE_DAY) if start.day else lasts)
    problems = (*source.event.problems, "recurrence_capped") if capped else source.event.problems
    return replace(
        source.event,
        uid=draft.event.uid,
        recurrence_id=one.start.key,
        start=start.utc,
        end=end.utc,
        all_day=start.day is not None,
        day=start.day,
        last_day=end.day if start.day else None,
        problems=problems,
    )
