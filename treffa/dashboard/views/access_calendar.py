"""Calendar links: made, renewed and revoked by managers."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practices import calendar_links, clock
from practices.models import CalendarLink
from treffa.dashboard import access
from treffa.dashboard.access_forms import CalendarLinkForm
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page


@require_http_methods(["GET", "POST"])
@may_manage
def show(request: StaffRequest) -> HttpResponse:
    """GET and POST /access/calendar/ — the links that hold; a POST makes one more."""
    now, practitioners = clock.now(), access.practitioners()
    form = CalendarLinkForm(request.POST or None, practitioners=practitioners)
    if request.method == "POST" and form.is_valid():
        calendar_links.make(**form.cleaned_data, by=actor(request), now=now)
        notes.success(request, _("The calendar is ready: copy its address into the calendar app."))
        return redirect("dashboard:access_calendar")
    context = {"area": "access", "tab": "calendar", "links": access.links(now=now), "form": form}
    response = page(request, "dashboard/access_calendar.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@may_manage
def renew(request: StaffRequest, link_id: int) -> HttpResponse:
    """POST /access/calendar/<id>/renew/ — another address, the old one ends."""
    _there(link_id)
    if calendar_links.renew(link_id=link_id, by=actor(request), now=clock.now()):
        notes.success(request, _("The address is a new one. The old one opens nothing any more."))
    else:
        notes.warning(request, _("Somebody was quicker: you see how it stands now."))
    return redirect("dashboard:access_calendar")


@require_POST
@may_manage
def revoke(request: StaffRequest, link_id: int) -> HttpResponse:
    """POST /access/calendar/<id>/revoke/ — ends it."""
    _there(link_id)
    if calendar_links.revoke(link_id=link_id, by=actor(request), now=clock.now()):
        notes.success(request, _("Revoked. The calendar stays empty from now on."))
    else:
        notes.warning(request, _("Somebody was quicker: you see how it stands now."))
    return redirect("dashboard:access_calendar")


def _there(link_id: int) -> None:
    if not CalendarLink.objects.filter(pk=link_id).exists():
        raise Http404
