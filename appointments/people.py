"""Which patient an event means: found by identity or new, never merged on the name alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q

from appointments.matching import Understood, name_key
from appointments.models import Appointment, Patient
from practices import tenancy, vault
from practices.models import Practice

Key = tuple[str, str]


@dataclass
class Directory:
    """The patients that some events may mean. The same person in several events comes out as one patient."""

    practice: Practice
    now: datetime
    created: list[Patient] = field(default_factory=list)
    completed: list[Patient] = field(default_factory=list)
    _by_key: dict[Key, Patient] = field(default_factory=dict)

    @classmethod
    def of(
        cls, said: Iterable[Understood], *, appointment_ids: Iterable[int], practice: Practice, now: datetime
    ) -> "Directory":
        """One query for all, the patients of the appointments among them. They are locked, as staff write contacts."""
        births, phones, emails = set(), set(), set()
        for one in said:
            births.add(one.birth_date)
            phones.add(one.phone)
            emails.add(one.email)
        identified = (
            Q(birth_date__in=births - {None})
            | Q(phone__in=phones - {""})
            | Q(email__in=emails - {""})
            | Q(pk__in=Appointment.objects.filter(pk__in=appointment_ids).values("patient_id"))
        )
        held = Patient.objects.select_for_update(no_key=True).filter(identified)
        directory = cls(practice=practice, now=now)
        # Erased patients have no key and are nobody's match.
        for patient in held.filter(wrapped_key__isnull=False).order_by("-id"):
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
            patient.name = said.name
        for name in ("phone", "email"):
            value = getattr(said, name)
            if value and (replace or not getattr(patient, name)):
                setattr(patient, name, value)
        changed = before != (patient.name, patient.birth_date, patient.phone, patient.email)
        if changed and patient.pk is not None and patient not in self.completed:
            self.completed.append(patient)
        self._know(patient)

    def save(self) -> None:
        """Writes what is new, in two statements however many there are."""
        Patient.objects.bulk_create(self.created, batch_size=1000)
        Patient.objects.bulk_update(self.completed, ["name", "birth_date", "phone", "email"], batch_size=500)

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


def same_person(patient: Patient, said: Understood) -> bool:
    """Whether an event that named the patient still does: the same name, or one corrected beside the same date of birth."""
    before, after = name_key(patient.name), name_key(said.name)
    if before == after:
        return _may_be_born(patient, said.birth_date)
    corrected = bool(set(before.split()) & set(after.split()))
    return corrected and said.birth_date is not None and said.birth_date == patient.birth_date


def _may_be_born(patient: Patient, born: date | None) -> bool:
    """Two dates of birth are two people, as father and son of one name and one telephone."""
    return born is None or patient.birth_date is None or patient.birth_date == born
