"""What the patient does to be helped: a link for a relative, a letter with a link for the practice that refers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_exempt

from practices import clock, record, tenancy
from prerequisites import helping
from prerequisites.models import PatientLink, Requirement
from treffa.patient import letter, presenter
from treffa.patient import session as sessions
from treffa.patient.access import Visit, not_open, private, see, with_link


@with_link()
def relative(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A link to pass on, which the patient can end."""
    if visit.session.helper or visit.over:
        return see()
    if request.method == "POST":
        if "end" in request.POST:
            helping.end(case_id=visit.case.pk, by=record.PATIENT, now=visit.now)
        else:
            helping.make(
                case_id=visit.case.pk, expires_at=visit.link.expires_at, by=record.PATIENT, now=visit.now
            )
        return see("patient:helper")
    link = helping.of_case(visit.case.pk, now=visit.now)
    address = helping.url_of(link) if link else ""
    return TemplateResponse(request, "patient/helper.html", {"address": address})


@csrf_exempt  # nothing is posted here
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The relative's link: exchanged like the patient's own, for a session that ends with it. Changes nothing."""
    now = clock.now()
    found = helping.find(token, now=now) if request.method in ("GET", "HEAD") else None
    if found is None:
        return not_open(request)
    with tenancy.scope(found.practice_id):
        helper = helping.open_link(found.helper_id, now=now)
        link = PatientLink.objects.filter(case=helper.case_id).first() if helper else None
    if helper is None or helper.requirement_id is not None or link is None:
        return not_open(request)
    response = redirect("patient:home")
    session = sessions.Session(
        practice_id=found.practice_id, link_id=link.pk, generation=link.generation, helper=helper.pk
    )
    sessions.write(response, session)
    return private(response)


@with_link()
def referrer(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """ "The surgery shall send it": a letter to print or show, with a link for this one item."""
    shown = presenter.overview(visit).item(requirement_id)
    if shown is None or not shown.takes_files or not shown.open or visit.over:
        return see()
    if request.method == "POST":
        try:
            link = helping.make(
                case_id=visit.case.pk,
                requirement_id=requirement_id,
                expires_at=visit.link.expires_at,
                by=record.PATIENT,
                now=visit.now,
            )
        except Requirement.DoesNotExist:
            return see()
        return TemplateResponse(
            request, "patient/letter.html", letter.context(link, shown.title, visit.patient)
        )
    return TemplateResponse(request, "patient/referrer_ask.html", {"item": shown})
