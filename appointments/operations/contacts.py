"""What staff know of patients: how they can be written to, when they were born, what decides about what they need."""

from datetime import date, datetime

from django.db.models import QuerySet

from appointments.entering import enter, seen
from appointments.matching import valid_email, valid_phone
from appointments.models import Appointment, Patient
from appointments.operations.invalid import InvalidInputError, StaleError
from appointments.queries import live
from practices import record, tenancy
from practices.models import Practice
from practices.nudge import nudge

ENTERED = ("phone", "email", "entered_at", "calendar_phone", "calendar_email", "calendar_said_at")


def set_contact(
    *, patient_id: int, phone: str, email: str, by: record.Actor, now: datetime, as_seen: str | None = None
) -> Patient:
    """A patient's phone and e-mail as staff enter them; empty takes away. InvalidInputError names the field; StaleError
    if somebody has entered something else since it was `as_seen` (entering.seen)."""
    practice = Practice.objects.get()
    number = valid_phone(phone, country=practice.country) if phone.strip() else ""
    address = valid_email(email) if email.strip() else ""
    if phone.strip() and not number:
        raise InvalidInputError(field="phone", code="phone_invalid")
    if email.strip() and not address:
        raise InvalidInputError(field="email", code="email_invalid")
    patient = hold_person(patient_id)
    if (
        as_seen is not None
        and as_seen != seen(patient)
        and (patient.phone, patient.email) != (number, address)
    ):
        raise StaleError
    enter(patient, phone=number, email=address, now=now)
    patient.save(update_fields=ENTERED)
    record.write(
        record.Entry(
            event="patient.contact",
            at=now,
            actor=by,
            patient_id=patient.pk,
            personal={"phone": number, "email": address},
            key=patient.key(),
        )
    )
    plan_again(live(now=now).filter(patient=patient))
    return patient


def set_birth_date(*, patient_id: int, birth_date: date, by: record.Actor, now: datetime) -> bool:
    """A date of birth that staff have confirmed, where none is known. False if one is known by now."""
    patient = hold_person(patient_id)
    if not Patient.objects.filter(pk=patient.pk, birth_date=None).update(birth_date=birth_date):
        return False
    personal = {"birth_date": birth_date}
    event, key = "patient.birth_date", patient.key()
    record.write(
        record.Entry(event=event, at=now, actor=by, patient_id=patient.pk, personal=personal, key=key)
    )
    return True


def set_facts(
    *,
    patient_id: int,
    sex: str | None = None,
    insurance: str | None = None,
    birth_date: date | None = None,
    by: record.Actor,
    now: datetime,
) -> bool:
    """A patient's sex and insurance (values of models.Sex and models.Insurance), and their date of birth where none is
    known: what their appointments need may be another thing then. None leaves as it is. False if nothing was new."""
    patient = hold_person(patient_id)
    said: dict[str, str | date] = {}
    if sex is not None and sex != patient.sex:
        said["sex"] = sex
    if insurance is not None and insurance != patient.insurance:
        said["insurance"] = insurance
    if birth_date is not None and patient.birth_date is None:
        said["birth_date"] = birth_date
    if not said:
        return False
    Patient.objects.filter(pk=patient.pk).update(**said)
    event, key = "patient.facts", patient.key()
    record.write(record.Entry(event=event, at=now, actor=by, patient_id=patient.pk, personal=said, key=key))
    plan_again(live(now=now).filter(patient=patient))
    return True


def hold_person(patient_id: int) -> Patient:
    """The patient, locked; the one whom they were merged into meanwhile, if they were."""
    held = Patient.objects.select_for_update(of=("self",), no_key=True).select_related("practice")
    patient = held.get(pk=patient_id)
    return patient if patient.merged_into_id is None else hold_person(patient.merged_into_id)


def plan_again(appointments: QuerySet[Appointment]) -> None:
    """Has the next stage look at them. Locked in order of id, as the sync does."""
    held = appointments.select_for_update(of=("self",), no_key=True).order_by("pk")
    Appointment.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(needs_planning=True)
    nudge(stage="cases", practice_id=tenancy.current())
