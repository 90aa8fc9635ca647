"""Whom an appointment is for, where the calendar names nobody."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from appointments import naming
from appointments.operations import InvalidInputError
from practices import clock
from prerequisites import operations
from prerequisites.models import Case
from treffa.dashboard.forms import PatientForm
from treffa.dashboard.staff import StaffRequest, actor, may_work
from treffa.dashboard.views.cases import back, render


@require_POST
@may_work
def name_patient(request: StaffRequest, case_id: int) -> HttpResponse:
    """POST /cases/<id>/patient/ — who it is. Where patients like that are known, `patient` says which of them, or `new`;
    what is refused stays in the form with the reason beside it."""
    now = clock.now()
    case = Case.objects.select_related("appointment").filter(pk=case_id).first()
    if case is None:
        raise Http404
    if case.appointment.patient_id is not None or case.closed_at is not None:
        notes.warning(request, _("Not done: this was decided or changed meanwhile."))
        return back(request, case_id, anchor="contact", now=now)
    form = PatientForm(request.POST)
    form.country = request.practice.country
    person = _person(form) if form.is_valid() else None
    if person is None:
        form.mark_mistakes()
        return render(request, case_id, code="", now=now, patient_form=form)
    alike, chosen = naming.alike(person), request.POST.get("patient", "")
    if alike and not chosen:
        return render(request, case_id, code="", now=now, patient_form=form, patients_alike=alike)
    by, appointment_id = actor(request), case.appointment_id
    if chosen.isdecimal():
        patient = naming.choose(person, int(chosen))
        if patient is None:
            raise Http404
        done = naming.attach_patient(
            appointment_id=appointment_id, patient=patient, person=person, by=by, now=now
        )
    else:
        done = naming.name_patient(
            appointment_id=appointment_id, person=person, by=by, now=now, apart_from=alike
        )
    if done:
        operations.touch(case_id=case_id, now=now)
        notes.success(request, _("Patient saved."))
    else:
        notes.warning(request, _("Not done: this was decided or changed meanwhile."))
    return back(request, case_id, anchor="contact", now=now)


def _person(form: PatientForm) -> naming.Person | None:
    """Checked by the operation's own rules; None with the reason beside the field."""
    given = form.cleaned_data
    try:
        return naming.check(
            name=given["name"],
            birth_date=given["birth_date"],
            phone=given["phone"],
            email=given["email"],
            today=timezone.localdate(clock.now()),
        )
    except InvalidInputError as invalid:
        form.refuse(field=invalid.field, code=invalid.code)
        return None
