"""A manager looks at a calendar before it is added, gets other rules or another link."""

from datetime import datetime
from typing import Any

from django.conf import settings

from appointments.fetch import normal
from appointments.fetch.addresses import may_be_asked
from appointments.models import Appointment, Feed, FeedState, FeedTrial, TrialPurpose
from appointments.operations.feeds import LONGEST_NAME, add_feed, ending, plain, wholly
from appointments.operations.invalid import InvalidInputError
from appointments.trial import KEPT_FOR
from practices import clock, record, tenancy, vault
from practices.models import Practice
from practices.nudge import nudge


def begin_trial(
    *,
    purpose: TrialPurpose,
    user_id: int,
    now: datetime,
    url: str = "",
    name: str = "",
    feed: Feed | None = None,
) -> FeedTrial:
    """Has a calendar looked at; a look of the same person before is forgotten. InvalidInputError("url") for a link that
    may not be asked ("bad_address") or is read already ("known")."""
    practice = Practice.objects.get()
    same_link = purpose == TrialPurpose.RULES
    url = feed.url() if feed is not None and same_link else _checked(url, instead_of=feed)
    FeedTrial.objects.filter(user_id=user_id).delete()
    trial = FeedTrial.objects.create(
        practice=practice,
        user_id=user_id,
        purpose=purpose,
        feed=feed,
        sealed_url=vault.seal(key=practice.key(), plaintext=url.encode(), context="feed-url"),
        name=plain(name)[:LONGEST_NAME] or (feed.name if feed else ""),
        practitioner=feed.practitioner if feed else "",
        rules=feed.rules if feed else {},
        due_at=now,
        expires_at=now + clock.real(KEPT_FOR),
    )
    nudge(stage="look", practice_id=practice.pk)
    return trial


def keep_draft(*, trial_id: int, name: str, practitioner: str, rules: dict[str, Any]) -> bool:
    """Remembers what was typed on the page of a look, so that nothing is lost. False if it is gone."""
    typed = {"name": plain(name)[:LONGEST_NAME], "practitioner": plain(practitioner)[:LONGEST_NAME]}
    return bool(FeedTrial.objects.filter(pk=trial_id).update(rules=rules, **typed))


def accept_trial(*, trial_id: int, by: record.Actor, now: datetime) -> Feed | None:
    """Makes true what was looked at, once; whoever comes again gets what became of it. None if the look is gone.
    InvalidInputError for a calendar without a name."""
    held = FeedTrial.objects.select_for_update(of=("self",)).select_related("practice", "feed")
    trial = held.filter(pk=trial_id, due_at=None, reason="").first()
    if trial is None or trial.accepted_at is not None:
        return trial.feed if trial else None
    if not trial.name:
        raise InvalidInputError(field="name", code="empty")
    feed = _add(trial, by=by, now=now) if trial.feed is None else _change(trial, trial.feed, by=by, now=now)
    if feed is not None:
        done = {"feed": feed, "accepted_at": now, "sealed_url": b"", "sealed_found": None}
        FeedTrial.objects.filter(pk=trial.pk).update(**done)
    return feed


def replace_link(*, trial_id: int, feed_id: int, by: record.Actor, now: datetime) -> Feed | None:
    """What was looked at as a new calendar is one that is known, with another link: it keeps its name, its rules and its
    appointments, and is read by that from now on. None if the look, or the calendar, is gone."""
    feed = Feed.objects.filter(pk=feed_id, removed_at=None).first()
    held = FeedTrial.objects.filter(pk=trial_id, purpose=TrialPurpose.ADD, accepted_at=None)
    if feed is None or not held.update(
        purpose=TrialPurpose.LINK,
        feed=feed,
        name=feed.name,
        practitioner=feed.practitioner,
        rules=feed.rules,
    ):
        return None
    return accept_trial(trial_id=trial_id, by=by, now=now)


def _add(trial: FeedTrial, *, by: record.Actor, now: datetime) -> Feed:
    return add_feed(
        name=trial.name,
        url=_checked(trial.url(), instead_of=None),
        practitioner=trial.practitioner,
        rules=trial.rules,
        by=by,
        now=now,
        allowed_addresses=frozenset(settings.FEED_ALLOWED_ADDRESSES),
    )


def _change(trial: FeedTrial, feed: Feed, *, by: record.Actor, now: datetime) -> Feed | None:
    """Reads the whole calendar again by the new rules, or by the new link: what it holds is compared as always."""
    fresh = {"name": trial.name, "practitioner": trial.practitioner, "rules": trial.rules, **wholly(now)}
    found = Feed.objects.filter(pk=feed.pk)
    if trial.purpose == TrialPurpose.LINK:
        fresh |= {
            "sealed_url": bytes(trial.sealed_url),
            "url_ending": ending(trial.url()),
            "watched_from": now,
        }
        # What the old link no longer showed, and why, says nothing of the new one.
        fresh |= {
            "removed_at": None,
            "failures": 0,
            "problem": "",
            "missing_ids": [],
            "kept_ids": [],
            "written": 0,
            "steady": False,
        }
        fresh |= {"state": FeedState.ACTIVE}
        Appointment.objects.filter(feed=feed, absent_since__isnull=False).update(absent_since=None)
    else:
        found = found.filter(removed_at=None)
    if not found.update(**fresh):
        return None
    event = "feed.link_replaced" if trial.purpose == TrialPurpose.LINK else "feed.rules_changed"
    record.write(record.Entry(event=event, at=now, actor=by, data={"feed": feed.pk}))
    nudge(stage="sync", practice_id=tenancy.current())
    return Feed.objects.get(pk=feed.pk)


def _checked(url: str, *, instead_of: Feed | None) -> str:
    """The link in its one form."""
    url = normal(url.strip())
    allowed = frozenset(address.lower() for address in settings.FEED_ALLOWED_ADDRESSES)
    if not may_be_asked(url, allowed=allowed):
        raise InvalidInputError(field="url", code="bad_address")
    others = (
        Feed.objects.filter(removed_at=None)
        .select_related("practice")
        .exclude(pk=instead_of.pk if instead_of else 0)
    )
    if any(other.url() == url for other in others):
        raise InvalidInputError(field="url", code="known")
    return url
