"""What an evidence record tells: the case as it stands, and every entry of the record about it, opened where it can be."""

import base64
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from django.db.models import Q
from django.db.models.fields.json import KT

from appointments.models import Appointment, Patient
from practices import chain, evidence, record
from practices.models import ActorKind, RecordEntry, User
from prerequisites.models import Case, Document, Plan, Prerequisite, Requirement
from prerequisites.plan_wording import wording
from prerequisites.ruled import questions_of

Facts = dict[str, Any]


def gather(case_id: int, *, now: datetime) -> Facts:
    """All of record.json, in plain values. Case.DoesNotExist where the practice in scope has no such case."""
    case = Case.objects.select_related(
        "practice", "plan__signed_off_by", "appointment__patient", "appointment__type"
    ).get(pk=case_id)
    requirements = list(
        Requirement.objects.filter(case=case)
        .select_related("prerequisite__plan", "reused_from")
        .prefetch_related("submissions__documents", "reused_from__submissions__documents")
        .order_by("prerequisite__position", "pk")
    )
    plans = sorted({case.plan, *(one.prerequisite.plan for one in requirements)}, key=lambda one: one.pk)
    entries = sorted({*_entries(case, requirements), *_publications(plans)}, key=lambda one: one.pk)
    practice = case.practice
    return {
        "format": evidence.FORMAT,
        "made_at": chain.moment(now),
        "language": practice.language,
        "time_zone": practice.time_zone,
        "practice": {"id": practice.pk, "name": practice.name, "address": practice.address},
        "patient": _patient(case.appointment.patient),
        "appointment": _appointment(case.appointment),
        "case": {"id": case.pk, "readiness": case.readiness, **_times(case, "opened_at", "link_opened_at")},
        "plan": _plan(case.plan),
        "plans": _wordings(plans),
        "people": _people(entries),
        "requirements": [_requirement(one) for one in requirements],
        "entries": _told(entries),
    }


def _entries(case: Case, requirements: Sequence[Requirement]) -> list[RecordEntry]:
    """Those of the case; of its appointment, in every calendar in which it stands, and its patient, by all rows that are
    this person; and of what was taken over from the patient's other cases."""
    appointment = case.appointment
    also = appointment.also.values_list("pk", flat=True)
    about = Q(case_id=case.pk) | Q(case_id=None, named__in=[str(pk) for pk in (appointment.pk, *also)])
    if appointment.patient_id is not None:
        about |= Q(case_id=None, patient_id__in=_rows_of(appointment)) & ~Q(event__startswith="appointment.")
    sources = [one.reused_from for one in requirements if one.reused_from is not None]
    if sources:
        cases = {one.case_id for one in sources}
        about |= Q(case_id__in=cases, data__requirement__in=[one.pk for one in sources])
    found = RecordEntry.objects.annotate(named=KT("data__appointment")).filter(about)
    return list(found.order_by("pk"))


def _publications(plans: Collection[Plan]) -> list[RecordEntry]:
    """When each plan was published, with its checksum, and signed off by whom: found by these times, which the record is
    sorted by."""
    times = {at for plan in plans for at in (plan.published_at, plan.signed_off_at) if at is not None}
    found = RecordEntry.objects.filter(at__in=times, event__in=(evidence.PUBLISHED, "plan.signed_off"))
    return [entry for entry in found if entry.data.get("plan") in {plan.pk for plan in plans}]


def _wordings(plans: Collection[Plan]) -> list[Facts]:
    """All that the plans ask for, as it was hashed."""
    asked: dict[int, list[Prerequisite]] = {plan.pk: [] for plan in plans}
    for one in Prerequisite.objects.filter(plan__in=plans):
        asked[one.plan_id].append(one)
    return [{"id": plan.pk, "wording": wording(plan, asked[plan.pk])} for plan in plans]


def _rows_of(appointment: Appointment) -> list[int]:
    """The appointment's patient, whoever was merged into them, and whose key seals what is handed in."""
    same = (
        Q(pk=appointment.patient_id) | Q(merged_into=appointment.patient_id) | Q(pk=appointment.sealed_for_id)
    )
    return list(Patient.objects.filter(same).values_list("pk", flat=True))


def _told(entries: Iterable[RecordEntry]) -> list[Facts]:
    """The entries as they are hashed, and what is told of their personal parts."""
    held = list(entries)
    patients = Patient.objects.select_related("practice").filter(
        pk__in={entry.patient_id for entry in held if entry.patient_id is not None}
    )
    keys = {patient.pk: patient.key() for patient in patients if patient.wrapped_key is not None}
    return [
        {"text": record.entry_text(entry), "told": _personal(entry, keys.get(entry.patient_id or 0))}
        for entry in held
    ]


def _personal(entry: RecordEntry, key: bytes | None) -> Facts | None:
    """With the salt by which it is proven; with the ciphertext, which the key still opens, where there is no salt. None
    where there is nothing, or it can't be opened: the key was destroyed, or the entry is not what it was."""
    try:
        opened = record.opened(entry, key=key) if key is not None else None
    except InvalidTag:
        return None
    if opened is None:
        return None
    told = {"salt": opened.salt.hex(), "text": opened.text}
    if not entry.commitment and entry.personal is not None:
        told["ciphertext"] = base64.b64encode(bytes(entry.personal)).decode()
    return told


def _patient(patient: Patient | None) -> Facts | None:
    if patient is None:
        return None
    if patient.wrapped_key is None:
        return {"id": patient.pk, "erased": True}
    return {"id": patient.pk, "name": patient.name, "birth_date": _iso(patient.birth_date)}


def _appointment(appointment: Appointment) -> Facts:
    type_ = appointment.type
    return {
        "id": appointment.pk,
        "type": type_.name if type_ else "",
        "practitioner": appointment.practitioner,
        "status": appointment.status,
        "all_day": appointment.all_day,
        **_times(appointment, "start", "end", "booked_at"),
    }


def _plan(plan: Plan) -> Facts:
    by = plan.signed_off_by
    return {
        "id": plan.pk,
        "name": plan.name,
        "version": plan.version,
        "pack": plan.pack,
        "signed_off_by": str(by) if by else "",
        **_times(plan, "published_at", "signed_off_at"),
    }


def _requirement(requirement: Requirement) -> Facts:
    prerequisite = requirement.prerequisite
    return {
        "id": requirement.pk,
        "plan": prerequisite.plan_id,
        **{name: getattr(prerequisite, name) for name in ("key", *evidence.ASKED)},
        "questions": [asdict(question) for question in questions_of(prerequisite)],
        "state": requirement.state,
        "bring_along": requirement.bring_along,
        "document_date": _iso(requirement.document_date),
        "reused_from": requirement.reused_from_id,
        "held_by": requirement.held_by_id,
        **_times(requirement, "deadline", "decided_at", "held_at", "promised_at", "lapsed_at"),
        "documents": [_file(file) for file in _files(requirement)],
    }


def _files(requirement: Requirement) -> list[Document]:
    """All that were handed in for it, also for the earlier appointment from which it was taken over."""
    owners = [one for one in (requirement, requirement.reused_from) if one is not None]
    submissions = [submission for owner in owners for submission in owner.submissions.all()]
    found = [file for submission in submissions for file in submission.documents.all()]
    return sorted(found, key=lambda file: file.pk)


def _file(file: Document) -> Facts:
    return {
        "id": file.pk,
        "sha256": file.sha256,
        "type": file.content_type,
        "bytes": file.size,
        "pages": file.pages,
        "scan": file.scan,
    }


def _people(entries: Sequence[RecordEntry]) -> dict[str, str]:
    """Who acted, or did what was noted, by the number that the entries name."""
    ids = {entry.actor_id for entry in entries if entry.actor_kind == ActorKind.STAFF and entry.actor_id}
    ids |= {entry.data["held_by"] for entry in entries if entry.data.get("held_by")}
    return {str(user.pk): str(user) for user in User.objects.filter(pk__in=ids).order_by("pk")}


def _times(row: Any, *names: str) -> dict[str, str | None]:
    return {name: _iso(getattr(row, name)) for name in names}


def _iso(value: date | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return chain.moment(value)
    return value.isoformat() if value else None
