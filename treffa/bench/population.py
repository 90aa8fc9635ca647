"""Cases of a practice, copied, not planned one by one: as the stages before would have left them."""

import os
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from practices import vault
from practices.models import Practice
from prerequisites.models import Kind, Plan


def fill(
    practice_id: int,
    plan: Plan,
    *,
    cases: int,
    now: datetime,
    days: int = 60,
    due: int = 0,
    calls_at: datetime | None = None,
) -> None:
    """Open cases, each of a patient who can be reached and was asked for nothing yet, of appointments within so many
    `days`; the first `due` are overdue, and escalation looks at them at `calls_at`. Needs the practice's scope."""
    given: dict[str, Any] = {"practice": practice_id, "plan": plan.pk, "type": plan.type_id, "now": now}
    given |= {"cases": cases, "due": due, "days": days, "asked": _asked(plan), "calls_at": calls_at or now}
    given["key"] = vault.new_patient_key(practice=Practice.objects.get().key())
    with connection.cursor() as cursor:
        for statement in (FEED, CASES, REQUIREMENTS):
            cursor.execute(statement, given)


def analyze() -> None:
    """The planner is to know the new rows, as in a house that has run for a day. Only who owns the tables may tell it; where
    nobody says who that is, it has to do without."""
    owner = os.environ.get("DATABASE_OWNER_URL")
    if owner:
        with psycopg.connect(owner, dbname=str(connection.settings_dict["NAME"]), autocommit=True) as session:
            session.execute("ANALYZE")


def _asked(plan: Plan) -> list[int]:
    found = plan.prerequisites.filter(kind=Kind.DOCUMENT, blocking=True)
    return list(found.values_list("pk", flat=True))


FEED = """
INSERT INTO appointments_feed (practice_id, name, practitioner, sealed_url, url_ending, rules, state, next_poll_at,
  failures, problem, missing_ids, events, etag, last_modified, body_hash, head_hash, blocks)
VALUES (%(practice)s, 'CT 1', '', '', '', '{}', 'active', %(now)s::timestamptz + '1 day', 0, '', '{}', 0, '', '', '', '', '')
"""
CASES = """
WITH numbered AS (SELECT n FROM generate_series(1, %(cases)s) n),
patient AS (
  INSERT INTO appointments_patient (practice_id, name, birth_date, sex, insurance, phone, email, language, wrapped_key,
    created_at)
  SELECT %(practice)s, 'Muster' || n || ', Alex', '1960-01-01', 'unknown', 'unknown', '+4915254' || lpad(n::text, 6, '0'),
    'p' || n || '@post.example', 'de', %(key)s, %(now)s FROM numbered RETURNING id, name
),
appointment AS (
  INSERT INTO appointments_appointment (practice_id, feed_id, uid, recurrence_id, sequence, patient_id, type_id, summary,
    practitioner, start, "end", all_day, status, booked_at, type_text, person, content, revision, needs_planning)
  SELECT %(practice)s, feed.id, 'bench-' || n, '', 0, patient.id, %(type)s, 'CT', '', day, day + '15 min'::interval, false,
    'confirmed', %(now)s, '', '', '', 1, false
  FROM numbered JOIN patient ON patient.name = 'Muster' || n || ', Alex'
  JOIN appointments_feed feed ON feed.practice_id = %(practice)s,
  LATERAL (SELECT %(now)s::timestamptz + '5 days'::interval + n %% %(days)s * '1 day'::interval AS day) d
  RETURNING id, start, substr(uid, 7)::int AS n
)
INSERT INTO prerequisites_case (practice_id, appointment_id, plan_id, readiness, readiness_since, deadline, opened_at,
  planned_start, escalation_due_at)
SELECT %(practice)s, id, %(plan)s, CASE WHEN n <= %(due)s THEN 'overdue' ELSE 'waiting' END, %(now)s,
  CASE WHEN n <= %(due)s THEN %(calls_at)s ELSE start - '3 days'::interval END, %(now)s, start,
  CASE WHEN n <= %(due)s THEN %(calls_at)s ELSE %(now)s::timestamptz + '1 day'::interval END
FROM appointment ORDER BY n
"""
REQUIREMENTS = """
INSERT INTO prerequisites_requirement (practice_id, case_id, prerequisite_id, state, deadline, bring_along, obstacle,
  changed_at)
SELECT %(practice)s, one.id, asked, 'open', one.deadline, false, '', %(now)s
FROM prerequisites_case one, unnest(%(asked)s) asked WHERE one.practice_id = %(practice)s
"""
