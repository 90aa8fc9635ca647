"""Staff say whom an appointment is for where the calendar names nobody. Never by the name alone: a person decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q

from appointments.entering import enter
from appointments.matching import name_key, valid_email, valid_phone
from appointments.models import Appointment, Patient, PatientsApart
from appointments.operations import InvalidInputError
from appointments.operations.contacts import ENTERED, hold_person
from practices import record, tenancy, vault
from practices.models import Practice
from practices.nudge import nudge

EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person as staff describe them: checked, the phone in E.164."""

    name: str
    birth_date: date
    phone: str = ""
    email: str = ""


def check(*, name: str, birth_date: date, phone: str, email: str, today: date) -> Person:
    """What was entered, if it can be used. InvalidInputError names the field."""
    name = " ".join(name.replace("\x00", "").split())
    number = valid_phone(phone, country=Practice.objects.get().country) if phone.strip() else ""
    address = valid_email(email) if email.strip() else ""
    for field, wrong, code in (
        ("name", not name_key(name), "name_invalid"),
        ("birth_date", not EARLIEST <= birth_date <= today, "birth_date_invalid"),
        ("phone", bool(phone.strip()) and not number, "phone_invalid"),
        ("email", bool(email.strip()) and not address, "email_invalid"),
    ):
        if wrong:
            raise InvalidInputError(field=field, code=code)
    return Person(name=name[:160], birth_date=birth_date, phone=number or "", email=address or "")


def alike(person: Person) -> list[Patient]:
    """Patients of the practice who may be meant: the same date of birth, phone or address, or the same name and no date
    of birth known. For a person to decide. Erased patients are nobody."""
    shared = Q(birth_date=person.birth_date)
    if person.phone:
        shared |= Q(phone=person.phone)
    if person.email:
        shared |= Q(email=person.email)
    known = Patient.objects.filter(wrapped_key__isnull=False, merged_into=None).order_by("name", "id")
    words = Q()
    for word in person.name.split():
        words &= Q(name__icontains=word)
    found = list(known.filter(shared | (Q(birth_date=None) & words))[:50])
    key = name_key(person.name)
    return sorted(found, key=lambda patient: (name_key(patient.name) != key, patient.name, patient.pk))[:10]


def name_patient(
    *,
    appointment_id: int,
    person: Person,
    by: record.Actor,
    now: datetime,
    apart_from: Sequence[Patient] = (),
) -> bool:
    """A new patient, who has the appointment from now on, and is none of those alike. False if somebody named one
    meanwhile."""
    practice = Practice.objects.get()
    if not _is_free(appointment_id):
        return False
    patient = Patient.objects.create(
        practice=practice,
        name=person.name,
        birth_date=person.birth_date,
        phone=person.phone,
        email=person.email,
        wrapped_key=vault.new_patient_key(practice=practice.key()),
        created_at=now,
        entered_at=now if person.phone or person.email else None,
    )
    PatientsApart.objects.bulk_create(
        PatientsApart(practice=practice, first=other, second=patient, user_id=by.user_id, at=now)
        for other in apart_from
    )
    _write("patient.created", patient, by=by, now=now)
    return _give(appointment_id, patient, by=by, now=now)


def attach_patient(
    *, appointment_id: int, patient: Patient, person: Person, by: record.Actor, now: datetime
) -> bool:
    """The appointment is a known patient's, as staff say; what is not known of them yet is filled in. False if somebody
    named one meanwhile."""
    patient = hold_person(patient.pk)
    if not _is_free(appointment_id):
        return False
    patient.birth_date = patient.birth_date or person.birth_date
    phone, email = patient.phone or person.phone, patient.email or person.email
    if (phone, email) != (patient.phone, patient.email):
        enter(patient, phone=phone, email=email, now=now)
    patient.save(update_fields=["birth_date", *ENTERED])
    return _give(appointment_id, patient, by=by, now=now)


def _is_free(appointment_id: int) -> bool:
    held = Appointment.objects.select_for_update(of=("self",), no_key=True)
    return held.filter(pk=appointment_id, patient=None).exists()


def _give(appointment_id: int, patient: Patient, *, by: record.Actor, now: datetime) -> bool:
    free = Appointment.objects.filter(pk=appointment_id, patient=None)
    given = free.update(patient=patient, needs_planning=True, to_settle=True, revision=F("revision") + 1)
    if given:
        _write("patient.named", patient, by=by, now=now, appointment=appointment_id)
        nudge(stage="cases", practice_id=tenancy.current())
    return bool(given)


def _write(event: str, patient: Patient, *, by: record.Actor, now: datetime, **data: int) -> None:
    personal = {
        "name": patient.name,
        "birth_date": patient.birth_date,
        "phone": patient.phone,
        "email": patient.email,
    }
    record.write(
        record.Entry(
            event=event,
            at=now,
            actor=by,
            patient_id=patient.pk,
            data=data,
            personal=personal,
            key=patient.key(),
        )
    )


def choose(person: Person, patient_id: int) -> Patient | None:
    """The one of those alike that staff chose; None for anybody else."""
    return next((patient for patient in alike(person) if patient.pk == patient_id), None)
