"""A sample appointment under a plan, played through."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from practices import clock
from treffa.dashboard import what_if
from treffa.dashboard.staff import StaffRequest, page
from treffa.dashboard.views.plan import found


@require_safe
def show(request: StaffRequest, plan_id: int) -> HttpResponse:
    """GET /plans/<id>/timeline/?day=...&at=...&booked=... — what happens, and when, if the patient does nothing."""
    view, now = found(request, plan_id), clock.now()
    form = what_if.form_of(request.GET.dict(), practice=request.practice, now=now)
    entries = None
    if form.is_valid():
        entries = what_if.timeline(view.plan, **form.cleaned_data, practice=request.practice, now=now)
    context = {"area": "plans", "view": view, "form": form, "entries": entries}
    return page(request, "dashboard/what_if.html", context)
