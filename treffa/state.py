"""The state of the whole, over all practices, as numbers: for the operators' page and for Prometheus.

Only the operators' database role sees all practices, so only their process can ask. Numbers and codes, no personal data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import redis
from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

QUEUE = "celery"
_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One family of figures: `statement` gives rows (value) or (label's value, value) and may use %(now)s. A value is a count
    or a moment; of a moment the figure is the seconds since then, none before it."""

    name: str
    help: Promise
    statement: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a measure said: by its label's value, "" where it has no label."""

    measure: Measure
    values: Mapping[str, float] = field(default_factory=dict)


MEASURES: Sequence[Measure] = (
    Measure(
        name="treffa_practices",
        help=_("Practices, by whether they send."),
        statement="SELECT sending, count(*) FROM practices_practice GROUP BY 1",
        label="sending",
    ),
    Measure(
        name="treffa_feeds",
        help=_("Calendars, by state."),
        statement="SELECT state, count(*) FROM appointments_feed WHERE removed_at IS NULL GROUP BY 1",
        label="state",
    ),
    Measure(
        name="treffa_feeds_in_outage",
        help=_("Calendars without a good sync for an hour."),
        statement="""
            SELECT count(*) FROM appointments_feed WHERE removed_at IS NULL AND state <> 'paused'
            AND greatest(last_good_at, watched_from) < %(now)s - interval '1 hour'
        """,
    ),
    Measure(
        name="treffa_sync_age_seconds",
        help=_("Since the last good sync of the calendar that has waited longest."),
        statement="""
            SELECT min(greatest(last_good_at, watched_from)) FROM appointments_feed
            WHERE removed_at IS NULL AND state <> 'paused'
        """,
    ),
    Measure(
        name="treffa_due_age_seconds",
        help=_("How long the oldest row that is due has waited for its stage."),
        statement="""
            SELECT 'sync', min(next_poll_at) FROM appointments_feed
            WHERE removed_at IS NULL AND state <> 'paused' AND next_poll_at <= %(now)s
            UNION ALL
            SELECT 'cases', min(due_at) FROM prerequisites_case WHERE due_at <= %(now)s
            UNION ALL
            SELECT 'requests', min(requests_due_at) FROM prerequisites_case WHERE requests_due_at <= %(now)s
            UNION ALL
            SELECT 'escalate', min(escalation_due_at) FROM prerequisites_case WHERE escalation_due_at <= %(now)s
            UNION ALL
            SELECT 'deliver', min(due_at) FROM messaging_message WHERE due_at <= %(now)s
        """,
        label="stage",
    ),
    Measure(
        name="treffa_cases",
        help=_("Open cases, by readiness."),
        statement="SELECT readiness, count(*) FROM prerequisites_case WHERE closed_at IS NULL GROUP BY 1",
        label="readiness",
    ),
    Measure(
        name="treffa_messages",
        help=_("Messages of the last seven days, by state."),
        statement="""
            SELECT state, count(*) FROM messaging_message
            WHERE created_at > %(now)s - interval '7 days' GROUP BY 1
        """,
        label="state",
    ),
    Measure(
        name="treffa_escalations",
        help=_("Escalations, by state."),
        statement="SELECT state, count(*) FROM escalation_escalation GROUP BY 1",
        label="state",
    ),
    Measure(
        name="treffa_tasks_open",
        help=_("What people of the practices have to do, by kind."),
        statement="SELECT kind, count(*) FROM escalation_task WHERE closed_at IS NULL GROUP BY 1",
        label="kind",
    ),
    Measure(
        name="treffa_findings_open",
        help=_("What the auditor found and is not gone, by kind."),
        statement="SELECT kind, count(*) FROM escalation_finding WHERE gone_at IS NULL GROUP BY 1",
        label="kind",
    ),
    Measure(
        name="treffa_pulse_age_seconds",
        help=_("Since something that runs by itself last ran."),
        statement="SELECT name, min(at) FROM escalation_pulse GROUP BY 1",
        label="name",
    ),
)
_WAITING = Measure(
    name="treffa_broker_waiting", help=_("Tasks in the broker that no worker has taken."), statement=""
)


def gather(*, now: datetime) -> list[Figures]:
    """All measures at `now`, a statement each; the broker's is missing where it does not answer."""
    found = [Figures(measure=measure, values=_ask(measure, now=now)) for measure in MEASURES]
    waiting = _waiting()
    return [*found, Figures(measure=_WAITING, values={"": waiting})] if waiting is not None else found


def _ask(measure: Measure, *, now: datetime) -> Mapping[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(measure.statement, {"now": now})
        rows = cursor.fetchall()
    named = rows if measure.label else [("", value) for (value,) in rows]
    return {str(label): _figure(value, now=now) for label, value in named if value is not None}


def _figure(value: int | datetime, *, now: datetime) -> float:
    return max((now - value).total_seconds(), 0) if isinstance(value, datetime) else float(value)


def _waiting() -> float | None:
    broker = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    try:
        return float(broker.llen(QUEUE))
    except redis.RedisError:
        return None
    finally:
        broker.close()
