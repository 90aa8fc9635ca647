"""Signing off, publishing and retiring a version, and moving open cases to it."""

from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practices import clock, tenancy
from practices.middleware import own_scope
from prerequisites import drafts, plan_queries, plan_versions
from prerequisites.acts import NotAllowedError, StaleError
from prerequisites.models import Plan, PlanState
from treffa.dashboard import plan_publishing
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page
from treffa.dashboard.views.plan import exists, found

MOST_AT_ONCE = 1000


@require_http_methods(["GET", "POST"])
@may_adopt
def publish(request: StaffRequest, plan_id: int) -> HttpResponse:
    """GET and POST /plans/<id>/publish/ — what stands in the way, what changes; `do`: sign (physicians) or publish."""
    view = found(request, plan_id)
    if not view.is_draft:
        if request.method == "POST":
            notes.warning(request, _("This version is published already."))
        return redirect("dashboard:plan", plan_id)
    if request.method == "POST":
        return _sign(request, plan_id) if request.POST.get("do") == "sign" else _publish(request, plan_id)
    context: dict[str, Any] = {
        "area": "plans",
        "view": view,
        "publishing": plan_publishing.of_draft(view, practice=request.practice),
    }
    response = page(request, "dashboard/plan_publish.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@may_adopt
def sign(request: StaffRequest, plan_id: int) -> HttpResponse:
    """POST /plans/<id>/sign/ — a physician signs off what was published without."""
    exists(plan_id)
    return _sign(request, plan_id)


def _sign(request: StaffRequest, plan_id: int) -> HttpResponse:
    if not request.membership.is_physician:
        raise PermissionDenied
    plan = Plan.objects.get(pk=plan_id)
    if not plan.prerequisites.exists() or plan_versions.problems_of(plan):
        notes.warning(request, _("Not signed off: there is something to mend first."))
        return redirect("dashboard:publish_plan", plan_id)
    try:
        plan_versions.sign_off(
            plan_id=plan_id, physician=request.user, seen=request.POST.get("seen", ""), now=clock.now()
        )
    except drafts.ChangedError:
        notes.warning(
            request,
            _("Not signed off: somebody changed the draft after you opened this page. Look at it again."),
        )
    except StaleError:
        notes.warning(request, _("It is signed off already."))
    else:
        notes.success(request, _("Signed off with your name and today’s date."))
    return redirect("dashboard:publish_plan", plan_id)


def _publish(request: StaffRequest, plan_id: int) -> HttpResponse:
    now = clock.now()
    try:
        plan = plan_versions.publish(plan_id=plan_id, by=actor(request), now=now)
    except StaleError:
        notes.warning(request, _("This version is published already."))
        return redirect("dashboard:plan", plan_id)
    except NotAllowedError as refused:
        said = {
            "plan_empty": _("Not published: it asks for nothing yet."),
            "plan_problems": _("Not published: there is something to mend first."),
            "plan_unsigned": _("Not published: a physician has to sign it off first."),
        }
        notes.warning(request, said[refused.code])
        return redirect("dashboard:publish_plan", plan_id)
    notes.success(
        request,
        _("Version %(version)s is published. It holds for new cases from now on.")
        % {"version": plan.version},
    )
    if plan_queries.movable(plan, now=now).exists():
        return redirect("dashboard:plan_cases", plan_id)
    return redirect("dashboard:plan", plan_id)


@require_POST
@may_adopt
def retire(request: StaffRequest, plan_id: int) -> HttpResponse:
    """POST /plans/<id>/retire/ — no new case is opened by it; open ones keep it."""
    exists(plan_id)
    try:
        plan_versions.retire(plan_id=plan_id, by=actor(request), now=clock.now())
    except StaleError:
        notes.warning(request, _("This version is not published any more."))
    else:
        notes.success(
            request, _("Retired. Open cases keep it; nothing is requested for new appointments of this type.")
        )
    return redirect("dashboard:plan", plan_id)


@require_safe
@may_adopt
def cases(request: StaffRequest, plan_id: int) -> HttpResponse:
    """GET /plans/<id>/cases/?moved=<n> — what would become of the open cases, and how many were just moved."""
    view = found(request, plan_id)
    if view.plan.state != PlanState.PUBLISHED:
        return redirect("dashboard:plan", plan_id)
    moved = request.GET.get("moved", "")
    context: dict[str, Any] = {
        "area": "plans",
        "view": view,
        "moving": plan_publishing.of_cases(view.plan, now=clock.now()),
        "moved": int(moved) if moved.isdecimal() and len(moved) < 10 else None,
        "none_chosen": request.GET.get("moved") == "none",
    }
    response = page(request, "dashboard/plan_cases.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@own_scope
@require_POST
@may_adopt
def move_cases(request: StaffRequest, plan_id: int) -> HttpResponse:
    """POST /plans/<id>/cases/move/ — moves the chosen cases (`case`), or (do=all) the next thousand; a batch is one
    transaction, so nobody waits long."""
    practice_id, now = request.membership.practice_id, clock.now()
    with tenancy.scope(practice_id):
        plan = Plan.objects.filter(pk=plan_id).first()
        if plan is None:
            raise Http404
        chosen = _chosen(request, plan)
    if not chosen:
        return redirect(f"{reverse('dashboard:plan_cases', args=(plan_id,))}?moved=none")
    try:
        moved = plan_versions.move_cases(
            practice_id=practice_id, plan_id=plan_id, case_ids=chosen, by=actor(request), now=now
        )
    except StaleError:
        return redirect("dashboard:plan", plan_id)
    return redirect(f"{reverse('dashboard:plan_cases', args=(plan_id,))}?moved={moved}")


def _chosen(request: StaffRequest, plan: Plan) -> list[int]:
    """The ids of the cases to move: of this plan's type, open, with another version."""
    movable = plan_queries.movable(plan, now=clock.now())
    if request.POST.get("do") == "all":
        return list(movable.values_list("pk", flat=True)[:MOST_AT_ONCE])
    given = {int(one) for one in request.POST.getlist("case") if one.isdecimal() and len(one) < 19}
    return list(movable.filter(pk__in=given).values_list("pk", flat=True))
