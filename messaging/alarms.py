"""The alarm stage: a calendar that nobody could read for an hour is told to the managers by mail, once an outage, and so is
its end.

That it is told is decided with the mails in one transaction; the deliver stage sends them like all that is written down.
They hold the calendar's name, since when, and the way to its page."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from appointments import operations
from appointments import queries as calendars
from appointments.models import Feed, FeedState
from messaging.operations.writing import queue_staff_notice
from practices import queries, tenancy
from practices.models import Membership, Role

# (subject, what happened, what stands before the link) in the language that is active.
Words = Callable[[Feed], tuple[str, str, str]]


def sound(*, practice_id: int, now: datetime) -> None:
    """Writes down what a practice is to be told."""
    with tenancy.scope(practice_id):
        for feed in calendars.feeds_read_again():
            if operations.end_alarm(feed_id=feed.pk, now=now):
                _write(feed, _over, key=f"read-again:{feed.pk}:{feed.alarmed_at}", now=now)
        for feed in calendars.silent_feeds(now=now):
            since = calendars.last_heard(feed)
            if since is not None and operations.sound_alarm(feed_id=feed.pk, now=now):
                _write(feed, _silent, key=f"silent:{feed.pk}:{since.isoformat()}", now=now)


def _write(feed: Feed, words: Words, *, key: str, now: datetime) -> None:
    practice = queries.current_practice()
    with timezone.override(practice.time_zone), translation.override(practice.language):
        subject, said, then = words(feed)
        link = f"{settings.PUBLIC_URL}{reverse('dashboard:feed', args=[feed.pk])}"
        text = "\n\n".join([gettext("Hello,"), said, f"{then}\n{link}", practice.name])
    for member in _told():
        queue_staff_notice(
            address=member.user.email,
            language=practice.language,
            subject=subject,
            text=text,
            dedupe_key=f"{key}:{member.user_id}",
            case_id=None,
            now=now,
        )


def _told() -> list[Membership]:
    """The managers; where none can be written to, everybody who works."""
    return _reachable(Role.MANAGER) or _reachable(Role.PHYSICIAN, Role.STAFF)


def _reachable(*roles: Role) -> list[Membership]:
    return [member for member in queries.members(*roles) if member.user.email]


def _silent(feed: Feed) -> tuple[str, str, str]:
    said = _said(feed)
    subject = gettext("Calendar “%(name)s” can't be read")
    body = gettext(
        "the calendar “%(name)s” was last read on %(date)s at %(time)s. Since then nothing that is booked, moved or "
        "cancelled in Doctolib arrives. The appointments stay as they were; Treffa keeps trying."
    )
    if feed.last_good_at is None:
        body = gettext(
            "the calendar “%(name)s” was added on %(date)s at %(time)s and could not be read since. Nothing of it has "
            "arrived yet; Treffa keeps trying."
        )
    return subject % said, body % said, gettext("What is wrong and what can be done:")


def _over(feed: Feed) -> tuple[str, str, str]:
    said = _said(feed)
    subject = gettext("Calendar “%(name)s” is read again")
    body = gettext(
        "the calendar “%(name)s” could be read again on %(date)s at %(time)s. What was booked, moved or cancelled in "
        "Doctolib meanwhile has arrived; nothing needs to be done."
    )
    if feed.state == FeedState.FROZEN:
        body = gettext(
            "the calendar “%(name)s” could be read again on %(date)s at %(time)s. Many of its appointments are missing: "
            "Treffa has cancelled nothing and asks you to decide."
        )
    return subject % said, body % said, gettext("How it is read:")


def _said(feed: Feed) -> dict[str, str]:
    """The calendar's name and when it was last read, or first tried; in the zone that is active."""
    local = timezone.localtime(calendars.last_heard(feed))
    date, time = formats.date_format(local, gettext("l, j F")), formats.time_format(local, "H:i")
    return {"name": feed.name, "date": date, "time": time}
