"""Support access: given and ended by managers; what was done with it is counted."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practices import clock, support
from practices.models import SupportGrant
from treffa.dashboard.access_forms import SupportForm
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page


@require_http_methods(["GET", "POST"])
@may_manage
def show(request: StaffRequest) -> HttpResponse:
    """GET and POST /access/support/ — whether Treffa's operators may look, until when, and what they did."""
    now = clock.now()
    form = SupportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        support.give(reason=given["reason"], hours=int(given["hours"]), by=actor(request), now=now)
        notes.success(request, _("Treffa's operators may look now. You can end it at any time."))
        return redirect("dashboard:support")
    context = {
        "area": "access",
        "tab": "support",
        "form": form,
        "grants": [
            {"grant": one, "open": one.ended_at is None and one.until > now, "looked": support.looked(one)}
            for one in support.grants()
        ],
    }
    return page(request, "dashboard/access_support.html", context)


@require_POST
@may_manage
def end(request: StaffRequest, grant_id: int) -> HttpResponse:
    """POST /access/support/<id>/end/ — they see nothing any more."""
    if not SupportGrant.objects.filter(pk=grant_id).exists():
        raise Http404
    if support.end(grant_id=grant_id, by=actor(request), now=clock.now()):
        notes.success(request, _("Ended. Treffa's operators see nothing of the practice any more."))
    else:
        notes.warning(request, _("Somebody was quicker: you see how it stands now."))
    return redirect("dashboard:support")
