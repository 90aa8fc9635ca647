"""Who has the last word on how a patient is written to: a person once they have said it, until then the calendar."""

import hashlib
from datetime import datetime

from appointments.models import Patient

FIELDS = ("phone", "email")


def enter(patient: Patient, *, phone: str, email: str, now: datetime) -> None:
    """What a person says; not stored yet. What it takes the place of is no news any more when a calendar says it."""
    for field, value in (("phone", phone), ("email", email)):
        before = getattr(patient, field)
        if before != value and not getattr(patient, f"calendar_{field}"):
            setattr(patient, f"calendar_{field}", before)
        setattr(patient, field, value)
    patient.entered_at, patient.calendar_said_at = now, None


def hear(patient: Patient, field: str, value: str, *, changed: bool, now: datetime) -> None:
    """What a calendar says; not stored yet. It fills in what is missing. Another value wins in an event that was
    changed, as long as no person has said one; else it is kept beside, for somebody to look at."""
    said = f"calendar_{field}"
    now_known, last_said = getattr(patient, field), getattr(patient, said)
    entered = patient.entered_at is not None
    if not value or value == now_known:
        return
    if (changed and not entered) or (not now_known and not (entered and last_said)):
        setattr(patient, field, value)
        setattr(patient, said, "")
    elif value != last_said:
        setattr(patient, said, value)
        patient.calendar_said_at = now


def seen(patient: Patient) -> str:
    """What somebody saw who changes a contact: another code once it says something else."""
    return hashlib.sha256(f"{patient.phone} {patient.email}".encode()).hexdigest()[:16]


def news(patient: Patient) -> dict[str, str]:
    """Field -> what a calendar says otherwise since a person last looked."""
    if patient.calendar_said_at is None:
        return {}
    said = {field: getattr(patient, f"calendar_{field}") for field in FIELDS}
    return {field: value for field, value in said.items() if value and value != getattr(patient, field)}
