"""The inbox: what a person of the practice has to do, and that it is done."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages as notes
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from escalation import operations
from escalation.models import Task
from escalation.operations.acts import TRY_AGAIN
from practices import clock
from treffa.dashboard import relative, tasks
from treffa.dashboard.snooze_forms import MomentForm
from treffa.dashboard.staff import StaffRequest, actor, may_work, page
from treffa.dashboard.version import version


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET /tasks/ — the open tasks, the most urgent first; asked for news of what it knows, 204 if there is none."""
    now = clock.now()
    role = request.GET.get("for", "")
    code = version(request.user.pk, get_language(), role, now=now)
    if request.GET.get("known") == code:
        return HttpResponse(status=204)
    shown = tasks.load(role=role, language=get_language() or "", user_id=request.user.pk, now=now)
    partial = request.htmx and not request.htmx.history_restore_request
    template = "dashboard/tasks.html#list" if partial else "dashboard/tasks.html"
    context = {
        "area": "tasks",
        "inbox": shown,
        "may_work": request.membership.may_work,
        "poll_url": f"?for={shown.role}&known={code}",
    }
    response = page(request, template, context)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response


@require_safe
def slots(request: StaffRequest) -> HttpResponse:
    """GET /slots/ — the slots that may be saved, with the time left, and what was decided."""
    coming, decided = tasks.load_slots(language=get_language() or "", now=clock.now())
    context = {
        "area": "tasks",
        "coming": coming,
        "decided": decided,
        "may_work": request.membership.may_work,
    }
    response = page(request, "dashboard/slots.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@may_work
def finish(request: StaffRequest, task_id: int) -> HttpResponse:
    """POST /tasks/<id>/done/ — somebody did it, with what came of it."""
    outcome = request.POST.get("outcome", "")
    act = partial(operations.finish_task, outcome=outcome)
    done = _("It comes back in a while.") if outcome in TRY_AGAIN else _("Done.")
    return _acted(request, task_id, act, done)


@require_POST
@may_work
def take(request: StaffRequest, task_id: int) -> HttpResponse:
    """POST /tasks/<id>/take/ — somebody sees to it."""
    return _acted(request, task_id, operations.take_over, _("You have taken it over."))


@require_POST
@may_work
def give_back(request: StaffRequest, task_id: int) -> HttpResponse:
    """POST /tasks/<id>/back/ — nobody has it any more."""
    return _acted(request, task_id, operations.give_back, _("It is everybody's again."))


@require_POST
@may_work
def put_off(request: StaffRequest, task_id: int) -> HttpResponse:
    """POST /tasks/<id>/later/ — out of sight until then: a moment that is offered, or any (`moment`, by the practice's clock)."""
    task = _known(task_id)
    now, wanted = clock.now(), request.POST.get("until", "")
    if wanted:
        until = next((one.at for one in tasks.moments(now=now) if one.key == wanted), None)
        if until is None:
            return HttpResponseBadRequest()
    else:
        form = MomentForm(request.POST, now=now)
        if not form.is_valid():
            notes.warning(request, " ".join(str(error) for error in form.errors["moment"]))
            return _back(request)
        until = form.cleaned_data["moment"]
    if task.due_at is not None and task.due_at < until and task.due_at > now:
        said = _("Put off until after it is due: %(due)s.") % {"due": relative.moment(task.due_at, now=now)}
        notes.warning(request, said)
    return _acted(request, task_id, partial(operations.put_off, until=until), _("Put off."))


@require_POST
@may_work
def undo(request: StaffRequest, task_id: int) -> HttpResponse:
    """POST /tasks/<id>/undo/ — it was not done after all."""
    return _acted(request, task_id, operations.undo, _("It is open again."))


def _acted(request: StaffRequest, task_id: int, act: Callable[..., bool], said: str) -> HttpResponse:
    _known(task_id)
    try:
        done = act(task_id=task_id, by=actor(request), now=clock.now())
    except ValueError:
        return HttpResponseBadRequest()
    if done:
        notes.success(request, said)
    else:
        notes.warning(request, _("Somebody was quicker: this task has changed already."))
    return _back(request)


def _back(request: StaffRequest) -> HttpResponse:
    return redirect("dashboard:slots" if request.POST.get("from") == "slots" else "dashboard:tasks")


def _known(task_id: int) -> Task:
    return get_object_or_404(Task.objects.all(), pk=task_id)
