"""The ways out: bring it along, can't get it, ask the practice, "this is not me"."""

from dataclasses import replace

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from prerequisites import enquiries, links, operations
from prerequisites.models import Obstacle
from treffa.patient import forms, presenter
from treffa.patient.access import Visit, see, with_link


@with_link()
def bring(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """ "I'll bring it along", where the plan allows it."""
    shown = presenter.overview(visit).item(requirement_id)
    if shown is None or visit.over:
        return see()
    if request.method == "POST":
        try:
            operations.will_bring(requirement_id=requirement_id, now=visit.now)
        except (operations.StaleError, operations.NotAllowedError):
            return see()
        return see(requirement_id)
    return HttpResponseRedirect("../")


@with_link()
def cannot_get(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """ "I can't get it", and why."""
    shown = presenter.overview(visit).item(requirement_id)
    if shown is None or not shown.open or visit.over:
        return see()
    form, mistakes = forms.CannotGet(), list[forms.Mistake]()
    if request.method == "POST":
        form = forms.CannotGet.posted(request.POST)
        if not form.mistakes:
            try:
                with transaction.atomic():
                    operations.cannot_get(
                        requirement_id=requirement_id,
                        reason=Obstacle(form.reason),
                        text=form.text,
                        now=visit.now,
                    )
            except operations.StaleError:
                return see()
            except operations.NotAllowedError:
                mistakes = [forms.not_taken()]
            else:
                return see(requirement_id)
    context = {"item": shown, "form": form, "mistakes": mistakes or form.mistakes}
    return TemplateResponse(request, "patient/cannot_get.html", context)


@with_link()
def ask(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A short question to the practice; a person answers it by telephone."""
    form, mistakes = forms.Enquiry(), list[forms.Mistake]()
    if request.method == "POST":
        form = forms.Enquiry.posted(request.POST)
        mistakes = form.mistakes
        if not mistakes:
            try:
                enquiries.ask(case_id=visit.case.pk, text=form.text, now=visit.now)
            except operations.NotAllowedError as refused:
                mistakes = [forms.too_many_questions() if refused.code == "too_many" else forms.not_taken()]
            else:
                return see("patient:asked")
    return TemplateResponse(request, "patient/ask.html", {"form": form, "mistakes": mistakes})


@with_link()
def asked(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The question is with the practice."""
    return TemplateResponse(request, "patient/asked.html")


@with_link(anybody=True)
def not_me(request: HttpRequest, visit: Visit) -> HttpResponse:
    """ "This is not me": POST locks the link, and staff are told. Nothing is said about whose it is."""
    if request.method == "POST":
        links.disown(link_id=visit.link.pk, now=visit.now)
        visit.session = replace(visit.session, identified="")
        return see("patient:not_me")
    return TemplateResponse(request, "patient/not_me.html")
