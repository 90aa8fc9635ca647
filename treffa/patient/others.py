"""The patient's other appointments: one message may speak of several, and its link leads to all of them.

Whoever told the known date of birth sees all that are coming up. Where none is known, the page names only those that were
named in the message, and each asks for it anew.
"""

from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from appointments.models import AppointmentStatus
from messaging.models import Mention
from prerequisites import links
from prerequisites.models import Audience, Case, Requirement
from treffa.patient import texts
from treffa.patient.access import Visit, not_open, with_link
from treffa.patient.presenter import ASKED, ASKED_KINDS


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another appointment: when it is, and how much is missing for it, in words too."""

    case_id: int
    when: str
    missing: int
    things: str


def others(visit: Visit) -> list[Other]:
    """The patient's other appointments that are prepared, the next first."""
    cases = list(_reachable(visit).select_related("appointment").order_by("appointment__start", "pk"))
    missing = Requirement.objects.filter(
        case__in=cases,
        state__in=ASKED,
        bring_along=False,
        obstacle="",
        prerequisite__audience=Audience.PATIENT,
        prerequisite__kind__in=ASKED_KINDS,
        prerequisite__blocking=True,
    )
    of_case = list(missing.values_list("case_id", flat=True))
    return [
        Other(
            case_id=case.pk,
            when=texts.moment(case.appointment.start, year=True),
            missing=of_case.count(case.pk),
            things=texts.things(of_case.count(case.pk)),
        )
        for case in cases
    ]


def _reachable(visit: Visit) -> QuerySet[Case]:
    coming = Case.objects.filter(
        appointment__patient=visit.patient, appointment__start__gt=visit.now, closed_at=None
    )
    coming = coming.exclude(pk=visit.case.pk).exclude(appointment__status=AppointmentStatus.CANCELLED)
    if visit.patient is None or not visit.identified:
        return coming.none()
    if visit.certain:
        return coming
    named = Mention.objects.filter(message__mentions__case=visit.case, message__accepted_at__isnull=False)
    return coming.filter(pk__in=named.order_by().values("case_id"))


@with_link()
def switch(request: HttpRequest, visit: Visit, case_id: int) -> HttpResponse:
    """On to another of the patient's appointments: the visit goes on with its link."""
    case = _reachable(visit).filter(pk=case_id).first()
    if case is None:
        return not_open(request)
    if request.method == "POST":
        link = links.link_of(case)
        identified = visit.session.identified if visit.certain else ""
        visit.session = replace(
            visit.session, link_id=link.pk, generation=link.generation, identified=identified
        )
    response = redirect("patient:home")
    response.status_code = 303
    return response
