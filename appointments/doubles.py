"""Patients who may be one person: found anew whenever somebody looks, until staff have said what is true of a pair.

Asked about are patients with an appointment to come, at most one question for each. The database finds who shares
something (a date of birth and a name, a phone, an e-mail, a name), `matching.likeness` says whether that is enough.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Min, Q

from appointments.matching import Likeness, Traits, likeness
from appointments.models import Appointment, Patient, PatientMerge, PatientsApart
from appointments.queries import live
from practices import tenancy

# Pairs that share something; beyond them the rest is asked about once these are answered.
MOST = 5000

# A name is compared by equality alone where rows are many: under row-level security nothing else may use an index.
SHARING = """
WITH known AS (
  SELECT id, name, name_key, birth_date, phone, email FROM appointments_patient
   WHERE practice_id = %(practice)s AND wrapped_key IS NOT NULL AND merged_into_id IS NULL AND name_key <> ''
), coming AS (
  SELECT * FROM known WHERE id IN (
    SELECT patient_id FROM appointments_appointment
     WHERE practice_id = %(practice)s AND "end" > %(now)s AND status <> 'cancelled')
     AND (%(only)s::bigint IS NULL OR id = %(only)s)
), pairs AS (
  SELECT c.id AS one, k.id AS other FROM coming c JOIN known k ON k.birth_date = c.birth_date AND k.id <> c.id
     AND string_to_array(k.name_key, ' ') && string_to_array(c.name_key, ' ')
  UNION SELECT c.id, k.id FROM coming c JOIN known k ON k.phone = c.phone AND k.id <> c.id WHERE c.phone <> ''
  UNION SELECT c.id, k.id FROM coming c JOIN known k ON k.email = c.email AND k.id <> c.id WHERE c.email <> ''
  UNION SELECT c.id, k.id FROM coming c JOIN known k ON k.name_key = c.name_key AND k.id <> c.id
     WHERE c.birth_date IS NULL OR k.birth_date IS NULL
)
SELECT a.id, b.id, a.name, a.birth_date, a.phone, a.email, b.name, b.birth_date, b.phone, b.email
  FROM (SELECT DISTINCT least(one, other) AS one, greatest(one, other) AS other FROM pairs) pair
  JOIN known a ON a.id = pair.one JOIN known b ON b.id = pair.other
 ORDER BY a.id, b.id LIMIT %(most)s
"""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two patients who may be one; `first` was seen first. `next_start` is when the next of their appointments is."""

    first: Patient
    second: Patient
    why: Likeness
    next_start: datetime


def pairs(*, now: datetime) -> list[Pair]:
    """The open questions, the next appointment first."""
    return _open(_sharing(now=now), now=now)


def doubles_of(patient_id: int, *, now: datetime) -> list[Pair]:
    """The open questions about a patient with an appointment to come."""
    asked = _open(_sharing(now=now, only=patient_id), now=now)
    return [pair for pair in asked if patient_id in (pair.first.pk, pair.second.pk)]


def why(first: Patient, second: Patient) -> Likeness | None:
    """Why the two may be one person."""
    one, other = (
        Traits(patient.name, patient.birth_date, patient.phone, patient.email) for patient in (first, second)
    )
    return likeness(one, other)


def said_apart(first: Patient, second: Patient) -> PatientsApart | None:
    """What staff have said of the two before, if it was that they are two people."""
    return PatientsApart.objects.filter(first=first, second=second).select_related("user").first()


def merges(*, since: datetime) -> list[PatientMerge]:
    """The merges that can still be taken back, the newest first."""
    found = PatientMerge.objects.filter(at__gt=since, undone_at=None, kept__merged_into=None)
    return list(found.select_related("kept", "merged", "user").order_by("-at", "-id"))


def _sharing(*, now: datetime, only: int | None = None) -> dict[tuple[int, int], Likeness]:
    """The pairs that share enough to ask about them, and why."""
    given: dict[str, Any] = {"practice": tenancy.current(), "now": now, "only": only, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(SHARING, given)
        found = cursor.fetchall()
    reasons = {(row[0], row[1]): likeness(Traits(*row[2:6]), Traits(*row[6:10])) for row in found}
    return {pair: reason for pair, reason in reasons.items() if reason is not None}


def _open(sharing: Mapping[tuple[int, int], Likeness], *, now: datetime) -> list[Pair]:
    ids = {pk for pair in sharing for pk in pair}
    if not ids:
        return []
    apart, starts = _apart(ids), _next_starts(ids, now=now)
    people = Patient.objects.in_bulk(ids)
    found = []
    for one, other in sharing.keys() - apart:
        start = min(starts[pk] for pk in (one, other) if pk in starts)
        pair = Pair(first=people[one], second=people[other], why=sharing[one, other], next_start=start)
        found.append(pair)
    return _one_each(sorted(found, key=lambda pair: (pair.next_start, pair.first.pk, pair.second.pk)))


def _one_each(found: Iterable[Pair]) -> list[Pair]:
    """Who stands three times is asked about once: the answer leads to the next question."""
    asked: set[int] = set()
    kept = []
    for pair in found:
        if not asked & {pair.first.pk, pair.second.pk}:
            asked |= {pair.first.pk, pair.second.pk}
            kept.append(pair)
    return kept


def _apart(ids: set[int]) -> set[tuple[int, int]]:
    """The pairs of whom staff said that they are two: what was said of one who was merged since holds for both."""
    about = (
        Q(first_id__in=ids)
        | Q(second_id__in=ids)
        | Q(first__merged_into__in=ids)
        | Q(second__merged_into__in=ids)
    )
    said = PatientsApart.objects.filter(about).values_list(
        "first_id", "first__merged_into_id", "second_id", "second__merged_into_id"
    )
    found = set()
    for first, first_now, second, second_now in said:
        one, other = sorted((first_now or first, second_now or second))
        found.add((one, other))
    return found


def _next_starts(ids: set[int], *, now: datetime) -> dict[int, datetime]:
    booked = live(now=now).filter(patient_id__in=ids).values_list("patient_id")
    return dict(booked.annotate(start=Min("start")))


def appointments_of(patient: Patient) -> list[Appointment]:
    """All appointments of a patient, the newest first."""
    return list(patient.appointments.select_related("type", "feed").order_by("-start", "-id"))
