"""How a patient can be written to: entered on the board's row or on the page of a case; and what decides about what
they need."""

from datetime import datetime

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from appointments.matching import is_landline
from appointments.models import Patient
from appointments.operations import InvalidInputError, StaleError, set_contact, set_facts
from practices import clock
from prerequisites import operations
from prerequisites.models import Case
from treffa.dashboard.forms import ContactForm, FactsForm
from treffa.dashboard.staff import StaffRequest, actor, may_work
from treffa.dashboard.views import board, cases

TEXTED = frozenset(["sms", "whatsapp"])


@require_POST
@may_work
def save(request: StaffRequest, case_id: int) -> HttpResponse:
    """POST /cases/<id>/contact/ — with `board` (the query of its address) back to the board, else to the case. What is
    refused stays in the form with the reason beside it."""
    now = clock.now()
    case = Case.objects.select_related("appointment__patient").filter(pk=case_id).first()
    if case is None or case.appointment.patient is None:
        raise Http404
    form = ContactForm(request.POST, auto_id=f"id_{case_id}_%s")
    form.country = request.practice.country  # both fields' mistakes are told at once
    patient = _saved(request, form, case.appointment.patient, now=now)
    if patient is None:
        form.mark_mistakes()
        return _again(request, case_id, now=now, contact_form=form)
    operations.touch(case_id=case_id, now=now)
    notes.success(request, _("Contact saved: %(name)s.") % {"name": patient.name})
    if is_landline(patient.phone) and TEXTED.intersection(request.practice.channels):
        notes.warning(request, _landline(patient))
    return _back(request, case_id, now=now)


@require_POST
@may_work
def save_facts(request: StaffRequest, case_id: int) -> HttpResponse:
    """POST /cases/<id>/facts/ — sex, insurance, date of birth, those of them that the form had; what the appointments need is
    worked out anew right after. With `board` back to the board."""
    now = clock.now()
    case = Case.objects.select_related("appointment").filter(pk=case_id).first()
    if case is None or case.appointment.patient_id is None:
        raise Http404
    form = FactsForm(request.POST, auto_id=f"facts_{case_id}_%s", today=timezone.localdate(now))
    form.keep(request.POST.keys())
    if not form.is_valid():
        form.mark_mistakes()
        return _again(request, case_id, now=now, facts_form=form)
    set_facts(patient_id=case.appointment.patient_id, **form.cleaned_data, by=actor(request), now=now)
    notes.success(request, _("Saved. What the appointment needs is worked out anew in a moment."))
    return _back(request, case_id, now=now)


def _saved(request: StaffRequest, form: ContactForm, patient: Patient, *, now: datetime) -> Patient | None:
    """The patient as they are now; None with the reason in the form."""
    if not form.is_valid():
        return None
    given = form.cleaned_data
    if not (given["phone"].strip() or given["email"].strip() or patient.reachable):
        form.refuse(field="phone", code="nothing_given")
        return None
    try:
        return set_contact(
            patient_id=patient.pk,
            phone=given["phone"],
            email=given["email"],
            by=actor(request),
            now=now,
            as_seen=given["seen"] or None,
        )
    except InvalidInputError as invalid:
        form.refuse(field=invalid.field, code=invalid.code)
    except StaleError:
        patient = Patient.objects.get(pk=patient.pk)
        form.renew(patient)
    return None


def _back(request: StaffRequest, case_id: int, *, now: datetime) -> HttpResponse:
    """To the board that the form stood on, else to the case."""
    if "board" not in request.POST:
        return cases.back(request, case_id, anchor="contact", now=now)
    return board.back(request, case_id=case_id, now=now)


def _again(
    request: StaffRequest, case_id: int, *, now: datetime, **form: ContactForm | FactsForm
) -> HttpResponse:
    """What was typed, with what is wrong about it: `contact_form` or `facts_form`."""
    if "board" not in request.POST:
        return cases.render(request, case_id, code="", now=now, **form)
    asked = board.asked_of_form(request)
    return board.render(request, asked, code="", now=now, contact_case=case_id, **form)


def _landline(patient: Patient) -> str:
    if patient.email:
        return _("This is a landline: no text message arrives there. The e-mail address is used.")
    return _("This is a landline: no text message arrives there. Add a mobile number or an e-mail address.")
