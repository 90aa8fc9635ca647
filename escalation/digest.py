"""The daily digest: to whom wants it, at their hour, what of today and tomorrow is not ready and what to do about it.

That a day is told is written down with the mail in one transaction, by a guarded UPDATE: once a person and day, whoever
crashes and however many workers are at it. It names no patient; who is late (nothing ran at the hour) still gets it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext, ngettext

from escalation.models import Preference, Task, TaskState
from messaging.models import Channel
from messaging.operations import insert_new
from messaging.operations.writing import StaffNotice, staff_message
from practices import lookups, queries, record, tenancy
from practices.models import Practice, User
from prerequisites.models import Case, Readiness

READY = (Readiness.READY, Readiness.WAIVED)
MOST_LINES = 40


def due(*, now: datetime) -> Sequence[int]:
    """The practices with a digest to tell. Needs no scope."""
    found = lookups.rows("treffa_digests")
    return sorted({practice_id for practice_id, *when in found if _due(*when, now=now)})


def tell(*, practice_id: int, now: datetime) -> None:
    """Writes down the digests that are due, in one transaction."""
    with tenancy.scope(practice_id):
        practice = queries.current_practice()
        wanted = list(Preference.objects.exclude(digest_at=None).select_related("user").order_by("pk"))
        if not any(_due(practice.time_zone, one.digest_at, one.digest_day, now=now) for one in wanted):
            return
        today = _local(practice.time_zone, now).date()
        members = {member.user_id for member in queries.members()}
        days = _days(practice, now=now)
        claimed = [
            one
            for one in wanted
            if _due(practice.time_zone, one.digest_at, one.digest_day, now=now) and _claim(one, today)
        ]
        said = [
            _notice(one.user, days, today, practice)
            for one in claimed
            if one.user_id in members and _tells_something(days, one)
        ]
        messages = [staff_message(notice, practice=practice, now=now) for notice in said]
        record.write(*insert_new(messages, now=now))


def _due(zone: str, at: time | None, told: date | None, *, now: datetime) -> bool:
    local = _local(zone, now)
    return at is not None and local.time() >= at and (told is None or told < local.date())


def _local(zone: str, now: datetime) -> datetime:
    """By the practice's clock; one practice's unknown zone holds up no other."""
    try:
        return now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now


def _claim(one: Preference, today: date) -> bool:
    untold = Preference.objects.filter(Q(digest_day=None) | Q(digest_day__lt=today), pk=one.pk)
    return bool(untold.update(digest_day=today))


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day's appointments, and what is to be done about those that are not ready, by case."""

    title: str
    cases: Sequence[Case]
    to_do: Mapping[int, Sequence[str]]

    @property
    def unready(self) -> list[Case]:
        return [case for case in self.cases if case.readiness not in READY]


def _days(practice: Practice, *, now: datetime) -> list[Day]:
    """Today, as far as it is still to come, and tomorrow."""
    today = _local(practice.time_zone, now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow, end = today + timedelta(days=1), today + timedelta(days=2)
    cases = list(
        Case.objects.filter(closed_at=None, appointment__start__gte=now, appointment__start__lt=end)
        .select_related("appointment")
        .order_by("appointment__start", "pk")
    )
    to_do: dict[int, list[str]] = defaultdict(list)
    for task in Task.objects.filter(state=TaskState.OPEN, case__in=cases).order_by("pk"):
        to_do[task.case_id or 0].append(task.kind)
    return [
        Day(
            title=title,
            cases=[case for case in cases if begins <= case.appointment.start < ends],
            to_do=to_do,
        )
        for title, begins, ends in (("today", today, tomorrow), ("tomorrow", tomorrow, end))
    ]


def _tells_something(days: Sequence[Day], one: Preference) -> bool:
    """Nothing is said of days without an appointment, nor where all is ready and the person wants it quiet."""
    return any(day.unready if one.silent_when_ready else day.cases for day in days)


def _notice(user: User, days: Sequence[Day], today: date, practice: Practice) -> StaffNotice:
    language = practice.language_for(user)
    with timezone.override(practice.time_zone), translation.override(language):
        unready = sum(len(day.unready) for day in days)
        said = ngettext("%(n)s appointment is not ready", "%(n)s appointments are not ready", unready)
        subject = said % {"n": unready} if unready else gettext("All appointments are ready")
        greeting = (
            gettext("Hello %(name)s,") % {"name": user.first_name} if user.first_name else gettext("Hello,")
        )
        board = f"{settings.PUBLIC_URL}{reverse('dashboard:board')}"
        parts = [greeting, *(_told(day) for day in days if day.cases), board, practice.name]
    return StaffNotice(
        channel=Channel.EMAIL,
        address=user.email,
        language=language,
        subject=subject,
        text="\n\n".join(parts),
        key=f"digest:{today.isoformat()}:{user.pk}",
        case_id=None,
    )


def _told(day: Day) -> str:
    """A day in the language and zone that are active."""
    ready = len(day.cases) - len(day.unready)
    counts = {"n": len(day.cases), "ready": ready}
    said = ngettext(
        "%(n)s appointment, %(ready)s ready.", "%(n)s appointments, %(ready)s ready.", len(day.cases)
    )
    title = gettext("Today") if day.title == "today" else gettext("Tomorrow")
    lines = [f"{title}: {said % counts}"]
    lines += [_line(case, day.to_do.get(case.pk, ())) for case in day.unready[:MOST_LINES]]
    if len(day.unready) > MOST_LINES:
        lines.append(gettext("and %(n)s more") % {"n": len(day.unready) - MOST_LINES})
    return "\n".join(lines)


def _line(case: Case, to_do: Sequence[str]) -> str:
    when = formats.time_format(timezone.localtime(case.appointment.start), "H:i")
    what = ", ".join(str(Task(kind=kind).get_kind_display()) for kind in to_do)
    standing = str(case.get_readiness_display())
    link = f"{settings.PUBLIC_URL}{reverse('dashboard:case', args=[case.pk])}"
    return f"{when}  {what or standing}  {link}"
