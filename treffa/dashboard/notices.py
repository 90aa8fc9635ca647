"""Facts that nobody may miss, on top of the board, each with what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appointments.models import (
    Appointment,
    AppointmentStatus,
    AppointmentType,
    Feed,
    FeedState,
    QuarantinedEvent,
)
from messaging.models import Message, MessageState
from treffa.dashboard import relative

UNTYPED_SHOWN = 6
UNKNOWN_AFTER = timedelta(minutes=15)

_FEED_PROBLEMS: Mapping[str, str | Promise] = {
    "not_found": gettext_lazy("Doctolib no longer knows this link. It may have been renewed there."),
    "forbidden": gettext_lazy("Doctolib refuses this link. It may have been renewed there."),
    "html": gettext_lazy("There is a web page behind the link, not a calendar."),
    "empty": gettext_lazy("The answer was empty."),
    "truncated": gettext_lazy("The calendar arrived incomplete."),
    "timeout": gettext_lazy("Doctolib does not answer in time."),
    "server_error": gettext_lazy("Doctolib reports an error of its own."),
    "rate_limited": gettext_lazy("Doctolib asks us to wait."),
}
_UNREADABLE: str | Promise = gettext_lazy("The calendar can't be read at the moment.")


@dataclass(frozen=True, kw_only=True)
class Untyped:
    """Appointments of one wording that no type was recognised in. `appointment_id` is one of them."""

    appointment_id: int
    summary: str
    count: int
    first: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notice: what is wrong, what Treffa did about it, and by `kind` what can be done."""

    kind: str
    id: str
    css: str
    icon: str
    title: str
    text: str
    feed: Feed | None = None
    untyped: list[Untyped] = field(default_factory=list)


def load(*, now: datetime) -> tuple[list[Notice], list[AppointmentType]]:
    """The notices of the practice in scope by weight, and the types to choose from if appointments lack one."""
    found = [*_feeds(now=now), *_untyped(now=now), *_unreadable(now=now), *_unknown_messages(now=now)]
    asks_for_types = any(notice.untyped for notice in found)
    types = list(AppointmentType.objects.order_by("name")) if asks_for_types else []
    return found, types


def _feeds(*, now: datetime) -> list[Notice]:
    feeds = (
        Feed.objects.filter(state__in=(FeedState.FAILING, FeedState.FROZEN)).defer("blocks").order_by("id")
    )
    return [
        _frozen(feed, now=now) if feed.state == FeedState.FROZEN else _failing(feed, now=now)
        for feed in feeds
    ]


def _frozen(feed: Feed, *, now: datetime) -> Notice:
    missing = len(feed.missing_ids)
    title = ngettext(
        "Calendar “%(name)s”: %(n)s of %(total)s appointments has disappeared",
        "Calendar “%(name)s”: %(n)s of %(total)s appointments have disappeared",
        missing,
    ) % {"name": feed.name, "n": missing, "total": max(feed.events, missing)}
    return Notice(
        kind="frozen",
        id=f"feed-{feed.pk}",
        css="is-risk",
        icon="calendar-x",
        title=title,
        text=_("Treffa has cancelled nothing and keeps the appointments until you decide."),
        feed=feed,
    )


def _failing(feed: Feed, *, now: datetime) -> Notice:
    why = str(_FEED_PROBLEMS.get(feed.problem, _UNREADABLE))
    kept = _("The appointments stay as they were. Treffa keeps trying.")
    if feed.last_good_at is None:
        title = _("Calendar “%(name)s” has never been read")
    else:
        title = _("Calendar “%(name)s” was last read %(when)s")
    when = relative.moment(feed.last_good_at, now=now) if feed.last_good_at else ""
    return Notice(
        kind="failing",
        id=f"feed-{feed.pk}",
        css="is-overdue",
        icon="wifi-off",
        title=title % {"name": feed.name, "when": when},
        text=f"{why} {kept}",
        feed=feed,
    )


def _untyped(*, now: datetime) -> list[Notice]:
    rows = list(
        Appointment.objects.filter(
            type=None, start__gte=now, status=AppointmentStatus.CONFIRMED, patient__isnull=False
        )
        .values("summary")
        .annotate(n=Count("id"), first=Min("start"), sample=Max("id"))
        .order_by("first")
    )
    if not rows:
        return []
    total = sum(row["n"] for row in rows)
    title = ngettext(
        "%(n)s appointment fits no type: nothing is requested for it",
        "%(n)s appointments fit no type: nothing is requested for them",
        total,
    ) % {"n": total}
    untyped = [
        Untyped(
            appointment_id=row["sample"],
            summary=row["summary"],
            count=row["n"],
            first=relative.moment(row["first"], now=now),
        )
        for row in rows[:UNTYPED_SHOWN]
    ]
    return [
        Notice(
            kind="untyped",
            id="untyped",
            css="is-contact",
            icon="tags",
            title=title,
            text=_("Say once what is meant; Treffa will know it from then on."),
            untyped=untyped,
        )
    ]


def _unreadable(*, now: datetime) -> list[Notice]:
    feeds = QuarantinedEvent.objects.values("feed__name").annotate(n=Count("id"), since=Min("seen_at"))
    return [
        Notice(
            kind="unreadable",
            id="unreadable",
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
        for row in feeds.order_by("feed__name")
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
