"""Which patient an event means: found by identity or new, never merged on the name alone."""

import functools
import operator
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from appointments.entering import hear
from appointments.matching import Understood, name_key, person_key, same_person
from appointments.models import Patient
from practices import rows, tenancy, vault
from practices.models import Practice

Key = tuple[str, str]
STORED = tuple(one.attname for one in Patient._meta.concrete_fields if not one.generated)
COMPLETED = (
    *("id", "name", "birth_date", "phone", "email"),
    *("calendar_phone", "calendar_email", "calendar_said_at"),
)
CONTACT = ("phone", "email")


@dataclass
class Directory:
    """The patients that some events may mean. The same person in several events comes out as one patient, and one who
    was merged into another comes out as that one."""

    practice: Practice
    now: datetime
    created: list[Patient] = field(default_factory=list)
    completed: dict[int, Patient] = field(default_factory=dict)
    _by_id: dict[int, Patient] = field(default_factory=dict)
    """Those that the appointments have, erased ones too."""
    _by_key: dict[Key, Patient] = field(default_factory=dict)
    _also: dict[int, list[Patient]] = field(default_factory=lambda: defaultdict(list))
    """The rows that were merged into a patient, by the patient's id."""

    @classmethod
    def of(
        cls, said: Collection[Understood], *, patient_ids: Collection[int], practice: Practice, now: datetime
    ) -> "Directory":
        """One query for all, these patients among them. They are locked, as staff write contacts."""
        directory = cls(practice=practice, now=now)
        if not said and not patient_ids:
            return directory
        births, phones, emails = set(), set(), set()
        for one in said:
            births.add(one.birth_date)
            phones.add(one.phone)
            emails.add(one.email)
        known = [
            Q(rows.among("birth_date", births - {None}, type="date")),
            Q(rows.among("phone", phones - {""}, type="text")) & ~Q(phone=""),
            Q(rows.among("email", emails - {""}, type="text")) & ~Q(email=""),
        ]
        known_as = Patient.objects.filter(functools.reduce(operator.or_, known), merged_into__isnull=False)
        ids = {*patient_ids, *known_as.values_list("merged_into_id", flat=True)}
        known += [
            Q(rows.among("pk", ids, type="bigint")),
            Q(rows.among("merged_into_id", ids, type="bigint")),
        ]
        found = Patient.objects.filter(functools.reduce(operator.or_, known))
        directory._take(list(found.select_for_update(no_key=True).order_by("id")))
        return directory

    def person(self, patient_id: int) -> Patient:
        """The patient that an appointment has."""
        if patient_id not in self._by_id:  # merged, or taken apart, while we waited for the others
            self._take(list(Patient.objects.select_for_update(no_key=True).filter(pk=patient_id)))
        patient = self._by_id[patient_id]
        return patient if patient.merged_into_id is None else self.person(patient.merged_into_id)

    def find_or_add(self, said: Understood) -> Patient | None:
        """The patient of an event; None if it names nobody. New ones have no id before `save`."""
        if not said.name:
            return None
        found = self._find(said)
        if found is None:
            return self._add(said)
        self.complete(found, said, replace=False)
        return found

    def means(self, patient: Patient, said: Understood) -> bool:
        """Whether an event that named the patient still does, by whichever name they were known."""
        born = said.birth_date
        return self._still(patient, said) or any(
            _same(row, said) and (_may_be_born(patient, born) or row.birth_date == born)
            for row in self._also.get(patient.pk, ())
        )

    def complete(self, patient: Patient, said: Understood, *, replace: bool) -> None:
        """Fills in what the event knows more; with `replace` what it says otherwise wins, but not against a person."""
        before = [getattr(patient, name) for name in COMPLETED]
        patient.birth_date = patient.birth_date or said.birth_date
        also = self._also.get(patient.pk, ())
        if replace and not self._known_as(patient, said.name):
            patient.name = said.name
        if replace and said.birth_date and all(said.birth_date != row.birth_date for row in also):
            patient.birth_date = said.birth_date
        for name in CONTACT:
            value = getattr(said, name)
            if all(value != getattr(row, name) for row in also):
                hear(patient, name, value, changed=replace, now=self.now)
        if before != [getattr(patient, name) for name in COMPLETED] and patient.pk is not None:
            self.completed[patient.pk] = patient
        self._know(patient, patient)

    def _still(self, patient: Patient, said: Understood) -> bool:
        """See `matching.same_person`; or the same name beside the same telephone or address, and a date of birth put
        right that is nobody else's."""
        if _same(patient, said):
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
        self._know(patient, patient)
        return patient

    def _take(self, found: Sequence[Patient]) -> None:
        for row in found:
            self._by_id[row.pk] = row
        # Of two that share a name and a telephone the one seen first is meant.
        for row in reversed(found):
            person = self.person(row.pk)
            if row is not person:
                self._also[person.pk].append(row)
            # Erased patients have no key and are nobody's match.
            if row.wrapped_key is not None and person.wrapped_key is not None:
                self._know(row, person)

    def _know(self, row: Patient, person: Patient) -> None:
        name = name_key(row.name)
        born = row.birth_date.isoformat() if row.birth_date else ""
        for value in filter(None, (born, row.phone, row.email)):
            self._by_key[name, value] = person

    def _known_as(self, patient: Patient, name: str) -> bool:
        """Whether it is the name of a row that was merged into the patient: staff chose another."""
        key = name_key(name)
        if key == name_key(patient.name):
            return False
        return any(key == name_key(row.name) for row in self._also.get(patient.pk, ()))


def _same(patient: Patient, said: Understood) -> bool:
    before, after = person_key(patient.name, patient.birth_date), person_key(said.name, said.birth_date)
    return same_person(before, after)


def _may_be_born(patient: Patient, born: date | None) -> bool:
    """Two dates of birth are two people, as father and son of one name and one telephone."""
    return born is None or patient.birth_date is None or patient.birth_date == born
