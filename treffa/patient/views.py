"""The patient's pages. A GET changes nothing; every form ends in a redirect, so that the back button and a reload are harmless."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from practices import clock, record, tenancy
from prerequisites import links, operations
from prerequisites.models import Kind, Obstacle
from treffa.patient import forms, ics, others, presenter, texts, uploads
from treffa.patient import session as sessions
from treffa.patient.access import Visit, not_open, private, with_link

TEMPLATES = {
    Kind.DOCUMENT: "patient/document.html",
    Kind.FORM: "patient/questions.html",
    Kind.ACKNOWLEDGEMENT: "patient/acknowledgement.html",
}


@csrf_exempt  # nothing is posted here: whatever is, gets the same page as an invented link
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The link from the message: exchanges its token for a session and a clean address, and changes nothing else."""
    now = clock.now()
    found = links.find(token, now=now) if request.method in ("GET", "HEAD") else None
    if found is None:
        return not_open(request)
    with tenancy.scope(found.practice_id):
        link = links.enter(token, now=now)
    if link is None:
        return not_open(request)
    response = redirect("patient:home")
    session = sessions.Session(
        practice_id=found.practice_id, link_id=found.link_id, generation=link.generation
    )
    sessions.write(response, session)
    return private(response)


@with_link(anybody=True)
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The list; before that the date of birth."""
    if not visit.identified:
        return _identify(request, visit)
    if request.method == "POST":
        return _see(visit)
    return TemplateResponse(
        request,
        "patient/list.html",
        {"overview": presenter.overview(visit), "others": others.others(visit), **presenter.head(visit)},
    )


def _identify(request: HttpRequest, visit: Visit) -> HttpResponse:
    if visit.link.tries_left == 0:
        return TemplateResponse(request, "patient/locked.html")
    form = forms.BirthDate()
    if request.method == "POST":
        form, born = forms.BirthDate.posted(request.POST, today=timezone.localdate(visit.now))
        if born is not None:
            check = links.check_birth_date(link_id=visit.link.pk, birth_date=born, now=visit.now)
            if check == links.BirthDateCheck.LOCKED:
                return TemplateResponse(request, "patient/locked.html")
            if check != links.BirthDateCheck.WRONG:
                certain = check == links.BirthDateCheck.MATCHES
                visit.session = replace(visit.session, identified="confirmed" if certain else "noted")
                return _see(visit)
            form = replace(
                form, mistake=_("This date of birth does not match. Please check day, month and year")
            )
    return TemplateResponse(request, "patient/birth_date.html", {"form": form})


@with_link(takes_files=True)
def item(
    request: HttpRequest, visit: Visit, requirement_id: int, upload: uploads.Upload | None = None
) -> HttpResponse:
    """One thing: hand it in, answer it, confirm it. What is with the practice already says so."""
    overview = presenter.overview(visit)
    shown = overview.item(requirement_id)
    if shown is None or visit.over:
        return _see(visit)
    if not shown.open and not (request.method == "POST" and "more" in request.POST and shown.more):
        return _received(request, shown, overview)
    try:
        if request.method == "POST":
            with transaction.atomic():  # what is refused half-way leaves nothing behind
                return _hand_in(request, visit, shown, upload)
    except operations.StaleError:
        return _see(visit, requirement_id)
    except operations.NotAllowedError:
        return _ask(request, visit, shown, mistakes=[_not_taken()])
    return _ask(request, visit, shown)


def _hand_in(
    request: HttpRequest, visit: Visit, shown: presenter.Item, upload: uploads.Upload | None
) -> HttpResponse:
    if upload is None or upload.unread:
        return _ask(request, visit, shown, problems=upload.problems if upload else [])
    match shown.row.prerequisite.kind:
        case Kind.DOCUMENT:
            if not upload.files:
                return _ask(request, visit, shown, problems=upload.problems)
            hand_in = operations.submit_documents if shown.open else operations.add_documents
            hand_in(requirement_id=shown.id, files=upload.files, by=record.PATIENT, now=visit.now)
            if upload.problems:
                return _partly(request, visit, shown, upload)
        case Kind.FORM if shown.unchanged and "unchanged" in request.POST:
            operations.confirm_unchanged(requirement_id=shown.id, by=record.PATIENT, now=visit.now)
        case Kind.FORM:
            form, answers = forms.Answers.posted(shown.row.questions, request.POST, language=visit.language)
            if form.mistakes:
                return _ask(request, visit, shown, form=form)
            operations.submit_answers(
                requirement_id=shown.id, answers=answers, by=record.PATIENT, now=visit.now
            )
        case _:
            if "understood" not in request.POST:
                missing = forms.Mistake(field="understood", text=_("Tick the box once you have read it"))
                return _ask(request, visit, shown, mistakes=[missing])
            operations.acknowledge(requirement_id=shown.id, by=record.PATIENT, now=visit.now)
    return _see(visit, shown.id)


def _partly(
    request: HttpRequest, visit: Visit, before: presenter.Item, upload: uploads.Upload
) -> HttpResponse:
    """The good files are kept; each of the others is named with its reason, and can be sent again."""
    overview = presenter.overview(visit)
    return _received(request, overview.item(before.id) or before, overview, _about_files(upload.problems))


def _received(
    request: HttpRequest,
    shown: presenter.Item,
    overview: presenter.Overview,
    mistakes: Sequence[forms.Mistake] = (),
) -> HttpResponse:
    context = {"item": shown, "overview": overview, "mistakes": mistakes}
    return TemplateResponse(request, "patient/received.html", context)


def _about_files(problems: Sequence[uploads.Problem]) -> list[forms.Mistake]:
    return [forms.Mistake(field="files", text=texts.file_problem(problem)) for problem in problems]


def _ask(
    request: HttpRequest,
    visit: Visit,
    shown: presenter.Item,
    *,
    problems: list[uploads.Problem] | None = None,
    form: forms.Answers | None = None,
    mistakes: list[forms.Mistake] | None = None,
) -> HttpResponse:
    if not shown.open:
        found = mistakes or _about_files(problems or [])
        return _received(request, shown, presenter.overview(visit), found)
    kind = Kind(shown.row.prerequisite.kind)
    if kind == Kind.FORM and form is None:
        given = shown.row.proposed if shown.unchanged else {}
        form = forms.Answers.with_answers(shown.row.questions, given, language=visit.language)
    mistakes = mistakes or _about_files(problems or []) or (form.mistakes if form else [])
    context = {"item": shown, "form": form, "mistakes": mistakes}
    return TemplateResponse(request, TEMPLATES[kind], context)


@with_link()
def bring(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """ "I'll bring it along", where the plan allows it."""
    shown = presenter.overview(visit).item(requirement_id)
    if shown is None or visit.over:
        return _see(visit)
    if request.method == "POST":
        try:
            operations.will_bring(requirement_id=requirement_id, now=visit.now)
        except (operations.StaleError, operations.NotAllowedError):
            return _see(visit)
        return _see(visit, requirement_id)
    return HttpResponseRedirect("../")


@with_link()
def cannot_get(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """ "I can't get it", and why."""
    shown = presenter.overview(visit).item(requirement_id)
    if shown is None or not shown.open or visit.over:
        return _see(visit)
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
                return _see(visit)
            except operations.NotAllowedError:
                mistakes = [_not_taken()]
            else:
                return _see(visit, requirement_id)
    context = {"item": shown, "form": form, "mistakes": mistakes or form.mistakes}
    return TemplateResponse(request, "patient/cannot_get.html", context)


def _not_taken() -> forms.Mistake:
    """What changed in the meantime: another tab, the calendar, the plan."""
    text = _(
        "This could not be taken: something about your appointment has changed meanwhile. Please call us"
    )
    return forms.Mistake(field="content", text=text)


@with_link()
def done(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """Thank you, and what happens next."""
    overview = presenter.overview(visit)
    shown = overview.item(requirement_id)
    if shown is None or shown.asked:
        return _see(visit)
    context = {
        "item": shown,
        "overview": overview,
        "others": others.others(visit),
        "at": texts.moment(shown.row.requirement.changed_at),
    }
    return TemplateResponse(request, "patient/done.html", {**context, **presenter.head(visit)})


@with_link()
def calendar(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The appointment as a file for the phone's calendar."""
    if visit.over:
        return _see(visit)
    content = ics.calendar_file(visit.appointment, visit.practice, now=visit.now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


@with_link(anybody=True)
def privacy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What happens to the data."""
    return TemplateResponse(request, "patient/privacy.html")


def _see(visit: Visit, requirement_id: int | None = None) -> HttpResponse:
    """On to the list, or to what became of one thing: by GET, so that a reload sends nothing twice."""
    response = redirect("patient:done", requirement_id) if requirement_id else redirect("patient:home")
    response.status_code = 303
    return response
