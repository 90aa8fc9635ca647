"""Staff say of two patients that they are one person, or that they are two.

Merged, the appointments are all the survivor's; the other row stays and points to them. Whatever was handed in for an
appointment, before or after, is under the key that it began with (`Appointment.key_holder`), so nothing is encrypted
anew, a merge can be taken back, and who is erased is erased with all rows that point to them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from appointments.entering import enter
from appointments.matching import name_key
from appointments.models import Appointment, Patient, PatientMerge, PatientsApart
from appointments.operations.contacts import plan_again
from appointments.operations.invalid import StaleError
from appointments.queries import live
from practices import record, vault

UNDO_WITHIN = timedelta(minutes=30)
FIELDS = ("name", "birth_date", "phone", "email")
# What the survivor has of the other one where nobody had entered it.
FACTS = ("sex", "insurance")
# What a merge changes of the survivor; the order of the first four is what people see.
KEPT = (*FIELDS, *FACTS, "entered_at", "calendar_phone", "calendar_email", "calendar_said_at")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Of which of the two each is right: field -> patient id. What only one of them has is taken from that one."""

    right: Mapping[str, int]


def seen(first: Patient, second: Patient) -> str:
    """What somebody saw who decides: another code once either says something else."""
    shown = [str(getattr(patient, field) or "") for patient in (first, second) for field in FIELDS]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def merge(
    *, first_id: int, second_id: int, chosen: Chosen, as_seen: str, by: record.Actor, now: datetime
) -> PatientMerge:
    """Makes the one seen first the person, and the other an old row of theirs. StaleError if what was seen is no more."""
    kept, merged = _hold(first_id, second_id)
    if seen(kept, merged) != as_seen:
        raise StaleError
    before = _kept(kept)
    _complete(kept, merged, chosen, now=now)
    moved = _lock(Appointment.objects.filter(patient=merged))
    _move(moved, to=kept)
    pointing = Patient.objects.filter(Q(pk=merged.pk) | Q(merged_into=merged))
    row_ids = list(pointing.values_list("pk", flat=True))
    Patient.objects.filter(pk__in=row_ids).update(merged_into=kept)
    kept.save(update_fields=KEPT)
    done = PatientMerge(
        practice=kept.practice,
        kept=kept,
        merged=merged,
        user_id=by.user_id,
        at=now,
        appointment_ids=moved,
        row_ids=row_ids,
    )
    done.sealed_before = _sealed(done, {"before": before, "after": _kept(kept)})
    done.save(force_insert=True)
    PatientsApart.objects.filter(first_id=kept.pk, second_id=merged.pk).delete()
    _record("patient.merged", done, by=by, now=now, appointments=len(moved))
    plan_again(live(now=now).filter(patient=kept))
    return done


def undo(*, merge_id: int, by: record.Actor, now: datetime) -> PatientMerge:
    """Makes them two again: each has the appointments that were theirs, and what was known of the survivor is as before,
    save what was changed since. StaleError after half an hour, or once the survivor was merged into another."""
    done = PatientMerge.objects.get(pk=merge_id)
    kept, merged = _hold(done.kept_id, done.merged_id, together=True)
    taken_back = PatientMerge.objects.filter(pk=done.pk, undone_at=None, at__gt=now - UNDO_WITHIN)
    if not taken_back.update(undone_at=now):
        raise StaleError
    theirs = Appointment.objects.filter(Q(pk__in=done.appointment_ids) | _booked_since(done, kept, merged))
    back = _lock(theirs.filter(patient=kept))
    _move(back, to=merged)
    rows = Patient.objects.filter(pk__in=done.row_ids, merged_into=kept)
    rows.exclude(pk=merged.pk).update(merged_into=merged)
    rows.filter(pk=merged.pk).update(merged_into=None)
    _restore(kept, done)
    _record("patient.unmerged", done, by=by, now=now, appointments=len(back))
    plan_again(live(now=now).filter(patient__in=[kept.pk, merged.pk]))
    return done


def keep_apart(*, first_id: int, second_id: int, by: record.Actor, now: datetime) -> None:
    """They are two people: remembered, so that nobody is asked again. StaleError if they are one by now."""
    first, second = _hold(first_id, second_id)
    _said, new = PatientsApart.objects.get_or_create(
        first=first,
        second=second,
        defaults={"practice": first.practice, "user_id": by.user_id, "at": now},
    )
    if new:
        data = {"patients": [first.pk, second.pk]}
        record.write(record.Entry(event="patients.apart", at=now, actor=by, patient_id=first.pk, data=data))


def _hold(first_id: int, second_id: int, *, together: bool = False) -> tuple[Patient, Patient]:
    """Both, locked in order of id: two that are people of their own, or (`together`) a survivor and who was merged."""
    found = Patient.objects.select_for_update(of=("self",), no_key=True).select_related("practice")
    held = {patient.pk: patient for patient in found.filter(pk__in=(first_id, second_id)).order_by("pk")}
    if len(held) != 2 or any(patient.wrapped_key is None for patient in held.values()):
        raise StaleError
    first, second = held[first_id], held[second_id]
    if first.merged_into_id is not None or second.merged_into_id != (first.pk if together else None):
        raise StaleError
    return first, second


def _complete(kept: Patient, merged: Patient, chosen: Chosen, *, now: datetime) -> None:
    values: dict[str, Any] = {}
    for field in FIELDS:
        right, other = (merged, kept) if chosen.right.get(field) == merged.pk else (kept, merged)
        values[field] = getattr(right, field) or getattr(other, field)
    kept.name, kept.birth_date = values["name"], values["birth_date"]
    for field in FACTS:
        if getattr(kept, field) == "unknown":
            setattr(kept, field, getattr(merged, field))
    enter(kept, phone=values["phone"], email=values["email"], now=now)
    for field in ("phone", "email"):
        # The one that was not chosen was seen: no calendar that says it tells news.
        if not getattr(kept, f"calendar_{field}") and getattr(merged, field) != values[field]:
            setattr(kept, f"calendar_{field}", getattr(merged, field))


def _lock(found: QuerySet[Appointment]) -> list[int]:
    held = found.select_for_update(of=("self",), no_key=True).order_by("pk")
    return list(held.values_list("pk", flat=True))


def _move(appointment_ids: list[int], *, to: Patient) -> None:
    """Gives the appointments to another row of the same person; the key that they began with stays theirs."""
    began_with = Coalesce(F("sealed_for_id"), F("patient_id"))
    Appointment.objects.filter(pk__in=appointment_ids).update(
        sealed_for_id=Case(When(Q(sealed_for_id=to.pk), then=Value(None)), default=began_with),
        patient_id=to.pk,
        to_settle=True,
        revision=F("revision") + 1,
    )


def _booked_since(done: PatientMerge, kept: Patient, merged: Patient) -> Q:
    """What the calendars have booked for the merged one meanwhile, as far as they tell them from the survivor."""
    named, other = (f"{name_key(one.name)}|{one.birth_date or ''}" for one in (merged, kept))
    if named == other:
        return Q(pk__in=[])
    return Q(patient=kept, booked_at__gte=done.at, person=named)


def _restore(kept: Patient, done: PatientMerge) -> None:
    key = kept.key()
    opened = json.loads(vault.unseal(key=key, sealed=bytes(done.sealed_before), context=_context(done)))
    now_known = json.loads(_as_text(_kept(kept)))
    fields = {field.name: field for field in Patient._meta.concrete_fields}
    for field in opened["before"]:
        if now_known[field] == opened["after"][field]:
            setattr(kept, field, fields[field].to_python(opened["before"][field]))
    kept.save(update_fields=KEPT)


def _kept(patient: Patient) -> dict[str, date | str | None]:
    return {field: getattr(patient, field) for field in KEPT}


def _sealed(done: PatientMerge, content: Mapping[str, Any]) -> bytes:
    return vault.seal(key=done.kept.key(), plaintext=_as_text(content).encode(), context=_context(done))


def _as_text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False)


def _context(done: PatientMerge) -> str:
    return f"merge:{done.practice_id}:{done.kept_id}:{done.merged_id}"


def _record(event: str, done: PatientMerge, *, by: record.Actor, now: datetime, appointments: int) -> None:
    """One entry for each of the two, what was known of each under their own key."""
    data = {"merge": done.pk, "kept": done.kept_id, "merged": done.merged_id, "appointments": appointments}
    record.write(
        *[
            record.Entry(
                event=event,
                at=now,
                actor=by,
                patient_id=patient.pk,
                data=data,
                personal={field: getattr(patient, field) for field in FIELDS},
                key=patient.key(),
            )
            for patient in (done.kept, done.merged)
        ]
    )
