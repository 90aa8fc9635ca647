"""The page of the practice that refers: one item for one patient, good until it was handed in. It shows who asks, the
patient's name and the item, and nothing else; a GET changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from practices import clock, record, tenancy
from prerequisites import helping, operations
from prerequisites.models import HelperLink
from treffa.patient import forms, texts, uploads
from treffa.patient import session as sessions
from treffa.patient.access import not_open, private

PATH = "/r/{helper_id}/"


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One request by a referrer's link that holds."""

    session: sessions.Session
    link: HelperLink
    upload: uploads.Upload | None
    now: datetime


@csrf_exempt  # nothing is posted here
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter: exchanged for a session of this one item, whose cookie goes nowhere else."""
    found = helping.find(token, now=clock.now()) if request.method in ("GET", "HEAD") else None
    if found is None:
        return not_open(request)
    path = PATH.format(helper_id=found.helper_id)
    response = redirect(path)
    session = sessions.Session(practice_id=found.practice_id, link_id=0, generation=0, helper=found.helper_id)
    sessions.write(response, session, path=path)
    return private(response)


def _with_errand(view: Callable[[HttpRequest, Errand], HttpResponse]) -> Callable[..., HttpResponse]:
    """Reads the files first, then opens the practice's scope, in its zone and language."""

    @csrf_exempt  # the form's own token takes its place
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def wrapped(request: HttpRequest, helper_id: int) -> HttpResponse:
        session = sessions.read(request)
        if session is None or session.helper != helper_id or session.link_id:
            return not_open(request)
        upload = None
        if request.method == "POST":
            fits = uploads.fits(request)
            if fits and not session.sent(request):
                return not_open(request)
            upload = uploads.read(request, fits=fits, trusted=True, hard_too=True)
        now = clock.now()
        with tenancy.scope(session.practice_id):
            link = helping.open_link(helper_id, now=now)
            if link is None or link.requirement_id is None:
                return not_open(request)
            zone, language = link.practice.time_zone, link.practice.language
            with timezone.override(zone), translation.override(language):
                response = view(request, Errand(session=session, link=link, upload=upload, now=now))
        sessions.write(response, session, path=PATH.format(helper_id=helper_id))
        return private(response)

    return wrapped


@_with_errand
def errand(request: HttpRequest, told: Errand) -> HttpResponse:
    """What is asked for, and a form to send it; POST hands it in and ends the link."""
    mistakes: list[forms.Mistake] = []
    if told.upload is not None:
        problems = told.upload.problems
        mistakes = [forms.Mistake(field="files", text=texts.file_problem(one)) for one in problems]
        if told.upload.files and not problems:
            try:
                with transaction.atomic():
                    _take(told, told.upload)
            except (operations.StaleError, operations.NotAllowedError):
                mistakes = [forms.not_taken()]
            else:
                return render(request, "patient/referrer_done.html", _context(told))
    return render(request, "patient/referrer.html", {**_context(told), "mistakes": mistakes})


def _take(told: Errand, upload: uploads.Upload) -> None:
    requirement_id = told.link.requirement_id or 0
    helping.mark_used(told.link, now=told.now)
    operations.submit_documents(
        requirement_id=requirement_id, files=upload.files, by=record.PATIENT, now=told.now, how="referrer"
    )
    helping.end(case_id=told.link.case_id, requirement_id=requirement_id, by=record.SYSTEM, now=told.now)


def _context(told: Errand) -> dict[str, object]:
    """No more of the patient than the name and the item."""
    patient, requirement = told.link.case.appointment.patient, told.link.requirement
    practice = told.link.practice
    title = requirement.prerequisite.said("title", practice.language) if requirement else ""
    due = requirement.deadline if requirement else None
    return {
        "practice": practice,
        "name": patient.name if patient else "",
        "title": title,
        "due": texts.moment(due) if due and due > told.now else "",
        "form_token": told.session.form_token,
    }
