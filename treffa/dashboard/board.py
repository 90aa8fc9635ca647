"""The board: which cases it shows, what each row says, how many there are. A constant number of queries."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Case as SqlCase
from django.db.models import Count, IntegerField, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from appointments.queries import with_calendars
from messaging import told
from prerequisites.models import Case, Kind, Readiness, Requirement, RequirementState
from prerequisites.ruled import current_calendar
from treffa.dashboard import missing_facts
from treffa.dashboard.asked import Asked, Span
from treffa.dashboard.board_cases import shown_cases
from treffa.dashboard.readiness import NEEDS_PERSON, QUIET, READINESS
from treffa.dashboard.row import Row, make_row

QUIET_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter of the board, with how many rows it would show."""

    readiness: str
    count: int
    current: bool


@dataclass(kw_only=True)
class Day:
    """The rows of one day and how it stands. Ready rows beyond the first few fold away."""

    date: date
    title: str
    subtitle: str
    counts: Counter[str]
    rows: list[Row] = field(default_factory=list)
    folded: list[Row] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ready(self) -> int:
        return self.counts[Readiness.READY]

    @property
    def bars(self) -> list[tuple[str, str, str]]:
        """(class, x, width) of the day's split bar, of 136 units, in the order of READINESS, ready first."""
        states = [*QUIET, *(state for state in reversed(list(READINESS)) if state not in QUIET)]
        bars, x, width = [], 0.0, 136 / max(self.total, 1)
        for state in states:
            if self.counts[state]:
                part = self.counts[state] * width
                bars.append((READINESS[state].css, f"{x:.1f}", f"{max(part - 1.5, 1):.1f}"))
                x += part
        return bars


@dataclass(frozen=True, kw_only=True)
class Board:
    """All that the board's page shows, but for the notices."""

    asked: Asked
    urgent: list[Row]
    days: list[Day]
    filters: list[Filter]
    total: int
    over: int
    ready: int
    waived: int
    needing: int
    more: bool


def load(*, asked: Asked, person: int, language: str, now: datetime) -> Board:
    """The board of the practice in scope as `asked` by a person, at `now`, in five queries."""
    shown = shown_cases(asked, person=person, now=now)
    counts = _counts(shown)
    wanted = shown.filter(readiness=asked.readiness) if asked.readiness else shown
    cases = list(_in_order(wanted, columns=asked.columns)[: asked.rows + 1])
    rows = make_rows(cases[: asked.rows], language=language, now=now)
    urgent = [] if asked.columns else [row for row in rows if row.needs_person]
    in_span = _of_span(counts, asked=asked, now=now)
    return Board(
        asked=asked,
        urgent=urgent,
        days=_days(
            [row for row in rows if asked.columns or not row.needs_person], counts, fold=asked.plain, now=now
        ),
        filters=_filters(counts, asked),
        total=in_span.total() - in_span[Readiness.CLOSED],
        over=in_span[Readiness.CLOSED],
        ready=in_span[Readiness.READY],
        waived=in_span[Readiness.WAIVED],
        needing=sum(count for (__, state), count in counts.items() if state in NEEDS_PERSON),
        more=len(cases) > asked.rows,
    )


def _counts(shown: QuerySet[Case]) -> Counter[tuple[date, str]]:
    grouped = (
        shown.annotate(day=TruncDate("appointment__start", tzinfo=timezone.get_current_timezone()))
        .values("day", "readiness")
        .annotate(n=Count("id"))
        .order_by()
    )
    return Counter({(row["day"], row["readiness"]): row["n"] for row in grouped})


def _of_span(counts: Counter[tuple[date, str]], *, asked: Asked, now: datetime) -> Counter[str]:
    """How the appointments of the opening sentence stand: today's alone in today's view."""
    today = timezone.localdate(now)
    only_today = asked.span is Span.TODAY and not asked.search
    found: Counter[str] = Counter()
    for (day, state), count in counts.items():
        if day == today or not only_today:
            found[state] += count
    return found


def _in_order(cases: QuerySet[Case], *, columns: bool) -> QuerySet[Case]:
    """What needs a person first, each by the time of the appointment: the next one is the most urgent. In columns by time."""
    quiet = SqlCase(
        When(readiness__in=NEEDS_PERSON, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    order = ("appointment__start", "id")
    found = with_all_shown(cases).annotate(quiet=quiet)
    return found.order_by(*order) if columns else found.order_by("quiet", *order)


def with_all_shown(cases: QuerySet[Case]) -> QuerySet[Case]:
    """With what a row shows."""
    found = cases.select_related(
        "appointment__patient",
        "appointment__type",
        "appointment__feed",
        "appointment__outcome",
        "assigned_to",
        "plan",
    ).defer("appointment__feed__blocks")
    return found.prefetch_related(with_calendars("appointment__"))


def make_rows(cases: Sequence[Case], *, language: str, now: datetime) -> list[Row]:
    """The rows of cases (`with_all_shown`), in three queries."""
    ids = [case.pk for case in cases]
    requirements: dict[int, list[Requirement]] = defaultdict(list)
    states = (RequirementState.OPEN, RequirementState.REJECTED, RequirementState.SUBMITTED)
    found = Requirement.objects.filter(case__in=ids, state__in=states).select_related("prerequisite")
    for requirement in found.exclude(prerequisite__kind=Kind.INFORMATION).order_by("deadline", "id"):
        requirements[requirement.case_id].append(requirement)
    messages = told.latest_of(ids)
    calendar = current_calendar()
    hanging = missing_facts.hanging_on(cases, language=language)
    return [
        make_row(
            case,
            requirements[case.pk],
            messages.get(case.pk),
            hanging=hanging.get(case.pk, ()),
            language=language,
            calendar=calendar,
            now=now,
        )
        for case in cases
    ]


def _days(rows: Sequence[Row], counts: Counter[tuple[date, str]], *, fold: bool, now: datetime) -> list[Day]:
    days: dict[date, Day] = {}
    for row in rows:
        if row.date not in days:
            days[row.date] = _day(row.date, counts, now=now)
        day = days[row.date]
        folds = fold and row.quiet and sum(shown.quiet for shown in day.rows) >= QUIET_SHOWN
        (day.folded if folds else day.rows).append(row)
    return list(days.values())


def _day(when: date, counts: Counter[tuple[date, str]], *, now: datetime) -> Day:
    """ "Today", "Monday, 23 November"; further days go by their weekday."""
    near = {0: _("Today"), 1: _("Tomorrow")}.get((when - timezone.localdate(now)).days)
    # Translators: date formats of Django
    weekday, full, short = date_format(when, "l"), date_format(when, _("l, j F")), date_format(when, _("j F"))
    states = Counter({state: n for (day, state), n in counts.items() if day == when})
    return Day(date=when, title=near or weekday, subtitle=full if near else short, counts=states)


def _filters(counts: Counter[tuple[date, str]], asked: Asked) -> list[Filter]:
    by_state: Counter[str] = Counter()
    for (__, state), count in counts.items():
        by_state[state] += count
    filters = [Filter(readiness="", count=by_state.total(), current=not asked.readiness)]
    for state in READINESS:
        if by_state[state] or state == asked.readiness:
            filters.append(Filter(readiness=state, count=by_state[state], current=state == asked.readiness))
    return filters
