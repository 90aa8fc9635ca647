"""Facts that nobody may miss, on top of the board, each with what to do about it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

import prerequisites.queries
from appointments import queries
from appointments.models import Appointment, AppointmentType, Feed
from appointments.queries import FeedProblem
from messaging.models import Message, MessageState
from prerequisites import packs
from treffa.dashboard import feed_words, relative

SHOWN = 6
ITEMS = 50
UNKNOWN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Untyped:
    """A text of the calendar that no type fits."""

    number: int
    text: str
    count: int
    first: str


@dataclass(frozen=True, kw_only=True)
class Unplanned:
    """A type without a plan. `pack` is the title of one that has a plan for it, or empty."""

    type: AppointmentType
    count: int
    first: str
    pack: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notice: what is wrong, what Treffa did about it, and by `kind` what can be done. `items` fold away."""

    kind: str
    id: str
    css: str
    icon: str
    title: str
    text: str
    feed: Feed | None = None
    items: list[str] = field(default_factory=list)
    untyped: list[Untyped] = field(default_factory=list)
    unplanned: list[Unplanned] = field(default_factory=list)
    choices: list[AppointmentType] = field(default_factory=list)


def load(*, now: datetime) -> list[Notice]:
    """The notices of the practice in scope, by weight."""
    found = [_of_feed(problem, now=now) for problem in queries.feed_problems(now=now)]
    found += [*_untyped(now=now), *_unplanned(now=now), *_unnamed(now=now)]
    return [*found, *_unreadable(now=now), *_unknown_messages(now=now)]


def _of_feed(problem: FeedProblem, *, now: datetime) -> Notice:
    return _frozen(problem, now=now) if problem.code == "frozen" else _failing(problem, now=now)


def _frozen(problem: FeedProblem, *, now: datetime) -> Notice:
    feed = problem.feed
    title = ngettext(
        "Calendar “%(name)s”: %(n)s of %(total)s appointments has disappeared",
        "Calendar “%(name)s”: %(n)s of %(total)s appointments have disappeared",
        problem.missing,
    )
    missing = queries.missing_appointments(feed)[:ITEMS]
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
        feed=feed,
        items=[_item(row, now=now) for row in missing],
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


def _untyped(*, now: datetime) -> list[Notice]:
    rows = queries.unmatched_types(now=now)
    if not rows:
        return []
    total = sum(row.appointments for row in rows)
    title = ngettext(
        "%(n)s appointment fits no type: nothing is requested for it",
        "%(n)s appointments fit no type: nothing is requested for them",
        total,
    )
    untyped = [
        Untyped(
            number=number,
            text=row.text,
            count=row.appointments,
            first=relative.moment(row.next_start, now=now),
        )
        for number, row in enumerate(rows[:SHOWN])
    ]
    return [
        Notice(
            kind="untyped",
            id="untyped",
            css="is-contact",
            icon="tags",
            title=title % {"n": total},
            text=_("Say once what is meant; Treffa will know it from then on."),
            untyped=untyped,
            choices=list(AppointmentType.objects.order_by("name")),
        )
    ]


def _unplanned(*, now: datetime) -> list[Notice]:
    rows = list(prerequisites.queries.unplanned_appointments(now=now))
    if not rows:
        return []
    title = ngettext(
        "%(n)s appointment is of a type without a plan: nothing is requested for it",
        "%(n)s appointments are of a type without a plan: nothing is requested for them",
        len(rows),
    )
    of_type: dict[AppointmentType, list[Appointment]] = defaultdict(list)
    for row in rows:
        of_type[row.type].append(row)
    return [
        Notice(
            kind="unplanned",
            id="unplanned",
            css="is-contact",
            icon="clipboard-list",
            title=title % {"n": len(rows)},
            text=_("Say what it needs; Treffa asks for it from then on."),
            items=[_item(row, now=now) for row in rows[:ITEMS]],
            unplanned=[
                Unplanned(
                    type=type_,
                    count=len(booked),
                    first=relative.moment(booked[0].start, now=now),
                    pack=_pack_for(type_),
                )
                for type_, booked in of_type.items()
            ],
            choices=list(prerequisites.queries.types_with_plan()),
        )
    ]


def _pack_for(type_: AppointmentType) -> str:
    found = packs.with_type(type_.name)
    titles = packs.load(found).name if found else {}
    return titles.get(get_language() or "") or titles.get("de", "")


def _item(row: Appointment, *, now: datetime) -> str:
    return f"{relative.moment(row.start, now=now)} · {row.patient.name if row.patient else row.summary}"


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
