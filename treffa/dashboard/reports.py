"""What the reports say: periods, sentences, charts and tables, all made of the same figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.models import Channel
from practices.models import Practice
from treffa.dashboard import charts, report_figures
from treffa.dashboard.report_figures import Count, Figures, Lacking, Sent

TARGET = 90.0
PERIODS: Mapping[int, str | Promise] = {
    4: gettext_lazy("4 weeks"),
    12: gettext_lazy("12 weeks"),
    52: gettext_lazy("A year"),
}
PAID = (Channel.SMS, Channel.WHATSAPP)
LISTED = 12
# Fewer say nothing about who or what it is.
ENOUGH = 5


@dataclass(frozen=True, kw_only=True)
class Week:
    """One week of the line, by its Monday."""

    monday: date
    count: Count
    sent: int
    rescued: int

    @property
    def name(self) -> str:
        return _("week %(n)s") % {"n": self.monday.isocalendar().week}


@dataclass(frozen=True, kw_only=True)
class Named:
    """A type or a practitioner and how many of their appointments were ready in time."""

    name: str
    count: Count

    @property
    def low(self) -> bool:
        return self.count.total >= ENOUGH and (self.count.share or 0) < TARGET - 10


@dataclass(frozen=True, kw_only=True)
class Way:
    """A channel and what became of what was sent over it."""

    name: str
    sent: Sent
    reports: bool
    cost: Decimal | None

    @property
    def delivered(self) -> float:
        return 100.0 * self.sent.delivered / self.sent.sent

    @property
    def opened(self) -> float:
        return 100.0 * self.sent.opened / self.sent.sent

    @property
    def in_time(self) -> float:
        return 100.0 * self.sent.in_time / self.sent.cases


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A sentence that stands beside the chart."""

    css: str
    icon: str
    title: str
    text: str
    plan_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The page. `gain` and `sooner` compare with the same time before, as far as both were counted."""

    weeks_asked: int
    figures: Figures
    weeks: Sequence[Week]
    types: Sequence[Named]
    people: Sequence[Named]
    ways: Sequence[Way]

    @property
    def lacking(self) -> Sequence[Lacking]:
        return self.figures.lacking

    @property
    def late(self) -> int:
        return self.figures.whole.total - self.figures.whole.in_time

    @property
    def gain(self) -> float | None:
        now, before = self.figures.whole.share, self.figures.before.share
        return round(now) - round(before) if now is not None and before is not None else None

    @property
    def loss(self) -> float:
        return -(self.gain or 0)

    @property
    def sooner(self) -> float | None:
        now, before = self.figures.whole.days, self.figures.before.days
        return round(before - now, 1) if now is not None and before is not None else None

    @property
    def later(self) -> float:
        return -(self.sooner or 0)

    @property
    def rescued(self) -> int:
        return sum(week.rescued for week in self.weeks)

    @property
    def sent(self) -> int:
        return sum(way.sent.sent for way in self.ways)

    @property
    def cost(self) -> Decimal | None:
        costs = [way.cost for way in self.ways if way.cost is not None]
        return sum(costs, Decimal()) if costs else None

    @property
    def chart(self) -> charts.LineChart:
        return charts.line_chart(
            [week.count.share for week in self.weeks],
            labels=[week.name for week in self.weeks],
            target=TARGET,
        )

    @property
    def chart_says(self) -> str:
        """The line in one sentence, for who does not see it."""
        known = [week for week in self.weeks if week.count.total]
        if not known:
            return ""
        return _(
            "From %(first)s percent in %(from)s to %(last)s percent in %(to)s, target %(target)s percent."
        ) % {
            "first": round(known[0].count.share or 0),
            "from": known[0].name,
            "last": round(known[-1].count.share or 0),
            "to": known[-1].name,
            "target": round(TARGET),
        }

    @property
    def sparks(self) -> Mapping[str, str]:
        """The small lines of the tiles."""
        return {
            "share": charts.spark([week.count.share for week in self.weeks]),
            "days": charts.spark([week.count.days for week in self.weeks]),
            "rescued": charts.spark([week.rescued for week in self.weeks]),
            "sent": charts.spark([week.sent for week in self.weeks]),
        }

    @property
    def findings(self) -> list[Finding]:
        return [one for one in (_of_target(self.weeks), _of_lacking(self), _of_types(self.types)) if one]


def load(practice: Practice, *, weeks: int, language: str, now: datetime) -> Report:
    """The report over so many weeks, this one included, as far as its appointments have begun."""
    monday = _monday(now)
    mondays = [monday - timedelta(weeks=back) for back in reversed(range(weeks))]
    zone = timezone.get_current_timezone()
    span = report_figures.Span(
        before=_midnight(mondays[0] - timedelta(weeks=weeks), zone),
        since=_midnight(mondays[0], zone),
        until=now,
        zone=practice.time_zone,
    )
    figures = report_figures.load(span, language=language)
    return Report(
        weeks_asked=weeks,
        figures=figures,
        weeks=[
            Week(
                monday=one,
                count=figures.weeks.get(one, Count()),
                sent=figures.sent_in_week.get(one, 0),
                rescued=figures.rescued.get(one, 0),
            )
            for one in mondays
        ],
        types=_named(figures.types),
        people=_named(figures.people),
        ways=[
            _way(channel, figures.channels[channel], practice)
            for channel in Channel
            if channel in figures.channels
        ],
    )


def _monday(now: datetime) -> date:
    today = timezone.localdate(now)
    return today - timedelta(days=today.weekday())


def _midnight(day: date, zone: object) -> datetime:
    assert isinstance(zone, ZoneInfo)
    return datetime.combine(day, time(), tzinfo=zone)


def _named(counts: Mapping[str, Count]) -> list[Named]:
    found = [Named(name=name, count=count) for name, count in counts.items()]
    return sorted(found, key=lambda one: (-(one.count.share or 0), -one.count.total, one.name))


def _way(channel: Channel, sent: Sent, practice: Practice) -> Way:
    price = practice.text_price if channel in PAID else None
    return Way(
        name=str(channel.label),
        sent=sent,
        reports=channel in PAID or sent.delivered > sent.opened,
        cost=None if price is None else price * sent.sent,
    )


def _of_target(weeks: Sequence[Week]) -> Finding | None:
    """Since when the target is held, or how far away it is."""
    known = [week for week in weeks if week.count.total]
    held: list[Week] = []
    for week in reversed(known):
        if (week.count.share or 0) < TARGET:
            break
        held.append(week)
    if not known:
        return None
    if not held:
        away = round(TARGET - (known[-1].count.share or 0))
        title = _("Below the target of %(target)s %%.") % {"target": round(TARGET)}
        text = ngettext("%(n)s point away in %(week)s.", "%(n)s points away in %(week)s.", away)
        return Finding(
            css="is-risk", icon="triangle-alert", title=title, text=text % {"n": away, "week": known[-1].name}
        )
    title = _("On target since %(week)s.") % {"week": held[-1].name}
    text = ngettext(
        "%(n)s week at %(target)s %% or more.", "%(n)s weeks in a row at %(target)s %% or more.", len(held)
    )
    return Finding(
        css="is-ready",
        icon="circle-check",
        title=title,
        text=text % {"n": len(held), "target": round(TARGET)},
    )


def _of_lacking(report: Report) -> Finding | None:
    """What was missing most often."""
    if not report.lacking:
        return None
    first = report.lacking[0]
    text = ngettext(
        "%(n)s of %(late)s appointment that was not ready lacked it.",
        "%(n)s of %(late)s appointments that were not ready lacked it.",
        report.late,
    )
    return Finding(
        css="is-risk",
        icon="triangle-alert",
        title=_("%(title)s is the bottleneck.") % {"title": first.title},
        text=text % {"n": first.cases, "late": report.late},
        plan_id=first.plan_id,
    )


def _of_types(types: Sequence[Named]) -> Finding | None:
    """The examination that is ready least often."""
    low = [one for one in types if one.low]
    if not low:
        return None
    last = low[-1]
    return Finding(
        css="is-risk",
        icon="calendar-days",
        title=_("%(type)s is ready least often.") % {"type": last.name},
        text=_("%(n)s of %(total)s in time.") % {"n": last.count.in_time, "total": last.count.total},
    )
