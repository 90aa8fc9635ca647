"""Which cases a board shows: its days, its filters, its search."""

from datetime import datetime, time, timedelta
from functools import reduce
from operator import and_

from django.db.models import Q, QuerySet
from django.utils import timezone

from appointments.models import Appointment, AppointmentStatus
from prerequisites.models import Case, Readiness
from treffa.dashboard.asked import Asked, Span
from treffa.dashboard.readiness import NEEDS_PERSON

# The first day and the one after the last, counted from today; None: all that follow.
_DAYS: dict[Span, tuple[int, int | None]] = {
    Span.TODAY: (0, 1),
    Span.TOMORROW: (1, 2),
    Span.WEEK: (1, 8),
    Span.LATER: (8, None),
    Span.ALL: (0, None),
}


def shown_cases(asked: Asked, *, person: int, now: datetime) -> QuerySet[Case]:
    """The cases of the practice in scope. Today's view holds, beside today, all that needs a person now, on whatever day.
    A day shows what is over, too, with its outcome. A search finds what rests, from today on."""
    cases = _narrowed(Case.objects.filter(appointment__same_as=None), asked, person=person)
    if asked.search:
        return _found(cases, asked.search, now=now)
    start, end = _days(asked, now=now)
    of_days = Q(appointment__start__gte=start)
    if end is not None:
        of_days &= Q(appointment__start__lt=end)
    if asked.span is Span.TODAY:
        urgent = Q(readiness__in=NEEDS_PERSON, appointment__start__gte=start)
        return cases.filter((of_days & _takes_place(now=now)) | urgent)
    return cases.filter(of_days).filter(_takes_place(now=now))


def midnight(now: datetime, *, days: int) -> datetime:
    """Midnight in the practice's zone, `days` after today."""
    day = timezone.localdate(now) + timedelta(days=days)
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _takes_place(*, now: datetime) -> Q:
    """Being prepared; or over, or with an outcome, and not cancelled before."""
    over = Q(appointment__end__lte=now) | Q(appointment__outcome__isnull=False)
    return ~Q(readiness=Readiness.CLOSED) | (over & ~Q(appointment__status=AppointmentStatus.CANCELLED))


def _days(asked: Asked, *, now: datetime) -> tuple[datetime, datetime | None]:
    if asked.day is not None:
        first = (asked.day - timezone.localdate(now)).days
        return midnight(now, days=first), midnight(now, days=first + 1)
    first, end = _DAYS[asked.span]
    return midnight(now, days=first), None if end is None else midnight(now, days=end)


def _found(cases: QuerySet[Case], words: str, *, now: datetime) -> QuerySet[Case]:
    named = (Q(appointment__patient__name__icontains=word) for word in words.split())
    rests = Q(appointment__end__gt=now) & ~Q(appointment__status=AppointmentStatus.CANCELLED)
    coming = cases.filter(reduce(and_, named), appointment__start__gte=midnight(now, days=0))
    return coming.filter(~Q(readiness=Readiness.CLOSED) | rests)


def _narrowed(cases: QuerySet[Case], asked: Asked, *, person: int) -> QuerySet[Case]:
    if asked.practitioner:
        named = Q(appointment__practitioner=asked.practitioner)
        by_feed = Q(appointment__practitioner="", appointment__feed__practitioner=asked.practitioner)
        cases = cases.filter(named | by_feed)
    if asked.type:
        cases = cases.filter(appointment__type=asked.type)
    if asked.feed:
        shared = Appointment.objects.filter(feed=asked.feed).exclude(same_as=None).values("same_as")
        cases = cases.filter(Q(appointment__feed=asked.feed) | Q(appointment__in=shared))
    return cases.filter(assigned_to=person) if asked.mine else cases
