"""What staff decide about the calendar: what a text means, what a type needs, whether what disappeared is cancelled."""

from datetime import datetime

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from appointments import operations
from appointments.models import AppointmentType, Feed
from practices import clock, record
from practices.models import Role
from prerequisites import adoption, packs
from treffa.dashboard.staff import StaffRequest, actor, may_work

NOTHING = "nothing"
PACK = "pack"


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
def plan_type(request: StaffRequest, type_id: int) -> HttpResponse:
    """POST /types/<id>/plan/ — a type without a plan needs what its pack says, what another type needs, or nothing."""
    known, chosen = AppointmentType.objects.filter(pk=type_id).first(), request.POST.get("type", "")
    if known is None or (chosen not in (NOTHING, PACK) and not chosen.isdecimal()):
        raise Http404
    by, now = actor(request), clock.now()
    if chosen == NOTHING:
        adoption.needs_nothing(type_id=type_id, by=by, now=now)
        notes.success(request, _("Understood: “%(name)s” never needs anything.") % {"name": known.name})
    elif _give_plan(request, known, chosen, by=by, now=now):
        notes.success(request, _("“%(name)s” has a plan now. Its cases open at once.") % {"name": known.name})
    else:
        notes.warning(request, _("Somebody was quicker: this is decided already."))
    return redirect("dashboard:board")


def _give_plan(
    request: StaffRequest, known: AppointmentType, chosen: str, *, by: record.Actor, now: datetime
) -> bool:
    physician = request.user if request.membership.role == Role.PHYSICIAN else None
    if chosen != PACK:
        other = int(chosen)
        like = adoption.plan_like(
            type_id=known.pk, other_type_id=other, signed_off_by=physician, by=by, now=now
        )
        return like is not None
    pack = packs.with_type(known.name)
    if pack is None:
        raise Http404
    if not request.membership.may_adopt:
        raise PermissionDenied
    return any(
        plan.type_id == known.pk
        for plan in adoption.adopt_pack(pack, signed_off_by=physician, by=by, now=now)
    )


@require_POST
@may_work
def missing(request: StaffRequest, feed_id: int) -> HttpResponse:
    """POST /feeds/<id>/missing/ — what a frozen feed no longer shows is cancelled, or it was an error."""
    if not Feed.objects.filter(pk=feed_id).exists():
        raise Http404
    now = clock.now()
    if request.POST.get("decision") == "confirm":
        shown = request.POST.get("shown", "")
        cancelled = operations.confirm_missing(feed_id=feed_id, shown=shown, by=actor(request), now=now)
        if cancelled is None:
            notes.warning(
                request, _("Nothing was cancelled: this is decided already, or others are missing now.")
            )
        else:
            said = ngettext("%(n)s appointment is cancelled.", "%(n)s appointments are cancelled.", cancelled)
            notes.success(request, said % {"n": cancelled})
    elif operations.dismiss_missing(feed_id=feed_id, by=actor(request), now=now):
        notes.success(request, _("Nothing was cancelled. The calendar is read again within five minutes."))
    else:
        notes.warning(request, _("Somebody was quicker: this is decided already."))
    if request.POST.get("from") == "feed":
        return redirect("dashboard:feed", feed_id)
    return redirect("dashboard:board")
