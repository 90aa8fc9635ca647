"""What staff decide about a calendar that is held: whether what disappeared is cancelled."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from appointments import operations
from appointments.models import Feed
from practices import clock
from treffa.dashboard.staff import StaffRequest, actor, may_work


def _confirm(request: StaffRequest, feed_id: int, now: datetime) -> None:
    shown = request.POST.get("shown", "?")
    cancelled = operations.confirm_missing(feed_id=feed_id, shown=shown, by=actor(request), now=now)
    if cancelled is None:
        said = _("Nothing was cancelled: this is decided already, or others are missing now.")
        notes.warning(request, said)
        return
    said = ngettext("%(n)s appointment is cancelled.", "%(n)s appointments are cancelled.", cancelled)
    notes.success(request, said % {"n": cancelled})


def _dismiss(request: StaffRequest, feed_id: int, now: datetime) -> None:
    if operations.dismiss_missing(feed_id=feed_id, by=actor(request), now=now):
        said = _("Nothing was cancelled. As long as the same ones are missing you are not asked again.")
        notes.success(request, said)
    else:
        notes.warning(request, _("Somebody was quicker: this is decided already."))


_DECISIONS: Mapping[str, Callable[[StaffRequest, int, datetime], None]] = {
    "confirm": _confirm,
    "dismiss": _dismiss,
}


@require_POST
@may_work
def missing(request: StaffRequest, feed_id: int) -> HttpResponse:
    """POST /feeds/<id>/missing/ — what a frozen feed no longer shows is cancelled, or it was an error."""
    if not Feed.objects.filter(pk=feed_id).exists():
        raise Http404
    now, decision = clock.now(), request.POST.get("decision", "")
    if decision not in _DECISIONS:
        raise Http404
    _DECISIONS[decision](request, feed_id, now)
    if request.POST.get("from") == "feed":
        return redirect("dashboard:feed", feed_id)
    return redirect("dashboard:board")
