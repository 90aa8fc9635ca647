"""The calendars' pages: how each feed is, what it can't read, what is missing from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from appointments import queries
from appointments.models import Appointment, Feed, FeedState, QuarantinedEvent
from treffa.dashboard import feed_words, relative
from treffa.dashboard.readiness import Look

ENTRIES = 50


@dataclass(frozen=True, kw_only=True)
class FeedView:
    """A feed in words. `problem` is why it can't be read, empty if all is well."""

    feed: Feed
    look: Look
    problem: str
    read: str
    next_poll: str
    answer: str
    coming: int
    unreadable: int
    missing: int
    kept: int

    @property
    def paused(self) -> bool:
        return self.feed.state == FeedState.PAUSED

    @property
    def frozen(self) -> bool:
        return self.feed.state == FeedState.FROZEN


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the calendar that can't be read: what stands in it, why, what to do."""

    excerpt: str
    why: str
    mend: str
    seen: str


@dataclass(frozen=True, kw_only=True)
class Own:
    """A text that was taken for no appointment: how often it is still to come, when next and, if more than once, at last."""

    text: str
    times: int
    first: str
    last: str


@dataclass(frozen=True, kw_only=True)
class FeedDetail:
    """All that a feed's own page shows; `own` are at most ENTRIES texts of what was taken for no appointment."""

    view: FeedView
    entries: Sequence[Entry]
    own: Sequence[Own]
    own_times: int
    own_more: int
    missing: Sequence[Appointment]
    more_missing: int


def load(*, now: datetime) -> list[FeedView]:
    """The feeds of the practice in scope, those that need somebody first."""
    unreadable = Counter[int]()
    for row in queries.quarantined().order_by().values("feed_id").annotate(n=Count("id")):
        unreadable[row["feed_id"]] = row["n"]
    found = [
        _view(feed, unreadable=unreadable[feed.pk], now=now) for feed in queries.feeds_with_coming(now=now)
    ]
    return sorted(found, key=lambda view: not view.problem and not view.frozen)


def detail(feed_id: int, *, now: datetime) -> FeedDetail:
    """One feed. Feed.DoesNotExist where there is none, or it was removed."""
    feed = queries.feeds_with_coming(now=now).get(pk=feed_id)
    entries = queries.quarantined().filter(feed=feed)
    own = _own(feed, now=now)
    return FeedDetail(
        view=_view(feed, unreadable=entries.count(), now=now),
        entries=[_entry(row, now=now) for row in entries[:ENTRIES]],
        own=own[:ENTRIES],
        own_times=sum(one.times for one in own),
        own_more=max(len(own) - ENTRIES, 0),
        missing=list(queries.missing_appointments(feed)[:ENTRIES]),
        more_missing=max(len(feed.missing_ids) - ENTRIES, 0),
    )


def _view(feed: Feed, *, unreadable: int, now: datetime) -> FeedView:
    paused = feed.state == FeedState.PAUSED
    codes = [] if paused else queries.problem_codes(feed, now=now)
    code = next((code for code in codes if code != FeedState.FROZEN), "")
    return FeedView(
        feed=feed,
        look=feed_words.look(feed, code=code),
        problem=feed_words.problem(code) if code else "",
        read=relative.ago(feed.last_good_at, now=now) if feed.last_good_at else _("never yet"),
        next_poll="" if paused else _next_poll(feed, now=now),
        answer=_answer(feed),
        coming=feed.coming,  # type: ignore[attr-defined]
        unreadable=unreadable,
        missing=len(feed.missing_ids),
        kept=len(feed.kept_ids),
    )


def _next_poll(feed: Feed, *, now: datetime) -> str:
    return relative.until(feed.next_poll_at, now=now) if feed.next_poll_at > now else _("at once")


def _answer(feed: Feed) -> str:
    """ "200 · 0.4 s · 12 KB"; empty before the first."""
    if feed.last_attempt_at is None or feed.last_duration_ms is None:
        return ""
    status = str(feed.last_status) if feed.last_status else _("no answer")
    seconds = _("%(n)s s") % {"n": number_format(feed.last_duration_ms / 1000, decimal_pos=1)}
    size = [filesizeformat(feed.last_bytes)] if feed.last_bytes else []
    return " · ".join([status, seconds, *size])


def _entry(row: QuarantinedEvent, *, now: datetime) -> Entry:
    why, mend = feed_words.reason(row.reason)
    return Entry(excerpt=row.excerpt, why=why, mend=mend, seen=relative.moment(row.seen_at, now=now))


def _own(feed: Feed, *, now: datetime) -> list[Own]:
    """Text by text, the rarest first: lunch is every day, and a patient who was taken for it is not."""
    found: dict[str, list[tuple[datetime, bool]]] = {}
    for text, all_day, starts in queries.own_time(feed, now=now).values_list("text", "all_day", "starts"):
        coming = [start for start in starts if start > now] or starts[-1:]
        found.setdefault(text, []).extend((start, all_day) for start in coming)
    return [
        Own(
            text=text or _("without a text"),
            times=len(moments),
            first=_when(*min(moments), now=now),
            last=_when(*max(moments), now=now) if len(moments) > 1 else "",
        )
        for text, moments in sorted(found.items(), key=lambda one: (len(one[1]), min(one[1])))
    ]


def _when(start: datetime, all_day: bool, *, now: datetime) -> str:
    return relative.day(start, now=now) if all_day else relative.moment(start, now=now)
