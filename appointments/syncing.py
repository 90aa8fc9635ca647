"""The sync stage: poll the feeds that are due, and make the appointments what a complete calendar says.

Claim (a guarded UPDATE moves the next poll on), commit, talk to the world, then write in one transaction if the claim
still holds. A feed that fails keeps its appointments, its reason and a pause; nothing else happens.
"""

import gc
import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import connection

from appointments import fetch, hosts, ical, polling, remembering
from appointments.applying import Counts, apply
from appointments.claiming import Claim, claims, go_on, held
from appointments.fetch import Failed, NotModified, Validators
from appointments.matching import Rules, SummaryMode, fold, valid_phone
from appointments.models import Feed, FeedState
from appointments.rereading import Reading, reread
from practices import record, tenancy
from practices.models import Practice
from practices.nudge import nudge

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=30)
LOOK_AHEAD = timedelta(days=400)
NOTHING = Counts()
# From so many new appointments on it may pay to have Postgres count.
MANY = 1_000
# What a calendar that is applied changes of its feed, beside what every good poll does.
APPLIED = ("missing_ids", "kept_ids", "events", "written", "steady")
# Why a poll failed that ended in an error of ours.
UNEXPECTED = "unexpected"


class Ask(Protocol):
    """What `fetch.fetch` does."""

    def __call__(
        self, url: str, *, validators: Validators, allowed_addresses: Collection[str], now: datetime
    ) -> fetch.Response: ...


@dataclass(frozen=True, kw_only=True)
class FeedReport:
    """What became of one poll: "applied", "unchanged", "failed", "deferred" (its host is given a rest) or
    "lost" (somebody else has the feed)."""

    feed_id: int
    outcome: str
    reason: str = ""
    counts: Counts = NOTHING


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    feeds: tuple[FeedReport, ...] = ()

    @property
    def changed(self) -> bool:
        return any(one.counts.anything for one in self.feeds)


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """How the server answered: HTTP status (None: not at all), how long it took, how much came."""

    status: int | None = None
    duration_ms: int | None = None
    bytes: int = 0

    def fields(self) -> dict[str, int | None]:
        return {"last_status": self.status, "last_duration_ms": self.duration_ms, "last_bytes": self.bytes}


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What a poll brought: a wait for the host's sake, a failure's reason, the same as before, or what was found."""

    heard: _Heard = _Heard()
    wait: timedelta | None = None
    reason: str = ""
    retry_after: int | None = None
    found: Reading | None = None
    validators: Validators | None = None
    body_hash: str = ""

    @property
    def says_nothing_new(self) -> bool:
        return self.found is None and self.wait is None and not self.reason


def sync_due_feeds(*, practice_id: int, now: datetime, ask: Ask = fetch.fetch) -> SyncReport:
    """Polls the due feeds of a practice, one after the other. Opens its own scopes; none may be open. `ask` is what
    talks to the world (the benchmark has its calendars in memory)."""
    tenancy.forbid_scope()
    return SyncReport(
        feeds=tuple(
            _sync(claim, practice_id=practice_id, ask=ask, now=now)
            for claim in claims(practice_id=practice_id, now=now)
        )
    )


def _sync(claim: Claim, *, practice_id: int, ask: Ask, now: datetime) -> FeedReport:
    feed_id = claim.feed.id
    try:
        answer = _poll(claim, ask=ask, now=now)
        report = _write(claim, answer, practice_id=practice_id, now=now)
    except Exception as error:  # whatever one calendar sets off, the others are read; ids only in the log
        logger.error("feed %s ended in %s", feed_id, type(error).__name__)
        report = _write(claim, _Answer(reason=UNEXPECTED), practice_id=practice_id, now=now)
    logger.info("synced feed=%s outcome=%s reason=%s", feed_id, report.outcome, report.reason)
    return report


def _write(claim: Claim, answer: _Answer, *, practice_id: int, now: datetime) -> FeedReport:
    with tenancy.scope(practice_id):
        report = _finish(claim, answer, now=now)
        if report.counts.anything:
            nudge(stage="cases", practice_id=practice_id)
    if report.counts.created >= MANY:
        with tenancy.scope(practice_id):
            _count_anew(report.counts.created)
    return report


def _count_anew(created: int) -> None:
    """A first import outgrows what Postgres knows of its tables: what reads them next, as the cases do at once, would look
    through all rows of the practice for each. It counts by itself once a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT treffa_analyze_appointments(%s)", [created])


def rules_of(feed: Feed, *, practice: Practice) -> Rules:
    """The feed's rules as the pure modules take them. Unknown or malformed parts are left out."""
    kept = feed.rules if isinstance(feed.rules, dict) else {}
    mode = kept.get("summary", "")
    rules = Rules(
        summary=SummaryMode(mode) if mode in set(SummaryMode) else SummaryMode.AUTO,
        labels=tuple((str(name), str(label)) for name, label in kept.get("labels", [])),
        absences=tuple(str(word) for word in kept.get("absences", []) if fold(str(word))),
        country=practice.country,
        practitioner=feed.practitioner,
        own_contacts=frozenset(filter(None, [valid_phone(practice.phone, country=practice.country)])),
    )
    separators = tuple(str(text) for text in kept.get("separators", []) if text)
    return replace(rules, separators=separators) if separators else rules


def window_at(now: datetime) -> ical.Window:
    """The span in which appointments are Treffa's business."""
    return ical.Window(start=now - LOOK_BACK, end=now + LOOK_AHEAD)


# Polling: no transaction is open here


def _poll(claim: Claim, *, ask: Ask, now: datetime) -> _Answer:
    url = claim.url()
    host = fetch.endpoint(url)
    turn = hosts.turn(host, now=now)
    if not turn.now:
        return _Answer(wait=turn.wait)
    begun = time.monotonic()
    response = ask(
        url,
        validators=claim.validators,
        allowed_addresses=settings.FEED_ALLOWED_ADDRESSES,
        now=now,
    )
    heard = _heard(response, seconds=time.monotonic() - begun)
    hosts.answered(host, response, before=turn, now=now)
    if isinstance(response, Failed):
        return _Answer(heard=heard, reason=response.reason.value, retry_after=response.retry_after)
    if isinstance(response, NotModified):
        return _Answer(heard=heard, validators=claim.validators, body_hash=claim.body_hash)
    body = ical.Body(response.content)
    if body.hash == claim.body_hash:
        return _Answer(heard=heard, validators=response.validators, body_hash=body.hash)
    try:
        found = _read(claim, body, now=now)
    except ical.CalendarRefusedError as refused:
        return _Answer(heard=heard, reason=refused.refusal.value)
    return _Answer(heard=heard, found=found, validators=response.validators, body_hash=body.hash)


def _read(claim: Claim, body: ical.Body, *, now: datetime) -> Reading:
    window, memory = window_at(now), remembering.NO_MEMORY
    if not claim.anew:
        with tenancy.scope(claim.feed.practice_id):
            memory = remembering.recall(feed_id=claim.feed.id, window=window)
    return reread(body, memory=memory, zone=claim.feed.zone, window=window)


def _heard(response: fetch.Response, *, seconds: float) -> _Heard:
    took = round(seconds * 1000)
    if isinstance(response, Failed):
        return _Heard(status=response.status, duration_ms=took)
    if isinstance(response, NotModified):
        return _Heard(status=304, duration_ms=took)
    return _Heard(status=200, duration_ms=took, bytes=len(response.content))


# Writing


def _finish(claim: Claim, answer: _Answer, *, now: datetime) -> FeedReport:
    """Writes the outcome if the claim still holds; else somebody else has polled in the meantime."""
    nothing_new = answer.says_nothing_new and claim.well
    if nothing_new and go_on(claim, _good(claim, answer, now=now), now=now):
        return FeedReport(feed_id=claim.feed.id, outcome="unchanged")
    ours = held(claim).select_related("practice").defer("blocks")
    feed = ours.select_for_update(of=("self",), no_key=True).first()
    if feed is None:
        return FeedReport(feed_id=claim.feed.id, outcome="lost")
    if answer.wait is not None:
        feed.next_poll_at = polling.after_waiting(feed_id=feed.pk, wait=answer.wait, now=now)
        feed.save(update_fields=["next_poll_at"])
        return FeedReport(feed_id=feed.pk, outcome="deferred")
    if answer.reason:
        return _fail(feed, answer, now=now)
    counts = NOTHING
    if answer.found is not None:
        with _without_collecting():
            counts = _apply(feed, claim, answer.found, now=now)
    elif feed.state == FeedState.FAILING:
        feed.state = FeedState.ACTIVE
    _recover(feed, claim, answer, now=now)
    outcome = "unchanged" if answer.found is None else "applied"
    return FeedReport(feed_id=feed.pk, outcome=outcome, counts=counts)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A first import makes many thousand objects and throws none away: to look for rubbish among them again and again
    took a twentieth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _apply(feed: Feed, claim: Claim, found: Reading, *, now: datetime) -> Counts:
    """What was found, written and remembered as the claim understood it: the next poll sees if that changed meanwhile."""
    rules = rules_of(feed, practice=feed.practice)
    applied = apply(
        feed=feed,
        found=found,
        rules=rules,
        window=window_at(now),
        to_settle=claim.feed.to_settle,
        now=now,
    )
    remembering.remember(
        feed,
        kept=found.kept,
        entries=applied.entries,
        dropped=None if found.loose is None else found.dropped,
        written=applied.remembered,
        understanding=claim.feed.understanding,
        head=found.head,
    )
    feed.events = found.events
    return applied.counts


def _good(claim: Claim, answer: _Answer, *, now: datetime) -> dict[str, Any]:
    """What every good poll changes of a feed."""
    validators = answer.validators or claim.feed.validators
    changes: dict[str, Any] = {
        "last_good_at": now,
        "next_poll_at": polling.next_poll(feed_id=claim.feed.id, now=now),
        "body_hash": answer.body_hash,
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        **answer.heard.fields(),
    }
    if claim.anew:
        changes["unconditional_at"] = now
    return changes


def _recover(feed: Feed, claim: Claim, answer: _Answer, *, now: datetime) -> None:
    if feed.problem:
        record.write(record.Entry(event="feed.recovered", at=now, data={"feed": feed.pk}))
    feed.problem, feed.failures = "", 0
    changes = _good(claim, answer, now=now)
    for name, value in changes.items():
        setattr(feed, name, value)
    feed.save(update_fields=["state", "problem", "failures", *APPLIED, *changes])


def _fail(feed: Feed, answer: _Answer, *, now: datetime) -> FeedReport:
    """Keeps the reason and makes a pause. Appointments stay as they are."""
    if feed.problem != answer.reason:
        data = {"feed": feed.pk, "reason": answer.reason}
        record.write(record.Entry(event="feed.failed", at=now, data=data))
    heard = answer.heard.fields()
    for name, value in heard.items():
        setattr(feed, name, value)
    feed.problem = answer.reason
    feed.failures += 1
    if feed.state == FeedState.ACTIVE:
        feed.state = FeedState.FAILING
    feed.next_poll_at = polling.after_failure(
        feed_id=feed.pk, failures=feed.failures, retry_after=answer.retry_after, now=now
    )
    feed.save(update_fields=["problem", "failures", "state", "next_poll_at", *heard])
    return FeedReport(feed_id=feed.pk, outcome="failed", reason=answer.reason)
