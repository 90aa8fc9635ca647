"""Writing: what came by another way, and how patients are written to."""

from django.http import HttpResponse
from ninja import Router

from appointments.operations import InvalidInputError, set_contact
from practices import record
from practices.models import Scope
from prerequisites import operations
from prerequisites.models import Case, Requirement
from treffa.api import idempotency
from treffa.api.access import Call, in_practice
from treffa.api.problems import Problem
from treffa.api.reading import BIGGEST, requirement_out
from treffa.api.schemas import ContactIn, ContactOut, ReceivedIn, RequirementOut

router = Router(tags=["write"])


@router.post(
    "/requirements/{int:requirement_id}/received",
    response=RequirementOut,
    summary="Mark something as received by another way",
)
@in_practice(Scope.RECEIVE)
def received(request: Call, requirement_id: int, given: ReceivedIn) -> HttpResponse:
    """It counts as accepted, as if staff had noted it. What a physician has to do is not done by this."""
    return idempotency.once(request, given, lambda: _received(request, requirement_id, given))


@router.post("/cases/{int:case_id}/contact", response=ContactOut, summary="Say how to write to the patient")
@in_practice(Scope.CONTACT)
def contact(request: Call, case_id: int, given: ContactIn) -> HttpResponse:
    """As staff enter it: it beats what the calendar says."""
    return idempotency.once(request, given, lambda: _contact(request, case_id, given))


def _received(request: Call, requirement_id: int, given: ReceivedIn) -> RequirementOut:
    found = (
        Requirement.objects.filter(pk=requirement_id)
        if requirement_id <= BIGGEST
        else Requirement.objects.none()
    )
    if not found.exists():
        raise Problem(404, "no_such_requirement")
    try:
        operations.mark_received(
            requirement_id=requirement_id,
            how=given.how,
            by=record.staff(request.token.made_by_id),
            now=request.now,
            document_date=given.document_date,
        )
    except operations.StaleError as stale:
        raise Problem(409, "already_decided", "It was decided meanwhile, or the case is closed.") from stale
    except operations.NotAllowedError as refused:
        raise Problem(409, refused.code, params=refused.params) from refused
    return requirement_out(found.select_related("prerequisite").get(), language=request.practice.language)


def _contact(request: Call, case_id: int, given: ContactIn) -> ContactOut:
    case = (
        Case.objects.filter(pk=case_id).select_related("appointment__patient").first()
        if case_id <= BIGGEST
        else None
    )
    patient = case.appointment.patient if case else None
    if case is None or patient is None:
        raise Problem(404, "no_such_case" if case is None else "nobody_named")
    if not (given.phone or given.email):
        raise Problem(422, "nothing_given", "Say a phone number or an e-mail address.")
    try:
        changed = set_contact(
            patient_id=patient.pk,
            phone=given.phone or patient.phone,
            email=given.email or patient.email,
            by=record.staff(request.token.made_by_id),
            now=request.now,
        )
    except InvalidInputError as invalid:
        raise Problem(422, invalid.code, errors=[{"field": invalid.field, "code": invalid.code}]) from invalid
    operations.touch(case_id=case.pk, now=request.now)
    return ContactOut(phone=changed.phone, email=changed.email)
