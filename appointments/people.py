"""Which patient an event means: found by identity or new, never merged on the name alone."""

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from appointments import matching
from appointments.matching import Understood, name_key, person_key
from appointments.models import Patient
from practices import rows, tenancy, vault
from practices.models import Practice

Key = tuple[str, str]
STORED = tuple(one.attname for one in Patient._meta.concrete_fields)
COMPLETED = ("id", "name", "birth_date", "phone", "email")


@dataclass
class Directory:
    """The patients that some events may mean. The same person in several events comes out as one patient."""

    practice: Practice
    now: datetime
    created: list[Patient] = field(default_factory=list)
    completed: dict[int, Patient] = field(default_factory=dict)
    by_id: dict[int, Patient] = field(default_factory=dict)
    """Those that the appointments have, erased ones too."""
    _by_key: dict[Key, Patient] = field(default_factory=dict)

    @classmethod
    def of(
        cls, said: Iterable[Understood], *, patient_ids: Iterable[int], practice: Practice, now: datetime
    ) -> "Directory":
        """One query for all, these patients among them. They are locked, as staff write contacts."""
        births, phones, emails = set(), set(), set()
        for one in said:
            births.add(one.birth_date)
            phones.add(one.phone)
            emails.add(one.email)
        known = [
            Q(rows.among("birth_date", births - {None}, type="date")),
            Q(rows.among("phone", phones - {""}, type="text")) & ~Q(phone=""),
            Q(rows.among("email", emails - {""}, type="text")) & ~Q(email=""),
            Q(rows.among("pk", patient_ids, type="bigint")),
        ]
        found = Patient.objects.filter(functools.reduce(operator.or_, known))
        directory = cls(practice=practice, now=now)
        for patient in found.select_for_update(no_key=True).order_by("-id"):
            directory.by_id[patient.pk] = patient
            # Erased patients have no key and are nobody's match.
            if patient.wrapped_key is not None:
                directory._know(patient)
        return directory

    def find_or_add(self, said: Understood) -> Patient | None:
        """The patient of an event; None if it names nobody. New ones have no id before `save`."""
        if not said.name:
            return None
        found = self._find(said)
        if found is None:
            return self._add(said)
        self.complete(found, said, replace=False)
        return found

    def complete(self, patient: Patient, said: Understood, *, replace: bool) -> None:
        """Fills in what the event knows more; with `replace` what it says otherwise wins."""
        before = (patient.name, patient.birth_date, patient.phone, patient.email)
        patient.birth_date = patient.birth_date or said.birth_date
        if replace:
            patient.name, patient.birth_date = said.name, said.birth_date or patient.birth_date
        for name in ("phone", "email"):
            value = getattr(said, name)
            if value and (replace or not getattr(patient, name)):
                setattr(patient, name, value)
        changed = before != (patient.name, patient.birth_date, patient.phone, patient.email)
        if changed and patient.pk is not None:
            self.completed[patient.pk] = patient
        self._know(patient)

    def still(self, patient: Patient, said: Understood) -> bool:
        """Whether an event that named the patient still does: see `matching.same_person`; or the same name beside the
        same telephone or address, and a date of birth put right that is nobody else's."""
        before, after = person_key(patient.name, patient.birth_date), person_key(said.name, said.birth_date)
        if matching.same_person(before, after):
            return True
        contacts = {patient.phone, patient.email} & {said.phone, said.email} - {""}
        alike = bool(contacts) and name_key(patient.name) == name_key(said.name)
        return alike and self._by_key.get((name_key(said.name), str(said.birth_date)), patient) is patient

    def save(self) -> None:
        """Writes what is new, in a few statements however many there are."""
        for patient, pk in zip(self.created, rows.new_ids(Patient, len(self.created)), strict=True):
            patient.pk = pk
        rows.insert(Patient, [{name: getattr(one, name) for name in STORED} for one in self.created])
        rows.update(
            Patient, [{name: getattr(one, name) for name in COMPLETED} for one in self.completed.values()]
        )

    def _find(self, said: Understood) -> Patient | None:
        name = name_key(said.name)
        if said.birth_date is not None:
            found = self._by_key.get((name, said.birth_date.isoformat()))
            if found is not None:
                return found
        for contact in filter(None, (said.phone, said.email)):
            found = self._by_key.get((name, contact))
            if found is not None and _may_be_born(found, said.birth_date):
                return found
        return None

    def _add(self, said: Understood) -> Patient:
        patient = Patient(
            practice_id=tenancy.current(),
            name=said.name,
            birth_date=said.birth_date,
            phone=said.phone,
            email=said.email,
            wrapped_key=vault.new_patient_key(practice=self.practice.key()),
            created_at=self.now,
        )
        self.created.append(patient)
        self._know(patient)
        return patient

    def _know(self, patient: Patient) -> None:
        name = name_key(patient.name)
        born = patient.birth_date.isoformat() if patient.birth_date else ""
        for value in filter(None, (born, patient.phone, patient.email)):
            self._by_key[name, value] = patient


def _may_be_born(patient: Patient, born: date | None) -> bool:
    """Two dates of birth are two people, as father and son of one name and one telephone."""
    return born is None or patient.birth_date is None or patient.birth_date == born
