"""Calendars in plain words: their states, why one can't be read, why one of its entries can't."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Feed, FeedState
from treffa.dashboard.readiness import Look

# appointments.fetch.request.Reason and appointments.ical.blocks.Refusal in plain words
_PROBLEMS: Mapping[str, str | Promise] = {
    "unexpected": gettext_lazy("Treffa stumbled over this calendar. It is written in our log, we will look."),
    "not_found": gettext_lazy("Doctolib no longer knows this link. It may have been renewed there."),
    "denied": gettext_lazy("Doctolib refuses this link. It may have been renewed there."),
    "html": gettext_lazy("There is a web page behind the link, not a calendar."),
    "not_a_calendar": gettext_lazy("What is behind the link is not a calendar."),
    "empty": gettext_lazy("The answer was empty."),
    "cut_off": gettext_lazy("The calendar arrived incomplete."),
    "unbalanced": gettext_lazy("The calendar arrived incomplete."),
    "too_large": gettext_lazy("The calendar is too large."),
    "too_costly": gettext_lazy("The calendar takes too long to read."),
    "deadline": gettext_lazy("Doctolib does not answer in time."),
    "unreachable": gettext_lazy("Doctolib can't be reached."),
    "insecure": gettext_lazy("The connection to Doctolib is not secure."),
    "server_error": gettext_lazy("Doctolib reports an error of its own."),
    "throttled": gettext_lazy("Doctolib asks us to wait."),
    "stale": gettext_lazy("It has not been looked at for more than an hour."),
    "bad_address": gettext_lazy("The link can't be right: it is no address."),
    "forbidden_address": gettext_lazy("The link can't be right: it leads to an address that is not public."),
}
_UNREADABLE: str | Promise = gettext_lazy("The calendar can't be read at the moment.")

# Reasons of appointments.ical.Quarantined, and what to do
_ENTRY = gettext_lazy("Open it in Doctolib and save it again.")
_SERIES = gettext_lazy("Book the appointments of this series one by one in Doctolib.")
_REASONS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "empty": (
        gettext_lazy("It says nothing: no title, no text."),
        gettext_lazy("Add the patient's name in Doctolib."),
    ),
    "unbalanced": (gettext_lazy("It arrived incomplete."), _ENTRY),
    "unknown_zone": (gettext_lazy("Its time is in a time zone that nobody knows."), _ENTRY),
    "date_missing": (gettext_lazy("It has no date."), _ENTRY),
    "start_missing": (gettext_lazy("It has no beginning."), _ENTRY),
    "start_twice": (gettext_lazy("It begins at two times."), _ENTRY),
    "date_unreadable": (gettext_lazy("Its date can't be read."), _ENTRY),
    "date_out_of_range": (gettext_lazy("Its date is too far away to be true."), _ENTRY),
    "duration_unreadable": (gettext_lazy("How long it takes can't be read."), _ENTRY),
    "uid_twice": (gettext_lazy("Two different entries have the same number."), _ENTRY),
    "recurrence_unsupported": (
        gettext_lazy("Its repetition is of a kind that Treffa doesn't follow."),
        _SERIES,
    ),
    "recurrence_unreadable": (gettext_lazy("How it repeats can't be read."), _SERIES),
    "recurrence_interval": (gettext_lazy("How it repeats can't be right."), _SERIES),
    "recurrence_budget": (gettext_lazy("It repeats too often to be appointments."), _SERIES),
}

_LOOKS: Mapping[str, Look] = {
    FeedState.ACTIVE: Look(css="is-ready", icon="circle-check", word=gettext_lazy("Read regularly")),
    FeedState.FAILING: Look(css="is-overdue", icon="wifi-off", word=gettext_lazy("Can't be read")),
    FeedState.FROZEN: Look(css="is-risk", icon="calendar-x", word=gettext_lazy("Held: decide")),
    FeedState.PAUSED: Look(css="is-off", icon="circle-pause", word=gettext_lazy("Paused")),
}
_FIRST = Look(css="is-waiting", icon="hourglass", word=gettext_lazy("Being read for the first time"))
_STALE = Look(css="is-overdue", icon="clock-alert", word=gettext_lazy("Not read for an hour"))


def problem(code: str) -> str:
    """Why a calendar can't be read."""
    return str(_PROBLEMS.get(code, _UNREADABLE))


def reason(code: str) -> tuple[str, str]:
    """(why an entry can't be read, what to do)."""
    why, mend = _REASONS.get(code, (_("It can't be read."), _ENTRY))
    return str(why), str(mend)


def look(feed: Feed, *, code: str) -> Look:
    """The state of a calendar; `code` is its problem, as `queries.feed_problems` names it."""
    if feed.state == FeedState.ACTIVE and code == "stale":
        return _STALE
    if feed.state == FeedState.ACTIVE and feed.last_good_at is None:
        return _FIRST
    return _LOOKS[feed.state]
