"""Who may see a page: the link, the session, the date of birth. And what all of the patient's pages have in common."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from appointments.matching import is_name
from appointments.models import Appointment, Patient
from messaging.operations import mark_opened
from practices import clock, tenancy
from practices.models import Practice
from prerequisites import helping, links
from prerequisites.models import Case, PatientLink
from treffa.patient import session as sessions
from treffa.patient import uploads
from treffa.patient.session import Session


@dataclass(kw_only=True)
class Visit:
    """One request by a link that holds. A view that changes `session` changes what the phone remembers."""

    session: Session
    link: PatientLink
    now: datetime

    @property
    def case(self) -> Case:
        case: Case = self.link.case
        return case

    @property
    def appointment(self) -> Appointment:
        appointment: Appointment = self.case.appointment
        return appointment

    @property
    def patient(self) -> Patient | None:
        patient: Patient | None = self.appointment.patient
        return patient

    @property
    def practice(self) -> Practice:
        return self.link.practice

    @property
    def language(self) -> str:
        """What the patient chose, else their own, else the practice's, as far as the page speaks it."""
        own = self.patient.language if self.patient else ""
        spoken = settings.PATIENT_LANGUAGES
        wanted = (self.session.language, own, self.practice.language)
        return next((code for code in wanted if code in spoken), spoken[0])

    @property
    def languages(self) -> list[str]:
        """What the page can be read in."""
        return settings.PATIENT_LANGUAGES

    @property
    def plan_language(self) -> str:
        """The language of what the practice wrote, where it is another than the page's; empty where all is in one."""
        written = self.practice.languages or ["de"]
        return "" if self.language in written else str(written[0])

    @property
    def identified(self) -> bool:
        """Whether personal data may be shown: the known date of birth was told, or one where none is known."""
        known = self.patient is not None and self.patient.birth_date is not None
        noted = (
            self.link.claimed_birth_date is not None and not known
        )  # staff take back what is not the patient's
        if self.link.disowned_at is not None:
            return False
        return self.session.identified == "confirmed" or (self.session.identified == "noted" and noted)

    @property
    def certain(self) -> bool:
        """Whether it is certain who this is: only then the page greets by name and names the examination."""
        return self.session.identified == "confirmed"

    @property
    def practice_name(self) -> str:
        """What the page's head says: the neutral name of the messages as long as it may be anybody's phone."""
        return self.practice.name if self.certain else self.practice.sender_name or self.practice.name

    @property
    def greeted_as(self) -> str:
        """The name to greet with: that of a certain patient, where the calendar gave a name and no code."""
        name = self.patient.name if self.certain and self.patient else ""
        return name if is_name(name) else ""

    @property
    def over(self) -> bool:
        """Nothing can be handed in: cancelled, past, or nothing is asked for at present."""
        return self.case.closed_at is not None or self.appointment.cancelled

    @property
    def rests(self) -> bool:
        """Nothing is asked for, though the appointment takes place."""
        coming = not self.appointment.cancelled and not self.appointment.is_over(now=self.now)
        return coming and self.case.closed_at is not None


View = Callable[..., HttpResponse]


def with_link(*, anybody: bool = False, takes_files: bool = False) -> Callable[[View], View]:
    """For views (request, visit, **address) that need a link: reads the body, then opens the practice's scope around the
    view and its rendering, in the practice's zone and the page's language.

    Without `anybody` whoever has not told the date of birth is sent to where it is asked. `takes_files`: the view gets
    `upload`, checked before the scope was opened.
    """

    def decorate(view: View) -> View:
        @csrf_exempt  # the form's own token takes its place: no second cookie
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def wrapped(request: HttpRequest, **address: object) -> HttpResponse:
            session = sessions.read(request)
            if session is None:
                return not_open(request)
            if request.method == "POST":
                fits = uploads.fits(request)
                if not session.sent(request) if fits else not takes_files:
                    return not_open(request)
                if takes_files:
                    address["upload"] = uploads.read(request, fits=fits, trusted=bool(session.identified))
            return _in_scope(request, session, view, address, anybody=anybody)

        return wrapped

    return decorate


def _in_scope(
    request: HttpRequest, session: Session, view: View, address: dict[str, object], *, anybody: bool
) -> HttpResponse:
    now = clock.now()
    with tenancy.scope(session.practice_id):
        link = links.open_link(session.link_id, generation=session.generation, now=now)
        if link is None or not _may_help(session, link, now=now):
            return not_open(request)
        visit = Visit(session=_in_chosen_language(request, session), link=link, now=now)
        request.visit = visit  # type: ignore[attr-defined]
        with timezone.override(visit.practice.time_zone), translation.override(visit.language):
            if request.method == "POST":
                mark_opened(case_id=link.case_id, now=now)  # the messages before the case: the order of locks
                links.mark_used(link_id=link.pk, now=now)
            if anybody or visit.identified:
                response = view(request, visit, **address)
            else:
                response = redirect("patient:home")
            if isinstance(response, TemplateResponse):
                response.context_data = {"visit": visit, **(response.context_data or {})}
                response.render()
    sessions.write(response, visit.session)
    return private(response)


def _may_help(session: Session, link: PatientLink, *, now: datetime) -> bool:
    """Whether a helper's link, if it began with one, still holds."""
    if not session.helper:
        return True
    helper = helping.open_link(session.helper, now=now)
    return helper is not None and helper.case_id == link.case_id and helper.requirement_id is None


def _in_chosen_language(request: HttpRequest, session: Session) -> Session:
    chosen = request.GET.get("lang", "")
    return replace(session, language=chosen) if chosen in settings.PATIENT_LANGUAGES else session


def see(to: int | str = "patient:home") -> HttpResponse:
    """On to a page, or to what became of one thing: by GET, so that a reload sends nothing twice."""
    response = redirect("patient:done", to) if isinstance(to, int) else redirect(to)
    response.status_code = 303
    return response


def not_open(request: HttpRequest) -> HttpResponse:
    """The one page for invented, revoked and expired links, ended sessions and strangers' forms: all alike."""
    return private(render(request, "patient/not_open.html", status=404))


def private(response: HttpResponse) -> HttpResponse:
    """Not kept, not found, not passed on."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
