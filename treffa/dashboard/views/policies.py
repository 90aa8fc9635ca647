"""The escalation's settings: staff look, managers change."""

from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.models import AppointmentType
from escalation.models import Hours, Policy
from escalation.operations import settings
from escalation.policy import DEFAULT_STEPS, Step
from escalation.queries import policies as current_policies
from practices import clock
from practices.queries import members
from treffa.dashboard import policies
from treffa.dashboard.policy_forms import HoursForm, StepFormSet, initial_of
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET /escalation/ — the policies as sequences, what a sample case would see, the office hours."""
    return _shown(request, HoursForm.of(Hours.objects.first()))


@require_POST
@may_manage
def hours(request: StaffRequest) -> HttpResponse:
    """POST /escalation/hours/ — when somebody is at the practice."""
    form = HoursForm(request.POST)
    if not form.is_valid():
        return _shown(request, form)
    settings.open_at(**form.cleaned_data, by=actor(request), now=clock.now())
    notes.success(request, _("Saved."))
    return redirect("dashboard:policies")


@require_POST
@may_manage
def add(request: StaffRequest) -> HttpResponse:
    """POST /escalation/new/ — a policy of the practice's own, or of a type, that begins as the one that held so far."""
    chosen = request.POST.get("type", "")
    type_ = None
    if chosen:
        type_ = get_object_or_404(AppointmentType.objects.all(), pk=chosen if chosen.isdecimal() else 0)
    policy = settings.add_policy(
        type_id=type_.pk if type_ else None,
        name=type_.name if type_ else _("Practice"),
        steps=current_policies()[None],
        by=actor(request),
        now=clock.now(),
    )
    if policy is None:
        notes.warning(request, _("Somebody was quicker: it has steps of its own already."))
        return redirect("dashboard:policies")
    return redirect("dashboard:policy", policy.pk)


@require_http_methods(["GET", "POST"])
def show_one(request: StaffRequest, policy_id: int) -> HttpResponse:
    """GET and POST /escalation/<id>/ — one policy; a POST shows what other steps would do or (do=save) makes them true."""
    policy = get_object_or_404(Policy.objects.select_related("type"), pk=policy_id)
    if request.method == "POST" and not request.membership.may_manage:
        raise PermissionDenied
    people = members()
    held = policies.steps_of(policy)
    formset = StepFormSet(
        request.POST or None, initial=[initial_of(step) for step in held], form_kwargs={"members": people}
    )
    steps: list[Step] | None = list(held)
    if request.method == "POST":
        steps = _typed(formset, {member.user_id: member.role for member in people})
        if steps is not None and request.POST.get("do") == "save":
            seen = request.POST.get("seen", "")
            if settings.change_policy(
                policy_id=policy.pk, seen=seen, steps=steps, by=actor(request), now=clock.now()
            ):
                notes.success(request, _("Saved. What runs already keeps the steps that it began with."))
                return redirect("dashboard:policy", policy.pk)
            notes.warning(
                request, _("Somebody changed these steps while you did. Saving again replaces theirs.")
            )
    context: dict[str, Any] = {
        "area": "escalation",
        "policy": policy,
        "formset": formset,
        "seen": settings.state_of(policy),
        "sequence": policies.views(steps, policies.names()) if steps is not None else None,
        "sample": policies.sample(steps, type_id=policy.type_id, practice=request.practice, now=clock.now())
        if steps
        else None,
    }
    return page(request, "dashboard/policy.html", context)


def _typed(formset: Any, roles: dict[int, str]) -> list[Step] | None:
    """The steps that were typed in; None where something is wrong."""
    if not formset.is_valid():
        return None
    forms = [form for form in formset if form.has_changed() or form in formset.initial_forms]
    return [form.step(roles) for form in forms if form not in formset.deleted_forms]


@require_POST
@may_manage
def remove(request: StaffRequest, policy_id: int) -> HttpResponse:
    """POST /escalation/<id>/remove/ — what holds for all holds again."""
    try:
        settings.remove_policy(policy_id=policy_id, by=actor(request), now=clock.now())
    except Policy.DoesNotExist as gone:
        raise Http404 from gone
    notes.success(request, _("Removed."))
    return redirect("dashboard:policies")


def _shown(request: StaffRequest, form: HoursForm) -> HttpResponse:
    general, of_types = policies.load()
    own = general.policy
    steps = policies.steps_of(own) if own else DEFAULT_STEPS
    context = {
        "area": "escalation",
        "general": general,
        "of_types": of_types,
        "free_types": policies.free_types(),
        "sample": policies.sample(steps, type_id=None, practice=request.practice, now=clock.now()),
        "hours": form,
    }
    return page(request, "dashboard/policies.html", context)
