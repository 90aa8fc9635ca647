"""The plans: all of them, one version, and beginning the next."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from appointments.models import AppointmentType
from practices import clock
from prerequisites import plan_versions
from treffa.dashboard import plan_list
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page


@require_safe
def show_all(request: StaffRequest) -> HttpResponse:
    """GET /plans/ — every appointment type with its plans."""
    return page(request, "dashboard/plans.html", {"area": "plans", "list": plan_list.load(now=clock.now())})


@require_POST
@may_adopt
def new(request: StaffRequest) -> HttpResponse:
    """POST /plans/new/ — a draft of the type's next version: a copy of what is published, or an empty one."""
    given = request.POST.get("type", "")
    type_id = int(given) if given.isdecimal() and len(given) < 19 else 0
    try:
        draft = plan_versions.create_draft(type_id=type_id, by=actor(request), now=clock.now())
    except AppointmentType.DoesNotExist as gone:
        raise Http404 from gone
    return redirect("dashboard:plan", draft.pk)
