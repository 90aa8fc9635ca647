"""Which feeds are due, and whose turn it is to poll them: a claim moves a feed's next poll on, and holds for a while.

The statements of every poll are written by hand: many times a second, to have them made anew took longer than all
else that a poll does when nothing changed. Row-level security holds for them as for any.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from appointments import polling
from appointments.fetch import Validators
from appointments.models import Feed, FeedState
from appointments.remembering import VERSION
from practices import clock, tenancy, vault

# A poll that takes longer has lost its feed to the next.
LEASE = timedelta(minutes=2)
WHOLE_EVERY = timedelta(hours=6)

DUE = """
SELECT feed.id, feed.state, feed.problem, feed.sealed_url, feed.next_poll_at, feed.etag, feed.last_modified,
       feed.body_hash, feed.unconditional_at, practice.wrapped_key, practice.time_zone,
       EXISTS (SELECT FROM appointments_appointment WHERE feed_id = feed.id AND absent_since IS NOT NULL),
       ARRAY(SELECT id FROM appointments_appointment WHERE feed_id = feed.id AND to_settle),
       feed.practice_id, left(feed.head_hash, 32),
       md5(concat_ws(chr(31), %(version)s::text, feed.rules, feed.practitioner,
           practice.time_zone, practice.country, practice.phone,
           (SELECT string_agg(concat_ws(chr(31), id, name, found_by_name, keywords), chr(30) ORDER BY id)
              FROM appointments_appointmenttype WHERE practice_id = feed.practice_id),
           (SELECT string_agg(concat_ws(chr(31), id, type_id), chr(30) ORDER BY id)
              FROM appointments_typetext WHERE practice_id = feed.practice_id)))
  FROM appointments_feed feed JOIN practices_practice practice ON practice.id = feed.practice_id
 WHERE feed.next_poll_at <= %(now)s AND feed.state <> 'paused'
 ORDER BY feed.next_poll_at
"""
CLAIM = """
UPDATE appointments_feed SET next_poll_at = %(until)s, last_attempt_at = %(now)s
 WHERE id = %(id)s AND next_poll_at = %(due_at)s AND etag = %(etag)s AND body_hash = %(body_hash)s AND state <> 'paused'
"""
GO_ON = """
UPDATE appointments_feed
   SET last_good_at = %(now)s, next_poll_at = %(next_poll_at)s, body_hash = %(body_hash)s, etag = %(etag)s,
       last_modified = %(last_modified)s, unconditional_at = coalesce(%(unconditional_at)s, unconditional_at),
       last_status = %(last_status)s, last_duration_ms = %(last_duration_ms)s, last_bytes = %(last_bytes)s
 WHERE id = %(id)s AND next_poll_at = %(until)s AND state = 'active' AND problem = ''
"""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A feed whose time has come, as it is before it is claimed. `understanding` is a hash over all that decides,
    beside its bytes, what becomes of an event; `understood` is the one with which the calendar was last read."""

    id: int
    state: str
    problem: str
    sealed_url: bytes
    due_at: datetime
    validators: Validators
    body_hash: str
    unconditional_at: datetime | None
    wrapped_key: bytes
    zone: str
    somebody_absent: bool
    to_settle: tuple[int, ...]
    """Its appointments for whose sake it has to be read again (`sharing`)."""
    practice_id: int
    understood: str
    understanding: str

    def wants_anew(self, *, now: datetime) -> bool:
        """Every few hours, as some servers say 304 for ever and series come into the window; and when an event means
        something else than before."""
        long_ago = self.unconditional_at is None or self.unconditional_at <= now - WHOLE_EVERY
        return long_ago or self.understood != self.understanding

    def wants_whole(self, *, now: datetime) -> bool:
        """Then too, and while somebody is absent, as only a complete calendar can say so a second time."""
        unsure = self.somebody_absent or bool(self.to_settle) or self.state == FeedState.FROZEN
        return unsure or self.wants_anew(now=now)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A feed that is ours until `until`: all that the poll needs, as no transaction is open while it runs.
    `whole`: the server is asked for everything, whatever it has said before; `anew`: and all of it is read."""

    feed: Due
    validators: Validators
    body_hash: str
    whole: bool
    anew: bool
    until: datetime

    @property
    def well(self) -> bool:
        return self.feed.state == FeedState.ACTIVE and not self.feed.problem

    def url(self) -> str:
        """The link itself."""
        key = vault.practice_key(self.feed.wrapped_key)
        return vault.unseal(key=key, sealed=self.feed.sealed_url, context="feed-url").decode()


def claims(*, practice_id: int, now: datetime) -> Iterator[Claim]:
    """The practice's due feeds, each claimed only when its turn comes, as those before may take long; in a scope
    that is closed when the claim is given. Those that somebody else has claimed meanwhile are left out."""
    with tenancy.scope(practice_id):
        found = due(now)
        claim = _claim(found[0], now=now) if found else None
    if claim is not None:
        yield claim
    for feed in found[1:]:
        with tenancy.scope(practice_id):
            claim = _claim(feed, now=now)
        if claim is not None:
            yield claim


def held(claim: Claim) -> QuerySet[Feed]:
    """The claimed feed, if the claim still holds."""
    ours = Feed.objects.filter(pk=claim.feed.id, next_poll_at=claim.until)
    return ours.exclude(state=FeedState.PAUSED)


def go_on(claim: Claim, changes: dict[str, Any], *, now: datetime) -> bool:
    """Writes a good poll that said nothing new, if the claim still holds and the feed is well."""
    given = {"unconditional_at": None, **changes, "now": now, "id": claim.feed.id, "until": claim.until}
    with connection.cursor() as cursor:
        cursor.execute(GO_ON, given)
        return bool(cursor.rowcount)


def due(now: datetime) -> list[Due]:
    """The due feeds of the practice in scope, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "version": VERSION})
        return [
            Due(
                id=row[0],
                state=row[1],
                problem=row[2],
                sealed_url=bytes(row[3]),
                due_at=row[4],
                validators=Validators(etag=row[5], last_modified=row[6]),
                body_hash=row[7],
                unconditional_at=row[8],
                wrapped_key=bytes(row[9]),
                zone=row[10],
                somebody_absent=row[11],
                to_settle=tuple(row[12]),
                practice_id=row[13],
                understood=row[14],
                understanding=row[15],
            )
            for row in cursor.fetchall()
        ]


def _claim(feed: Due, *, now: datetime) -> Claim | None:
    until = max(polling.next_poll(feed_id=feed.id, now=now), now + clock.real(LEASE))
    given: dict[str, Any] = {"id": feed.id, "due_at": feed.due_at, "until": until, "now": now}
    given |= {"etag": feed.validators.etag, "body_hash": feed.body_hash}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, given)
        if not cursor.rowcount:
            return None
    whole = feed.wants_whole(now=now)
    return Claim(
        feed=feed,
        validators=Validators() if whole else feed.validators,
        body_hash="" if whole else feed.body_hash,
        whole=whole,
        anew=feed.wants_anew(now=now),
        until=until,
    )
