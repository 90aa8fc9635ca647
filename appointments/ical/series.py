"""Events that repeat: overrides replace occurrences, and each identity is left once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from appointments.ical.components import ONE_DAY, Draft, Event, Quarantined, lost
from appointments.ical.recurrence import MAX_OCCURRENCES, Budget, RuleError, expand
from appointments.ical.values import Moment


@dataclass(frozen=True)
class Window:
    """The span in which recurring events are expanded; aware."""

    start: datetime
    end: datetime


def resolve(drafts: list[Draft], *, window: Window | None) -> tuple[list[Event], list[Quarantined]]:
    """Follows the recurring ones, lets overrides replace occurrences, and keeps one event per identity."""
    singles, quarantined = _latest(drafts)
    overrides: dict[str, list[Draft]] = {}
    for draft in singles:
        if draft.instance is not None:
            overrides.setdefault(draft.event.uid, []).append(draft)
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
        if other is not None and _rank(draft) == _rank(other) and draft.event.start != other.event.start:
            quarantined.append(lost(draft.block, "uid_twice"))
        elif other is None or _rank(draft) >= _rank(other):
            kept[key] = draft
    return list(kept.values()), quarantined


def _rank(draft: Draft) -> tuple[int, datetime]:
    return draft.event.sequence, draft.event.last_modified or datetime.min.replace(tzinfo=UTC)


def _occurrences(
    draft: Draft, overrides: list[Draft], *, window: Window | None, budget: Budget
) -> Iterator[Event]:
    """The events of one recurring event, those left out that an override replaces or EXDATE drops."""
    replaced = {override.event.recurrence_id for override in overrides}
    dropped = {moment.key for moment in draft.dropped}
    dropped_days = {moment.day for moment in draft.dropped if moment.day is not None}
    onwards = sorted((o for o in overrides if o.onwards and o.instance), key=lambda o: o.event.recurrence_id)
    starts = _starts(draft, window=window, budget=budget)
    for moment in starts:
        if moment.key in dropped or moment.key in replaced or moment.local.date() in dropped_days:
            continue
        valid = next((o for o in reversed(onwards) if o.instance and o.instance.utc <= moment.utc), None)
        yield _occurrence(draft, moment, valid=valid, capped=len(starts) >= MAX_OCCURRENCES)


def _starts(draft: Draft, *, window: Window | None, budget: Budget) -> list[Moment]:
    """All starts: DTSTART, the rules', RDATE's; each once, in order."""
    span = None
    length = draft.event.end - draft.event.start
    if window is not None:
        lasting = max(length, ONE_DAY)
        span = (draft.start.like(window.start - lasting), draft.start.like(window.end))
    found = {draft.start.key: draft.start}
    for rule in draft.rules:
        for local in expand(rule, first=draft.start.local, window=span, budget=budget):
            moment = draft.start.at(local)
            found[moment.key] = moment
    found |= {moment.key: moment for moment in draft.added}
    inside = (
        moment
        for moment in found.values()
        if window is None or (moment.utc < window.end and moment.utc + length >= window.start)
    )
    return sorted(inside, key=lambda moment: moment.utc)


def _occurrence(draft: Draft, moment: Moment, *, valid: Draft | None, capped: bool) -> Event:
    """One occurrence; from a THISANDFUTURE override on with its contents, its length and its shift."""
    source, start = draft, moment
    if valid is not None and valid.instance is not None:
        source, start = valid, moment.later(valid.start.local - valid.instance.local)
    lasts = source.event.end - source.event.start
    end = start.later(
        (source.event.last_day - source.event.day) if source.event.day and source.event.last_day else lasts
    )
    problems = (*source.event.problems, "recurrence_capped") if capped else source.event.problems
    return replace(
        source.event,
        uid=draft.event.uid,
        recurrence_id=moment.key,
        start=start.utc,
        end=end.utc,
        day=start.day,
        last_day=end.day if start.day else None,
        problems=problems,
    )
