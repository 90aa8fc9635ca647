"""The readiness calendar: for staff, in the calendar app that they have. Read-only, by a link that is a secret.

An event is where the appointment is and says how it stands and where its page is; nobody's name, and what is done only where
a manager chose so. The same state gives the same bytes, so that an app that asks again is told "unchanged".
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from appointments.models import AppointmentStatus
from practices import calendar_links, clock, tenancy
from practices.models import CalendarLink, Practice
from prerequisites.models import Case
from treffa import limits
from treffa.dashboard import readiness

BACK, AHEAD = timedelta(days=14), timedelta(days=180)
MOST = 5000
ASKED_EVERY = timedelta(minutes=15)
TIMES, WINDOW_S = 120, 3600


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """GET /calendar/<token>.ics — 404 for whatever is no link that holds, 304 for who has it, 429 for who asks too often."""
    now = clock.now()
    practice_id = calendar_links.find(token)
    if practice_id is None:
        return _answer(HttpResponse(status=404))
    with tenancy.scope(practice_id):
        link = calendar_links.enter(token, now=now)
        if link is None:
            return _answer(HttpResponse(status=404))
        if not limits.within(kind="calendar", who=link.pk, times=TIMES, seconds=WINDOW_S, now=now):
            refused = HttpResponse(status=429)
            refused["Retry-After"] = str(limits.retry_after(seconds=WINDOW_S, now=now))
            return _answer(refused)
        practice = Practice.objects.get()
        with timezone.override(practice.time_zone), translation.override(practice.language):
            content = made_of(link, _cases(link, now=now), now=now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="treffa.ics"'
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    response["ETag"] = etag
    return _answer(get_conditional_response(request, etag=etag, response=response) or response)


def address(link: CalendarLink) -> str:
    """Where a calendar app finds it."""
    path = reverse("readiness_calendar", kwargs={"token": calendar_links.token_for(link)})
    return f"{settings.PUBLIC_URL}{path}"


def made_of(link: CalendarLink, cases: Iterable[Case], *, now: datetime) -> bytes:
    """An RFC 5545 calendar of these cases (with appointment, type, plan), in the active language and zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//Treffa//Readiness//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", link.name)
    calendar.add("x-wr-calname", link.name)
    calendar.add("refresh-interval", ASKED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for case in cases:
        calendar.add_component(_event(case, says_type=link.says_type, now=now))
    return bytes(calendar.to_ical())


def _event(case: Case, *, says_type: bool, now: datetime) -> Event:
    appointment = case.appointment
    look = readiness.look_of(case, now=now)
    what = [appointment.type.name] if says_type and appointment.type else []
    begins = timezone.localtime(appointment.start)
    address = f"{settings.PUBLIC_URL}{reverse('dashboard:case', args=[case.pk])}"
    changed = max(case.readiness_since, case.opened_at, appointment.booked_at)
    event = Event()
    event.add("uid", f"readiness-{appointment.practice_id}-{appointment.pk}@treffa")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", appointment.revision)
    event.add("dtstart", begins.date() if appointment.all_day else appointment.start)
    event.add("dtend", _end(case))
    event.add("summary", ": ".join([f"{begins:%H:%M} {look.word}", *what]))
    event.add("url", address)
    event.add("description", _("Open in Treffa: %(address)s") % {"address": address})
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _end(case: Case) -> object:
    """Days end with the day after; what has no length lasts none and is shown at its start."""
    appointment = case.appointment
    if appointment.all_day:
        return max(
            timezone.localtime(appointment.end).date(),
            timezone.localtime(appointment.start).date() + timedelta(days=1),
        )
    return appointment.end


def _cases(link: CalendarLink, *, now: datetime) -> Sequence[Case]:
    found = Case.objects.filter(
        appointment__start__gte=now - BACK, appointment__start__lt=now + AHEAD, appointment__same_as=None
    ).exclude(appointment__status=AppointmentStatus.CANCELLED)
    if link.practitioner:
        own = Q(appointment__practitioner=link.practitioner)
        calendars = Q(appointment__practitioner="", appointment__feed__practitioner=link.practitioner)
        found = found.filter(own | calendars)
    related = found.select_related("appointment__type", "plan").order_by("appointment__start", "pk")
    return list(related[:MOST])


def _answer(response: HttpResponse) -> HttpResponse:
    """Kept by nobody on the way, told to nobody."""
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
