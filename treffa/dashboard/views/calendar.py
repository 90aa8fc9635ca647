"""What staff decide about the calendar: what a text means, whether what disappeared is cancelled."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from appointments import operations
from appointments.models import AppointmentType, Feed
from practices import clock
from treffa.dashboard.staff import StaffRequest, actor, may_work

NOTHING = "nothing"


@require_POST
@may_work
def assign_type(request: StaffRequest) -> HttpResponse:
    """POST /types/assign/ — a text of the calendar means this type, or never needs anything."""
    chosen = request.POST.get("type", "")
    type_id = None if chosen == NOTHING else int(chosen) if chosen.isdecimal() else 0
    if type_id is not None and not AppointmentType.objects.filter(pk=type_id).exists():
        raise Http404
    text = request.POST.get("text", "")
    try:
        found = operations.assign_type(text=text, type_id=type_id, by=actor(request), now=clock.now())
    except operations.InvalidInputError as invalid:
        raise Http404 from invalid
    said = ngettext(
        "Understood: %(n)s appointment has a type now.",
        "Understood: %(n)s appointments have a type now.",
        found,
    )
    notes.success(request, said % {"n": found})
    return redirect("dashboard:board")


@require_POST
@may_work
def missing(request: StaffRequest, feed_id: int) -> HttpResponse:
    """POST /feeds/<id>/missing/ — what a frozen feed no longer shows is cancelled, or it was an error."""
    if not Feed.objects.filter(pk=feed_id).exists():
        raise Http404
    now = clock.now()
    if request.POST.get("decision") == "confirm":
        cancelled = operations.confirm_missing(feed_id=feed_id, by=actor(request), now=now)
        said = ngettext("%(n)s appointment is cancelled.", "%(n)s appointments are cancelled.", cancelled)
        notes.success(request, said % {"n": cancelled})
    elif operations.dismiss_missing(feed_id=feed_id, by=actor(request), now=now):
        notes.success(request, _("Nothing was cancelled. The calendar is read again within five minutes."))
    else:
        notes.warning(request, _("Somebody was quicker: this is decided already."))
    return redirect("dashboard:board")
