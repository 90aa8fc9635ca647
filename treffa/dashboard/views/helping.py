"""The letter with a link for the practice that refers, made by staff."""

from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import override
from django.views.decorators.http import require_POST

from practices import clock
from prerequisites import helping
from prerequisites.links import VALID_AFTER_APPOINTMENT
from prerequisites.models import Requirement
from treffa.dashboard.staff import StaffRequest, actor, may_work
from treffa.patient import letter


@require_POST
@may_work
def show_letter(request: StaffRequest, case_id: int, requirement_id: int) -> HttpResponse:
    """POST /cases/<id>/requirements/<id>/letter/ — the letter for one document that is asked for, in the practice's
    language; its link is made where there is none."""
    now = clock.now()
    found = Requirement.objects.select_related("prerequisite", "practice", "case__appointment__patient")
    try:
        requirement = found.get(pk=requirement_id, case=case_id)
        link = helping.make(
            case_id=case_id,
            requirement_id=requirement_id,
            expires_at=requirement.case.appointment.end + VALID_AFTER_APPOINTMENT,
            by=actor(request),
            now=now,
        )
    except Requirement.DoesNotExist as missing:
        raise Http404 from missing
    practice = requirement.practice
    with override(practice.language):
        title = requirement.prerequisite.said("title", practice.language)
        said = letter.context(link, title, requirement.case.appointment.patient)
        response = TemplateResponse(request, "patient/letter.html", {"practice": practice, **said}).render()
    response["Cache-Control"] = "private, no-store"
    return response
