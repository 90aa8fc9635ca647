"""Times as staff say them: "tomorrow, 08:00", "in 3 days", "since yesterday, 18:00". Pure: `now` is a parameter, the
zone is the active one (the practice's)."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_MINUTE, _HOUR = 60, 3600


def moment(when: datetime, *, now: datetime) -> str:
    """ "today, 18:00", "yesterday, 18:00", "Thu 26 Nov, 10:20"."""
    return _("%(day)s, %(time)s") % {"day": day(when, now=now), "time": clock_time(when)}


def day(when: datetime, *, now: datetime) -> str:
    """ "today", "tomorrow", "Thu 26 Nov"; with the year where it is another one."""
    local, today = timezone.localtime(when).date(), timezone.localtime(now).date()
    near = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}
    distance = (local - today).days
    if distance in near:
        return near[distance]
    # Translators: a date format of Django, weekday, day and month; then the same with the year
    return date_format(local, _("D j M") if local.year == today.year else _("D j M Y"))


def clock_time(when: datetime) -> str:
    """ "18:00" in the practice's zone."""
    return date_format(timezone.localtime(when), "H:i")


def days_between(when: datetime, *, now: datetime) -> int:
    """Calendar days from now until then in the practice's zone; negative for the past."""
    return (timezone.localtime(when).date() - timezone.localtime(now).date()).days


def until(when: datetime, *, now: datetime) -> str:
    """ "in 3 days", "tomorrow", "in 2 hours", "in 20 minutes", "over"."""
    seconds = (when - now).total_seconds()
    days = days_between(when, now=now)
    if seconds <= 0:
        return _("over")
    if days == 0:
        return _in_hours(seconds)
    if days == 1:
        return _("tomorrow")
    return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}


def deadline(when: datetime, *, now: datetime) -> str:
    """ "by today, 18:00", "in 3 days, by Thu 26 Nov", "since yesterday, 18:00"."""
    if when <= now:
        return _("since %(moment)s") % {"moment": moment(when, now=now)}
    if days_between(when, now=now) < 2:
        return _("by %(moment)s") % {"moment": moment(when, now=now)}
    return _("%(until)s, by %(day)s") % {"until": until(when, now=now), "day": day(when, now=now)}


def ago(when: datetime, *, now: datetime) -> str:
    """ "just now", "24 minutes ago", "3 hours ago" on the same day, else the moment."""
    seconds = (now - when).total_seconds()
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        minutes = int(seconds // _MINUTE)
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if days_between(when, now=now) == 0:
        hours = int(seconds // _HOUR)
        return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return moment(when, now=now)


def _in_hours(seconds: float) -> str:
    if seconds < _HOUR:
        minutes = max(1, int(seconds // _MINUTE))
        return ngettext("in %(n)s minute", "in %(n)s minutes", minutes) % {"n": minutes}
    hours = int(seconds // _HOUR)
    return ngettext("in %(n)s hour", "in %(n)s hours", hours) % {"n": hours}
