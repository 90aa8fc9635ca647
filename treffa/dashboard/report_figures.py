"""What the reports count: five statements, whatever the practice's size; Postgres groups, nothing is loaded a case.

Counted are the appointments of the period that had a case and were not cancelled, each once however many calendars show it.
Ready in time is what was ready at the appointment's start (Case.ready_at).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from practices import tenancy


@dataclass(frozen=True, kw_only=True)
class Span:
    """From when to when appointments are counted; `before` is where the same time before it begins. `zone` names the zone
    whose weeks are meant."""

    before: datetime
    since: datetime
    until: datetime
    zone: str


@dataclass(frozen=True, kw_only=True)
class Count:
    """So many appointments, how many of them were ready in time, and the median of the days that this took, of those for
    which something had to be got (None: none)."""

    total: int = 0
    in_time: int = 0
    days: float | None = None

    @property
    def share(self) -> float | None:
        """Of a hundred; None of nothing."""
        return 100.0 * self.in_time / self.total if self.total else None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What went out over a channel about these appointments: messages that left, arrived (as far as the channel says so), and
    led to the page; the cases written to, and how many of them were ready in time."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    cases: int = 0
    in_time: int = 0


@dataclass(kw_only=True)
class Figures:
    """All numbers of a report. Weeks by their Monday; types and prerequisites by name."""

    whole: Count = Count()
    before: Count = Count()
    weeks: dict[date, Count] = field(default_factory=dict)
    types: dict[str, Count] = field(default_factory=dict)
    people: dict[str, Count] = field(default_factory=dict)
    channels: dict[str, Sent] = field(default_factory=dict)
    sent_in_week: dict[date, int] = field(default_factory=dict)
    rescued: dict[date, int] = field(default_factory=dict)
    kept: int = 0
    lacking: list["Lacking"] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """A prerequisite that was not in place at the start of so many appointments; of the latest plan that asks for it."""

    title: str
    cases: int
    plan_id: int


_COUNTED = """
    SELECT c.id AS case_id, a.start, a.type_id, a.practitioner, a.feed_id,
           c.ready_at IS NOT NULL AND c.ready_at <= a.start AS in_time,
           CASE WHEN c.ready_at > c.opened_at AND c.ready_at <= a.start
                THEN extract(epoch FROM c.ready_at - c.opened_at) / 86400 END AS days
      FROM appointments_appointment a
      JOIN prerequisites_case c ON c.practice_id = a.practice_id AND c.appointment_id = a.id
      JOIN prerequisites_plan p ON p.practice_id = a.practice_id AND p.id = c.plan_id AND p.type_id = a.type_id
      JOIN appointments_appointmenttype t
        ON t.practice_id = a.practice_id AND t.id = a.type_id AND NOT t.needs_nothing
     WHERE a.practice_id = %(practice)s AND a.start >= %({since})s AND a.start < %(until)s
       AND a.status <> 'cancelled' AND a.same_as_id IS NULL
"""
_WEEK = "date_trunc('week', start AT TIME ZONE %(zone)s)::date"
_READINESS = f"""
    WITH counted AS ({_COUNTED.format(since="before")}),
    named AS (
        SELECT counted.start >= %(since)s AS now, {_WEEK.replace("start", "counted.start")} AS week, t.name AS type,
               COALESCE(NULLIF(counted.practitioner, ''), NULLIF(f.practitioner, ''), f.name) AS person, in_time, days
          FROM counted
          JOIN appointments_appointmenttype t ON t.practice_id = %(practice)s AND t.id = counted.type_id
          JOIN appointments_feed f ON f.practice_id = %(practice)s AND f.id = counted.feed_id
    )
    SELECT now, GROUPING(week, type, person), week, type, person, count(*), count(*) FILTER (WHERE in_time),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY days)
      FROM named GROUP BY GROUPING SETS ((now), (now, week), (now, type), (now, person))
"""  # noqa: S608 - our own names
_MESSAGES = f"""
    WITH counted AS ({_COUNTED.format(since="since")})
    SELECT m.channel, {_WEEK} AS week, count(*), count(*) FILTER (WHERE m.delivered_at IS NOT NULL OR m.opened_at IS NOT NULL),
           count(*) FILTER (WHERE m.opened_at IS NOT NULL),
           count(DISTINCT m.case_id), count(DISTINCT m.case_id) FILTER (WHERE in_time)
      FROM counted JOIN messaging_message m ON m.practice_id = %(practice)s AND m.case_id = counted.case_id
     WHERE m.accepted_at IS NOT NULL AND m.occasion <> 'staff'
     GROUP BY GROUPING SETS ((m.channel), ({_WEEK}))
"""  # noqa: S608 - our own names
_SLOTS = f"""
    SELECT {_WEEK} AS week, count(*) FILTER (WHERE k.outcome = 'released'), count(*) FILTER (WHERE k.outcome <> 'released')
      FROM appointments_appointment a
      JOIN prerequisites_case c ON c.practice_id = a.practice_id AND c.appointment_id = a.id
      JOIN escalation_task k ON k.practice_id = a.practice_id AND k.case_id = c.id
     WHERE a.practice_id = %(practice)s AND a.start >= %(since)s AND a.start < %(until)s
       AND k.kind = 'release_slot' AND k.state = 'done'
     GROUP BY 1
"""  # noqa: S608 - our own names
_LACKING = f"""
    WITH counted AS ({_COUNTED.format(since="since")})
    SELECT COALESCE(p.title ->> %(language)s, p.title ->> 'de', p.key) AS title, count(DISTINCT r.case_id), max(p.plan_id)
      FROM counted
      JOIN prerequisites_requirement r ON r.practice_id = %(practice)s AND r.case_id = counted.case_id
      JOIN prerequisites_prerequisite p ON p.practice_id = %(practice)s AND p.id = r.prerequisite_id
     WHERE NOT in_time AND p.blocking AND p.kind <> 'information' AND r.state <> 'withdrawn'
       AND NOT (r.state IN ('accepted', 'waived') AND COALESCE(r.decided_at, r.changed_at) <= counted.start)
       AND NOT (r.bring_along AND r.state IN ('open', 'rejected'))
     GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 8
"""  # noqa: S608 - our own names


def load(span: Span, *, language: str) -> Figures:
    """The figures of the practice in scope."""
    given: dict[str, str | int | datetime] = {
        "practice": tenancy.current(),
        "before": span.before,
        "since": span.since,
        "until": span.until,
        "zone": span.zone,
        "language": language,
    }
    figures = Figures()
    for row in _rows(_READINESS, given):
        _note_readiness(figures, *row)
    for channel, week, *numbers in _rows(_MESSAGES, given):
        sent, delivered, opened, cases, in_time = numbers
        if channel is None:
            figures.sent_in_week[week] = sent
        else:
            figures.channels[channel] = Sent(
                sent=sent, delivered=delivered, opened=opened, cases=cases, in_time=in_time
            )
    for week, released, kept in _rows(_SLOTS, given):
        figures.rescued[week] = released
        figures.kept += kept
    figures.lacking = [
        Lacking(title=title, cases=cases, plan_id=plan_id) for title, cases, plan_id in _rows(_LACKING, given)
    ]
    return figures


def _note_readiness(figures: Figures, now: bool, grouping: int, *row: Any) -> None:
    """One row of the grouping sets: a bit of `grouping` is set for what it is not grouped by."""
    week, type_, person, total, in_time, days = row
    count = Count(total=total, in_time=in_time, days=days)
    if grouping == 0b111:
        if now:
            figures.whole = count
        else:
            figures.before = count
    elif now and grouping == 0b011:
        figures.weeks[week] = count
    elif now and grouping == 0b101:
        figures.types[type_] = count
    elif now:
        figures.people[person] = count


def _rows(statement: str, given: Mapping[str, str | int | datetime]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
