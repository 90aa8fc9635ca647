"""The alarm stage: a calendar that nobody could read for an hour is told to the managers by mail, once an outage.

That it is told is decided with the mails in one transaction; the deliver stage sends them like all that is written down.
They hold the calendar's name, since when, and the way to its page."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from appointments import operations
from appointments import queries as calendars
from appointments.models import Feed
from messaging.operations.writing import queue_staff_notice
from practices import queries, tenancy
from practices.models import Membership, Practice, Role


def sound(*, practice_id: int, now: datetime) -> None:
    """Writes down the alarms of a practice that are due."""
    with tenancy.scope(practice_id):
        for feed in calendars.silent_feeds(now=now):
            since = calendars.last_heard(feed)
            if since is not None and operations.sound_alarm(feed_id=feed.pk, now=now):
                _write(feed, since=since, now=now)


def _write(feed: Feed, *, since: datetime, now: datetime) -> None:
    practice = queries.current_practice()
    with timezone.override(practice.time_zone), translation.override(practice.language):
        subject, text = _words(feed, since=since, practice=practice)
    for member in _told():
        queue_staff_notice(
            address=member.user.email,
            language=practice.language,
            subject=subject,
            text=text,
            dedupe_key=f"silent:{feed.pk}:{since.isoformat()}:{member.user_id}",
            case_id=None,
            now=now,
        )


def _told() -> list[Membership]:
    """The managers; where there are none, everybody who works."""
    return queries.members(Role.MANAGER) or queries.members(Role.PHYSICIAN, Role.STAFF)


def _words(feed: Feed, *, since: datetime, practice: Practice) -> tuple[str, str]:
    """Subject and text in the language that is active, times in the zone that is."""
    local = timezone.localtime(since)
    said = {
        "name": feed.name,
        "date": formats.date_format(local, "l, j. F"),
        "time": formats.time_format(local, "H:i"),
    }
    subject = gettext("Calendar “%(name)s” can't be read") % said
    body = gettext(
        "the calendar “%(name)s” was last read on %(date)s at %(time)s. Since then nothing that is booked, moved or "
        "cancelled in Doctolib arrives. The appointments stay as they were; Treffa keeps trying."
    )
    link = f"{settings.PUBLIC_URL}{reverse('dashboard:feed', args=[feed.pk])}"
    what = gettext("What is wrong and what can be done:")
    return subject, "\n\n".join([gettext("Hello,"), body % said, f"{what}\n{link}", practice.name])
