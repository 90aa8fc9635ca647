"""What staff decide about feeds: add, name, pause, read now, take away; and what a frozen one no longer shows."""

from datetime import datetime, timedelta

from appointments import sharing
from appointments.cancelling import cancel
from appointments.fetch import normal
from appointments.fetch.addresses import may_be_asked
from appointments.models import Appointment, Feed, FeedState, OwnTime, QuarantinedEvent
from appointments.operations.invalid import InvalidInputError
from appointments.queries import feeds_read_again, silent_feeds
from practices import record, tenancy, vault
from practices.models import Practice
from practices.nudge import nudge

LONGEST_NAME = 120


def add_feed(
    *,
    name: str,
    url: str,
    by: record.Actor,
    now: datetime,
    practitioner: str = "",
    rules: dict[str, object] | None = None,
    allowed_addresses: frozenset[str] = frozenset(),
) -> Feed:
    """A feed that is polled from now on. The link is sealed. InvalidInputError for a link that may not be asked."""
    url = normal(url)
    if not may_be_asked(url, allowed=frozenset(address.lower() for address in allowed_addresses)):
        raise InvalidInputError(field="url", code="bad_address")
    practice = Practice.objects.get()
    feed = Feed.objects.create(
        practice=practice,
        name=name,
        practitioner=practitioner,
        sealed_url=vault.seal(key=practice.key(), plaintext=url.encode(), context="feed-url"),
        url_ending=ending(url),
        rules=rules or {},
        next_poll_at=now,
        watched_from=now,
    )
    record.write(record.Entry(event="feed.added", at=now, actor=by, data={"feed": feed.pk}))
    nudge(stage="sync", practice_id=practice.pk)
    return feed


def ending(url: str) -> str:
    """The four letters by which people tell links apart, before the ending that all have."""
    return url.removesuffix(".ics")[-4:]


def poll_now(*, feed_id: int, now: datetime) -> bool:
    """Has a feed polled at once, wholly. False if it is paused or gone."""
    done = Feed.objects.filter(pk=feed_id).exclude(state=FeedState.PAUSED)
    if not done.update(**wholly(now)):
        return False
    nudge(stage="sync", practice_id=tenancy.current())
    return True


def confirm_missing(*, feed_id: int, by: record.Actor, now: datetime, shown: str = "") -> int | None:
    """Staff say that what a frozen feed no longer shows is cancelled. Returns how many were; None if the feed is not
    frozen, or if meanwhile others are missing than they were `shown` (`Feed.missing_code`)."""
    feed = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
    if feed.state != FeedState.FROZEN or (shown and shown != feed.missing_code):
        return None
    sharing.take_turn()
    cancelled = cancel(ids=feed.missing_ids, reason="confirmed", actor=by, now=now)
    _thaw(feed, now=now)
    data = {"feed": feed.pk, "cancelled": cancelled}
    record.write(record.Entry(event="feed.missing_confirmed", at=now, actor=by, data=data))
    nudge(stage="cases", practice_id=tenancy.current())
    return cancelled


def dismiss_missing(*, feed_id: int, by: record.Actor, now: datetime) -> bool:
    """Staff say that it was an error: nothing is cancelled, and nobody is asked again as long as these are missing."""
    feed = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
    if feed.state != FeedState.FROZEN:
        return False
    sharing.take_turn()
    Appointment.objects.filter(pk__in=feed.missing_ids).update(absent_since=None)
    feed.kept_ids = sorted({*feed.kept_ids, *feed.missing_ids})
    _thaw(feed, now=now)
    record.write(record.Entry(event="feed.missing_dismissed", at=now, actor=by, data={"feed": feed.pk}))
    return True


def ask_again(*, feed_id: int, by: record.Actor, now: datetime) -> bool:
    """Takes back that what is missing is an error: it counts again, and staff are asked where it is much. False if nothing
    was said of the feed."""
    found = Feed.objects.filter(pk=feed_id).exclude(kept_ids=[])
    if not found.update(kept_ids=[], **wholly(now)):
        return False
    _note("feed.missing_asked_again", feed_id, by=by, now=now)
    nudge(stage="sync", practice_id=tenancy.current())
    return True


def _thaw(feed: Feed, *, now: datetime) -> None:
    feed.state = FeedState.FAILING if feed.problem else FeedState.ACTIVE
    feed.missing_ids = []
    anew = wholly(min(feed.next_poll_at, now + timedelta(minutes=5)))
    for name, value in anew.items():
        setattr(feed, name, value)
    feed.save(update_fields=["state", "missing_ids", "kept_ids", *anew])


def rename_feed(*, feed_id: int, name: str, practitioner: str, by: record.Actor, now: datetime) -> bool:
    """What the calendar is called, and whose it is. InvalidInputError for an empty name; False if it is gone."""
    name = plain(name)[:LONGEST_NAME]
    if not name:
        raise InvalidInputError(field="name", code="empty")
    found = Feed.objects.filter(pk=feed_id, removed_at=None)
    if not found.update(name=name, practitioner=plain(practitioner)[:LONGEST_NAME]):
        return False
    _note("feed.renamed", feed_id, by=by, now=now)
    return True


def pause_feed(*, feed_id: int, by: record.Actor, now: datetime) -> bool:
    """Stops the polling; appointments stay as they are. A frozen feed is decided first: False."""
    found = Feed.objects.filter(pk=feed_id).exclude(state__in=(FeedState.PAUSED, FeedState.FROZEN))
    if not found.update(state=FeedState.PAUSED):
        return False
    sharing.leave(feed_id, now=now)
    _note("feed.paused", feed_id, by=by, now=now)
    return True


def resume_feed(*, feed_id: int, by: record.Actor, now: datetime) -> bool:
    """Polls again, wholly and at once. How long nothing was read counts from now. False if it is not paused."""
    found = Feed.objects.filter(pk=feed_id, state=FeedState.PAUSED, removed_at=None)
    if not found.update(state=FeedState.ACTIVE, problem="", failures=0, watched_from=now, **wholly(now)):
        return False
    _note("feed.resumed", feed_id, by=by, now=now)
    nudge(stage="sync", practice_id=tenancy.current())
    return True


def remove_feed(*, feed_id: int, by: record.Actor, now: datetime) -> bool:
    """Forgets the link and never polls again. The appointments stay as they were last read: to call them off would tell
    patients so. False if it was removed before."""
    found = Feed.objects.filter(pk=feed_id, removed_at=None)
    gone = {
        "sealed_url": b"",
        "url_ending": "",
        "blocks": b"",
        "missing_ids": [],
        "kept_ids": [],
        "problem": "",
    }
    if not found.update(state=FeedState.PAUSED, removed_at=now, failures=0, **gone):
        return False
    sharing.leave(feed_id, now=now)
    Appointment.objects.filter(feed=feed_id).update(absent_since=None)
    QuarantinedEvent.objects.filter(feed=feed_id).delete()
    OwnTime.objects.filter(feed=feed_id).delete()
    _note("feed.removed", feed_id, by=by, now=now)
    return True


def sound_alarm(*, feed_id: int, now: datetime) -> bool:
    """Decides that somebody is told of an outage. False if that was decided before: once an outage."""
    if not silent_feeds(now=now).filter(pk=feed_id).update(alarmed_at=now):
        return False
    record.write(record.Entry(event="feed.alarm", at=now, data={"feed": feed_id}))
    return True


def end_alarm(*, feed_id: int, now: datetime) -> bool:
    """Decides that the end of an outage is told. False if that was decided before."""
    if not feeds_read_again().filter(pk=feed_id).update(alarmed_at=None):
        return False
    record.write(record.Entry(event="feed.alarm_over", at=now, data={"feed": feed_id}))
    return True


def plain(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def wholly(now: datetime) -> dict[str, object]:
    """The next poll is at once, and as if it were the first."""
    return {
        "next_poll_at": now,
        **dict.fromkeys(("etag", "last_modified", "body_hash", "head_hash"), ""),
        "blocks": b"",
    }


def _note(event: str, feed_id: int, *, by: record.Actor, now: datetime) -> None:
    record.write(record.Entry(event=event, at=now, actor=by, data={"feed": feed_id}))
