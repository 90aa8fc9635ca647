"""One version of a plan: looking at it, trying it, ordering and discarding a draft."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practices import clock
from prerequisites import drafts, plan_versions
from prerequisites.acts import StaleError
from prerequisites.models import Plan
from treffa.dashboard import plan_example, plan_page
from treffa.dashboard.plan_page import PlanView
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page


@require_safe
def show(request: StaffRequest, plan_id: int) -> HttpResponse:
    """GET /plans/<id>/?try-start=... — a version, tried on an example."""
    view = found(request, plan_id)
    alone = request.htmx and request.htmx.target == "plan-preview"
    template = "dashboard/plan.html#preview" if alone else "dashboard/plan.html"
    tried = plan_example.load(
        view.contents, request.GET, practice=request.practice, type_name=view.plan.type.name, now=clock.now()
    )
    response = page(request, template, {"area": "plans", "view": view, "preview": tried})
    response["Cache-Control"] = "private, no-store"
    return response


def found(request: StaffRequest, plan_id: int) -> PlanView:
    """The version, or 404."""
    view = plan_page.load(request, plan_id, now=clock.now())
    if view is None:
        raise Http404
    return view


@require_POST
@may_adopt
def discard(request: StaffRequest, plan_id: int) -> HttpResponse:
    """POST /plans/<id>/discard/ — throws a draft away."""
    exists(plan_id)
    try:
        plan_versions.discard_draft(plan_id=plan_id, by=actor(request), now=clock.now())
    except StaleError:
        notes.warning(request, _("Not discarded: it is published by now."))
        return redirect("dashboard:plan", plan_id)
    notes.success(request, _("The draft is discarded."))
    return redirect("dashboard:plans")


@require_POST
@may_adopt
def move(request: StaffRequest, plan_id: int, prerequisite_id: int) -> HttpResponse:
    """POST /plans/<id>/items/<id>/move/ — one place `up` or `down`."""
    exists(plan_id)
    up = request.POST.get("to") == "up"
    try:
        drafts.move(
            plan_id=plan_id, prerequisite_id=prerequisite_id, up=up, by=actor(request), now=clock.now()
        )
    except (StaleError, drafts.ChangedError):
        notes.warning(request, closed())
    if request.htmx:
        view = found(request, plan_id)
        context = {"view": view, "moved": prerequisite_id, "to": "up" if up else "down"}
        return page(request, "dashboard/plan.html#order", context)
    return redirect("dashboard:plan", plan_id)


@require_POST
@may_adopt
def remove(request: StaffRequest, plan_id: int, prerequisite_id: int) -> HttpResponse:
    """POST /plans/<id>/items/<id>/remove/ — takes it out of the draft; it can be brought back for half an hour."""
    exists(plan_id)
    now = clock.now()
    try:
        kept = drafts.remove(plan_id=plan_id, prerequisite_id=prerequisite_id, by=actor(request), now=now)
    except StaleError:
        notes.warning(request, closed())
    except drafts.ChangedError:
        notes.warning(request, _("It was removed already."))
    else:
        plan_page.keep_removed(request, plan_id=plan_id, kept=kept, now=now)
    return redirect("dashboard:plan", plan_id)


@require_POST
@may_adopt
def restore(request: StaffRequest, plan_id: int) -> HttpResponse:
    """POST /plans/<id>/restore/ — brings back what this person took out of the draft last."""
    exists(plan_id)
    kept, now = request.session.get(plan_page.REMOVED), clock.now()
    if kept is None or kept["plan"] != plan_id or kept["at"] < (now - plan_page.OFFERED_FOR).timestamp():
        notes.warning(request, _("There is nothing to bring back any more."))
        return redirect("dashboard:plan", plan_id)
    try:
        back = drafts.restore(plan_id=plan_id, kept=kept["row"], by=actor(request), now=now)
    except StaleError:
        notes.warning(request, closed())
    else:
        del request.session[plan_page.REMOVED]
        if back is None:
            notes.warning(request, _("It is there already."))
        else:
            notes.success(request, _("It is back, where it stood."))
    return redirect("dashboard:plan", plan_id)


def exists(plan_id: int) -> None:
    """404 for a plan that the practice has not got."""
    if not Plan.objects.filter(pk=plan_id).exists():
        raise Http404


def closed() -> str:
    """That a draft is none any more."""
    return _("Not done: this version is published by now and is not changed any more. Begin the next one.")
