"""What a patient asks the practice on the page. The words are sealed; escalation makes a task of each."""

import json
from datetime import datetime, timedelta

from practices import record, vault
from practices.nudge import nudge
from prerequisites import locking
from prerequisites.acts import NotAllowedError
from prerequisites.models import Case, Enquiry

MOST_A_DAY = 5
MOST_LETTERS = 1000
A_DAY = timedelta(days=1)


def ask(*, case_id: int, text: str, now: datetime) -> None:
    """Writes the question down and calls staff. Asked in the same words within a day it is the same question.
    NotAllowedError: "no_patient", "too_many"."""
    locking.lock_cases([case_id])
    case = Case.objects.select_related(
        "appointment__patient__practice", "appointment__sealed_for__practice"
    ).get(pk=case_id)
    holder = case.appointment.key_holder
    if holder is None:
        raise NotAllowedError("no_patient")
    key, context = holder.key(), f"enquiry:{case.practice_id}:{case.pk}"
    lately = Enquiry.objects.filter(case=case, at__gt=now - A_DAY)
    asked = [
        json.loads(vault.unseal(key=key, sealed=bytes(one.sealed_text), context=context)) for one in lately
    ]
    if text in asked:
        return
    if len(asked) >= MOST_A_DAY:
        raise NotAllowedError("too_many")
    sealed = vault.seal(key=key, plaintext=json.dumps(text).encode(), context=context)
    Enquiry.objects.create(practice_id=case.practice_id, case=case, sealed_text=sealed, at=now)
    Case.objects.filter(pk=case.pk).update(escalation_due_at=now)
    record.write(
        record.Entry(
            event="patient.asked",
            at=now,
            actor=record.PATIENT,
            case_id=case.pk,
            patient_id=holder.pk,
            personal={"text": text},
            key=key,
        )
    )
    nudge(stage="escalate", practice_id=case.practice_id)
