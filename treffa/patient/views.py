"""The patient's pages. A GET changes nothing; every form ends in a redirect, so that the back button and a reload are harmless."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from practices import clock, record, tenancy
from prerequisites import links, operations
from prerequisites import uploads as held
from prerequisites.models import Kind
from treffa.patient import forms, ics, others, pages, presenter, questions, texts, uploads
from treffa.patient import session as sessions
from treffa.patient.access import Visit, not_open, private, see, with_link

TEMPLATES = {
    Kind.DOCUMENT: "patient/document.html",
    Kind.FORM: "patient/check.html",
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
        return see()
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
                return see()
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
        return see()
    if not shown.open and not (request.method == "POST" and "more" in request.POST and shown.more):
        return _received(request, shown, overview)
    try:
        if request.method == "POST":
            with transaction.atomic():  # what is refused half-way leaves nothing behind
                return _hand_in(request, visit, shown, upload)
    except operations.StaleError:
        return see(requirement_id)
    except operations.NotAllowedError:
        return _ask(request, visit, shown, mistakes=[forms.not_taken()])
    return _ask(request, visit, shown)


def _hand_in(
    request: HttpRequest, visit: Visit, shown: presenter.Item, upload: uploads.Upload | None
) -> HttpResponse:
    if upload is None or upload.unread:
        return _ask(request, visit, shown, problems=upload.problems if upload else [])
    match shown.row.prerequisite.kind:
        case Kind.DOCUMENT:
            if upload.hard_to_read:
                return _point_out(request, visit, shown, upload)
            if not upload.files:
                return _ask(request, visit, shown, problems=upload.problems)
            hand_in = operations.submit_documents if shown.open else operations.add_documents
            hand_in(requirement_id=shown.id, files=upload.files, by=record.PATIENT, now=visit.now)
            if upload.problems:
                return _partly(request, visit, shown, upload)
        case Kind.FORM if shown.unchanged and "unchanged" in request.POST:
            operations.confirm_unchanged(requirement_id=shown.id, by=record.PATIENT, now=visit.now)
        case Kind.FORM:
            return questions.start(request, visit, shown)
        case _:
            if "understood" not in request.POST:
                missing = forms.Mistake(field="understood", text=_("Tick the box once you have read it"))
                return _ask(request, visit, shown, mistakes=[missing])
            operations.acknowledge(requirement_id=shown.id, by=record.PATIENT, now=visit.now)
    return see(shown.id)


def _point_out(
    request: HttpRequest, visit: Visit, shown: presenter.Item, upload: uploads.Upload
) -> HttpResponse:
    """What is hard to read is shown before it is sent; it may be sent anyway."""
    for checked in upload.pages:
        held.keep_checked(requirement_id=shown.id, checked=checked, now=visit.now)
    return _ask(request, visit, shown, problems=upload.problems)


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
    context = {"item": shown, "overview": overview, "mistakes": mistakes, "leaves": pages.leaves(shown.id)}
    return TemplateResponse(request, "patient/received.html", context)


def _about_files(problems: Sequence[uploads.Problem]) -> list[forms.Mistake]:
    return [forms.Mistake(field="files", text=texts.file_problem(problem)) for problem in problems]


def _ask(
    request: HttpRequest,
    visit: Visit,
    shown: presenter.Item,
    *,
    problems: list[uploads.Problem] | None = None,
    mistakes: list[forms.Mistake] | None = None,
) -> HttpResponse:
    if not shown.open:
        found = mistakes or _about_files(problems or [])
        return _received(request, shown, presenter.overview(visit), found)
    kind = Kind(shown.row.prerequisite.kind)
    mistakes = mistakes or _about_files(problems or [])
    if kind == Kind.FORM and not mistakes:
        return questions.start(request, visit, shown)
    context = {"item": shown, "mistakes": mistakes}
    if kind == Kind.DOCUMENT:
        context["leaves"] = pages.leaves(shown.id)
    return TemplateResponse(request, TEMPLATES[kind], context)


@with_link()
def done(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """Thank you, and what happens next."""
    overview = presenter.overview(visit)
    shown = overview.item(requirement_id)
    if shown is None or shown.asked:
        return see()
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
        return see()
    content = ics.calendar_file(visit.appointment, visit.practice, now=visit.now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


@with_link(anybody=True)
def privacy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What happens to the data."""
    return TemplateResponse(request, "patient/privacy.html")


@with_link(anybody=True)
def imprint(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Who is responsible: the practice, in its own words."""
    return TemplateResponse(request, "patient/imprint.html")
