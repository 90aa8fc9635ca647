"""A practice's calendar as other practices', copied row by row: a fleet of a million appointments that need not be read
first. What a poll then makes of a copy is what it would make of the first.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection, models

from appointments import claiming, remembering
from appointments.models import Appointment, AppointmentType, Feed, Patient
from practices import tenancy

OWN = frozenset({"id", "practice_id", "feed_id", "patient_id", "type_id"})
# Of a feed that was just polled; the link and when it is due are each feed's own.
POLLED = (
    *("state", "etag", "last_modified", "unconditional_at", "body_hash", "events", "last_good_at"),
    *("last_status", "last_duration_ms", "last_bytes", "last_attempt_at"),
)


class Original:
    """A practice with one feed that was polled, each patient of another name."""

    def __init__(self, practice_id: int) -> None:
        with tenancy.scope(practice_id):
            self.feed = Feed.objects.get()
            self.ids = dict(Appointment.objects.values_list("uid", "id"))
            self.patients, self.appointments = _rows(Patient), _rows(Appointment)

    def copy_to(self, practice_id: int, *, now: datetime) -> None:
        """The practice has a feed and an appointment type of the same names, and nothing else."""
        with tenancy.scope(practice_id):
            feed, type = Feed.objects.get(), AppointmentType.objects.get()
            given: dict[str, Any] = {"practice": practice_id, "feed": feed.pk, "type": type.pk}
            given |= {"patients": self.patients, "appointments": self.appointments}
            with connection.cursor() as cursor:
                cursor.execute(COPY, given)
                copies = {self.ids[uid]: pk for pk, uid in cursor.fetchall()}
            for name in POLLED:
                setattr(feed, name, getattr(self.feed, name))
            feed.blocks = _blocks(bytes(self.feed.blocks), copies)
            (due,) = claiming.due(now)
            feed.head_hash = due.understanding + self.feed.head_hash[remembering.HALF :]
            feed.save(update_fields=[*POLLED, "blocks", "head_hash"])


def _blocks(packed: bytes, copies: Mapping[int, int]) -> bytes:
    """What is remembered of a feed, with the copies' ids."""
    ledger = remembering.unpack(packed)
    return remembering.pack(
        replace(ledger, appointments=[copies.get(one, one) for one in ledger.appointments])
    )


def _rows(model: type[models.Model]) -> str:
    """All rows of the practice in scope, as JSON."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT json_agg(row)::text FROM {model._meta.db_table} row")  # noqa: S608 - our own table
        rows: str = cursor.fetchone()[0]
    return rows


def _columns(model: type[models.Model]) -> str:
    names = (
        field.column
        for field in model._meta.concrete_fields
        if field.column not in OWN and not getattr(field, "generated", False)
    )
    return ", ".join(f'"{name}"' for name in names)


PATIENT, APPOINTMENT = _columns(Patient), _columns(Appointment)
COPY = f"""
WITH was AS (SELECT * FROM json_populate_recordset(NULL::appointments_patient, %(patients)s)),
patient AS (
  INSERT INTO appointments_patient (practice_id, {PATIENT}) SELECT %(practice)s, {PATIENT} FROM was RETURNING id, name
),
booked AS (
  SELECT appointment.*, patient.id AS whose
    FROM json_populate_recordset(NULL::appointments_appointment, %(appointments)s) appointment
    JOIN was ON was.id = appointment.patient_id JOIN patient ON patient.name = was.name
)
INSERT INTO appointments_appointment (practice_id, feed_id, type_id, patient_id, {APPOINTMENT})
SELECT %(practice)s, %(feed)s, %(type)s, whose, {APPOINTMENT} FROM booked
RETURNING id, uid
"""  # noqa: S608 - names of our own columns
