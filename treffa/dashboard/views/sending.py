"""Messages: whether patients are written to, and what is to come."""

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messaging import operations
from practices import clock
from treffa.dashboard import sending
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET /messages/ — on or off, the next seven days, what rests."""
    shown = sending.load(request.practice, now=clock.now())
    return page(request, "dashboard/sending.html", {"area": "sending", "sending": shown})


@require_POST
@may_manage
def switch(request: StaffRequest) -> HttpResponse:
    """POST /messages/switch/ — on or off. Pressed twice, it stands as it was pressed."""
    on = request.POST.get("sending") == "on"
    if operations.switch_sending(on=on, by=actor(request), now=clock.now()):
        notes.success(
            request, _("Patients are written to from now on.") if on else _("Nothing goes out any more.")
        )
    return redirect("dashboard:sending")
