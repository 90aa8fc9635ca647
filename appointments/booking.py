"""Appointments as rows of what a feed says: new ones, and those that it says otherwise now."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from appointments.cancelling import cancel
from appointments.comparing import Held
from appointments.matching import Known, Pair, Seen, Understood, name_key, reread
from appointments.models import Appointment, AppointmentStatus, Patient
from appointments.people import Directory
from appointments.seeing import Sight
from practices import record, rows, tenancy


@dataclass(kw_only=True)
class Bookings:
    """The appointments of one feed that are written: `created` and `changed` are their rows once `save` was called."""

    feed_id: int
    sight: Sight
    people: Directory
    remembered: Container[str]
    """The UIDs of the events that are remembered by their blocks."""
    now: datetime
    created: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    ids: dict[int, int] = field(default_factory=dict)
    """Which appointment a new one's event became, by the event's index."""
    _retimed: list[dict[str, Any]] = field(default_factory=list)
    _rewritten: list[dict[str, Any]] = field(default_factory=list)
    _indexes: list[int] = field(default_factory=list)
    _patients: list[tuple[dict[str, Any], Patient | None]] = field(default_factory=list)
    _renamed: dict[int, str] = field(default_factory=dict)

    def add(self, one: Seen) -> None:
        """A new appointment."""
        said = self.sight.said(one.index)
        row = self._says(one) | {
            "practice_id": tenancy.current(),
            "feed_id": self.feed_id,
            "type_id": said.type_id,
            "booked_at": self.now,
            "moved_from": None,
            "revision": 1,
        }
        row["remembered"] = row["revision"] if one.uid in self.remembered else None
        self._indexes.append(one.index)
        self._keep(self.created, row, self.people.find_or_add(said))

    def retime(self, pairs: Sequence[Pair], held: Mapping[int, Held]) -> None:
        """Appointments of which the feed says other times, or that they take place after all, and else what it said."""
        for known, seen in pairs:
            row = held[known.id]
            times = _times(seen) | _since(row, _moved_from(row, known, seen))
            times["remembered"] = times["revision"] if seen.uid in self.remembered else None
            self._retimed.append(times)
            self.changed.append(times | {"type_id": row.type_id, "patient_id": row.patient_id})

    def change(self, pairs: Sequence[Pair], held: Mapping[int, Held]) -> None:
        """Appointments as the feed says them now.

        An event that names another person now is another appointment: what the first one handed in, and their link,
        stay with theirs, which is cancelled and leaves its UID to the new one. One that says what it said, and is only
        read otherwise, as the rules were put right, is still the same person's.
        """
        taken = []
        for known, seen in pairs:
            row, means = held[known.id], self.sight.said(seen.index)
            patient = self.people.person(row.patient_id) if row.patient_id is not None else None
            if patient is not None and means.name and not self._still(patient, (known, seen), means):
                taken.append((known, seen))
                continue
            if patient is None:
                patient = self.people.find_or_add(means)
            elif means.name:  # an event that names nobody any more takes the patient from nobody
                self.people.complete(patient, means, replace=True)
            changed = self._says(seen) | _since(row, _moved_from(row, known, seen))
            changed["type_id"] = _type(row, means)
            changed["remembered"] = changed["revision"] if seen.uid in self.remembered else None
            self.changed.append(changed)
            self._keep(self._rewritten, changed, patient)
        ids = [known.id for known, _ in taken]
        release(ids)
        cancel(ids=ids, reason="another_person", actor=record.SYSTEM, now=self.now)
        for _, seen in taken:
            self.add(seen)

    def save(self) -> None:
        """Writes the patients, then the appointments."""
        self.people.save()
        for row, patient in self._patients:
            row["patient_id"] = patient.pk if patient is not None else None
        ids = rows.new_ids(Appointment, len(self.created))
        for index, row, pk in zip(self._indexes, self.created, ids, strict=True):
            row["id"] = self.ids[index] = pk
        rows.insert(Appointment, self.created)
        rows.update(Appointment, self._retimed)
        rows.update(Appointment, self._rewritten)

    def remembered_ids(self) -> frozenset[int]:
        """The appointments that were written as remembered."""
        return frozenset(row["id"] for row in (*self.created, *self.changed) if row["remembered"] is not None)

    def _says(self, one: Seen) -> dict[str, Any]:
        """All that an event says."""
        event, said = self.sight.events[one.index], self.sight.said(one.index)
        return _times(one) | {
            "all_day": event.all_day,
            "summary": one.summary,
            "practitioner": said.practitioner,
            "type_text": said.type_text[:120],
            "person": one.person,
            "content": one.content,
        }

    def _keep(self, among: list[dict[str, Any]], row: dict[str, Any], patient: Patient | None) -> None:
        among.append(row)
        # New patients get their ids when they are saved.
        self._patients.append((row, patient))

    def _still(self, patient: Patient, pair: Pair, means: Understood) -> bool:
        """Whether an event is still the patient's. A patient is read otherwise in one way: else one of two would get
        what is the other's."""
        known, seen = pair
        name = name_key(means.name)
        if known.person == seen.person:
            return True
        if self.people.means(patient, means):
            self._renamed.setdefault(patient.pk, name)
            return True
        return reread(known, seen) and self._renamed.setdefault(patient.pk, name) == name


def release(ids: Collection[int]) -> None:
    """Leaves the UIDs of appointments to others."""
    if ids:
        uid = Concat(Value("released:"), Cast("pk", CharField()))
        Appointment.objects.filter(rows.among("pk", ids, type="bigint")).update(uid=uid)


def _times(one: Seen) -> dict[str, Any]:
    """What every event says anew."""
    return {
        "uid": one.uid,
        "recurrence_id": one.recurrence_id,
        "sequence": one.sequence,
        "start": one.start,
        "end": one.end,
        "status": AppointmentStatus.CONFIRMED.value,
        "absent_since": None,
        "needs_planning": True,
    }


def _since(row: Held, moved_from: datetime | None) -> dict[str, Any]:
    return {"id": row.id, "moved_from": moved_from, "revision": row.revision + 1}


def _moved_from(row: Held, known: Known, seen: Seen) -> datetime | None:
    return known.start if seen.start != known.start else row.moved_from


def _type(row: Held, said: Understood) -> int | None:
    """Where the event says nothing of it, a type that staff gave to the same text stays."""
    retyped = said.type_id is not None or row.type_text != said.type_text[:120]
    return said.type_id if retyped else row.type_id
