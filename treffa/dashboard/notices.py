"""Facts that nobody may miss, on top of the board, each with what to do about it."""

from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments import queries
from appointments.models import Feed
from appointments.queries import FeedProblem
from messaging.models import Message, MessageState
from practices.models import DailyHead, Role
from practices.queries import members
from treffa.dashboard import feed_words, plan_notices, relative, type_notices
from treffa.dashboard.notice import ITEMS, Missing, Notice, item

UNKNOWN_AFTER = timedelta(minutes=15)


def load(*, now: datetime) -> list[Notice]:
    """The notices of the practice in scope, by weight."""
    found = [_of_feed(problem, now=now) for problem in queries.feed_problems(now=now)]
    found += [*type_notices.load(now=now), *plan_notices.load(now=now), *_unnamed(now=now)]
    return [*found, *_unreadable(now=now), *_unknown_messages(now=now), *_unwitnessed()]


def _of_feed(problem: FeedProblem, *, now: datetime) -> Notice:
    return _frozen(problem, now=now) if problem.code == "frozen" else _failing(problem, now=now)


def _frozen(problem: FeedProblem, *, now: datetime) -> Notice:
    feed = problem.feed
    title = ngettext(
        "Calendar “%(name)s”: %(n)s of %(total)s appointments has disappeared",
        "Calendar “%(name)s”: %(n)s of %(total)s appointments have disappeared",
        problem.missing,
    )
    missing = queries.missing_appointments(feed)
    return Notice(
        kind="frozen",
        id=f"feed-{feed.pk}",
        css="is-risk",
        icon="calendar-x",
        title=title % {"name": feed.name, "n": problem.missing, "total": max(feed.events, problem.missing)},
        text=_(
            "They are gone from the calendar or stand there under another name. "
            "Treffa has cancelled nothing and keeps them until you decide."
        ),
        missing=missing_of(feed),
        items=[item(row, now=now) for row in missing[:ITEMS]],
        more=max(problem.missing - ITEMS, 0),
    )


def missing_of(feed: Feed) -> Missing:
    """What is to be decided of a frozen calendar."""
    told = Message.objects.filter(
        case__appointment__in=queries.missing_appointments(feed).order_by(),
        patient__isnull=False,
        state__in=(MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.OPENED),
    ).exclude(case__appointment__in=queries.held_elsewhere())
    return Missing(
        feed=feed,
        count=len(feed.missing_ids),
        told=told.values("case").distinct().count(),
    )


def _failing(problem: FeedProblem, *, now: datetime) -> Notice:
    name, since = problem.feed.name, problem.since
    if since is None:
        title = _("Calendar “%(name)s” has never been read") % {"name": name}
    else:
        when = relative.moment(since, now=now)
        title = _("Calendar “%(name)s” was last read %(when)s") % {"name": name, "when": when}
    why = feed_words.problem(problem.code)
    kept = _("The appointments stay as they were. Treffa keeps trying.")
    return Notice(
        kind="failing",
        id=f"unread-{problem.feed.pk}",
        css="is-overdue",
        icon="wifi-off",
        title=title,
        text=f"{why} {kept}",
    )


def _unnamed(*, now: datetime) -> list[Notice]:
    rows = list(queries.unnamed_appointments(now=now).filter(type__needs_nothing=False)[:ITEMS])
    if not rows:
        return []
    title = ngettext(
        "%(n)s appointment names nobody: nothing can be requested for it",
        "%(n)s appointments name nobody: nothing can be requested for them",
        len(rows),
    )
    return [
        Notice(
            kind="unnamed",
            id="unnamed",
            css="is-contact",
            icon="user-round-x",
            title=title % {"n": len(rows)},
            text=_("Add the patient's name in Doctolib; it is read at the next look."),
            items=[
                f"{relative.moment(row.start, now=now)} · {row.feed.name} · {row.summary}" for row in rows
            ],
        )
    ]


def _unreadable(*, now: datetime) -> list[Notice]:
    feeds = queries.quarantined().order_by().values("feed__id", "feed__name")
    return [
        Notice(
            kind="unreadable",
            id=f"unreadable-{row['feed__id']}",
            css="is-risk",
            icon="circle-alert",
            title=ngettext(
                "Calendar “%(name)s”: %(n)s entry can't be read",
                "Calendar “%(name)s”: %(n)s entries can't be read",
                row["n"],
            )
            % {"name": row["feed__name"], "n": row["n"]},
            text=_("First seen %(when)s. Open it in Doctolib and save it again; it is read at the next look.")
            % {"when": relative.moment(row["since"], now=now)},
        )
        for row in feeds.annotate(n=Count("id"), since=Min("seen_at")).order_by("feed__name")
    ]


def _unknown_messages(*, now: datetime) -> list[Notice]:
    count = Message.objects.filter(
        state=MessageState.UNKNOWN, created_at__lt=now - UNKNOWN_AFTER, case__isnull=False
    ).count()
    if not count:
        return []
    title = ngettext(
        "Of %(n)s message it is not known whether it went out",
        "Of %(n)s messages it is not known whether they went out",
        count,
    )
    return [
        Notice(
            kind="unknown",
            id="unknown-messages",
            css="is-risk",
            icon="message-square-warning",
            title=title % {"n": count},
            text=_(
                "Treffa asks the provider and sends nothing twice blindly. What stays open becomes a task."
            ),
        )
    ]


def _unwitnessed() -> list[Notice]:
    """The record's daily heads go to nobody who is meant to keep them."""
    if not DailyHead.objects.exists() or members(Role.MANAGER):
        return []
    return [
        Notice(
            kind="unwitnessed",
            id="unwitnessed",
            css="is-contact",
            icon="mail",
            title=_("Nobody manages this practice: the record's daily mail has no keeper"),
            text=_("It goes to everybody who works here. Ask Treffa to make somebody the practice manager."),
        )
    ]
