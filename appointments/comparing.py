"""Appointments as a calendar is compared with them, and the locks on those that it says otherwise.

The statements are written by hand, as they run at every poll that brings anything. Each row is looked up by itself:
a practice whose calendar has just come is more than Postgres knows of yet, which would look through all of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from appointments.matching import Known
from practices import tenancy

FIELDS = """
id, uid, recurrence_id, start, "end", summary, person, type_id, content, status = 'cancelled',
absent_since IS NOT NULL, patient_id
"""
BY_ID = f"""
SELECT found.* FROM unnest(%(ids)s::bigint[]) AS given (pk), LATERAL (
  SELECT {FIELDS} FROM appointments_appointment WHERE practice_id = %(practice)s AND id = given.pk AND "end" >= %(since)s OFFSET 0
) found
"""  # noqa: S608 - our own names
OF_FEED = f"""
SELECT {FIELDS} FROM appointments_appointment
 WHERE practice_id = %(practice)s AND feed_id = %(feed)s AND "end" >= %(since)s
"""  # noqa: S608 - our own names
BY_UID = f"""
SELECT {FIELDS} FROM appointments_appointment
 WHERE practice_id = %(practice)s AND feed_id = %(feed)s AND uid = ANY(%(uids)s::text[]) AND "end" < %(before)s
"""  # noqa: S608 - our own names
HOLD = """
SELECT found.* FROM unnest(%(ids)s::bigint[]) AS given (pk), LATERAL (
  SELECT id, patient_id, type_id, type_text, moved_from, revision FROM appointments_appointment
   WHERE practice_id = %(practice)s AND id = given.pk FOR NO KEY UPDATE
) found
"""


@dataclass
class Stored:
    """What was found: the appointments, the ids of those that were absent, and by its id whose each is."""

    known: list[Known] = field(default_factory=list)
    absent: set[int] = field(default_factory=set)
    patients: dict[int, int] = field(default_factory=dict)

    def add(self, others: "Stored") -> bool:
        """Whether there are any."""
        self.known += others.known
        self.absent |= others.absent
        self.patients |= others.patients
        return bool(others.known)


class Held(NamedTuple):
    """What is kept of a row that the feed says otherwise now."""

    id: int
    patient_id: int | None
    type_id: int | None
    type_text: str
    moved_from: datetime | None
    revision: int


def by_id(ids: Collection[int], *, since: datetime) -> Stored:
    """Those of these ids that end at or after `since`."""
    return _stored(BY_ID, ids=list(ids), since=since)


def of_feed(feed_id: int, *, since: datetime) -> Stored:
    """Those that end at or after `since`."""
    return _stored(OF_FEED, feed=feed_id, since=since)


def by_uid(feed_id: int, uids: Collection[str], *, before: datetime) -> Stored:
    """Those of these UIDs that ended before."""
    return _stored(BY_UID, feed=feed_id, uids=list(uids), before=before)


def hold(ids: Collection[int]) -> dict[int, Held]:
    """Locks these appointments, in order of their ids."""
    if not ids:
        return {}
    return {row[0]: Held(*row) for row in _rows(HOLD, ids=sorted(ids))}


def _stored(statement: str, **given: object) -> Stored:
    stored = Stored()
    for *compared, absent, patient_id in _rows(statement, **given):
        one = Known(*compared)
        stored.known.append(one)
        if absent:
            stored.absent.add(one.id)
        if patient_id is not None:
            stored.patients[one.id] = patient_id
    return stored


def _rows(statement: str, **given: object) -> list[Sequence[Any]]:
    """In binary, by psycopg itself."""
    with psycopg.Cursor(connection.connection) as cursor:
        found = cursor.execute(statement, {**given, "practice": tenancy.current()}, binary=True)
        return found.fetchall()
