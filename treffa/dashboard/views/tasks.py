"""The inbox: what a person of the practice has to do, and that it is done."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from escalation import operations
from escalation.models import Task
from practices import clock
from treffa.dashboard import tasks
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
    shown = tasks.load(role=role, language=get_language() or "", now=now)
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


@require_POST
@may_work
def finish(request: StaffRequest, task_id: int) -> HttpResponse:
    """POST /tasks/<id>/done/ — somebody did it."""
    if not Task.objects.filter(pk=task_id).exists():
        raise Http404
    if operations.finish_task(task_id=task_id, by=actor(request), now=clock.now()):
        notes.success(request, _("Done."))
    else:
        notes.warning(request, _("Somebody was quicker: this task is closed already."))
    return redirect("dashboard:tasks")
