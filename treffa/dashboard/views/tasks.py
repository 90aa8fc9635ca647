"""The inbox: what a person of the practice has to do."""

from django.http import HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from practices import clock
from treffa.dashboard import tasks
from treffa.dashboard.staff import StaffRequest, page
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
    return response
