"""Webhooks: added, tried, switched on again and removed by managers; what was sent last."""

from collections.abc import Callable, Mapping

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practices import clock
from practices.models import Delivery, Webhook
from treffa.dashboard.access_forms import WebhookForm
from treffa.dashboard.staff import StaffRequest, actor, freshly, may_manage, page
from treffa.webhooks import addresses

SHOWN = 20
Act = Callable[[StaffRequest, int], bool]


def _try(request: StaffRequest, webhook_id: int) -> bool:
    return addresses.try_out(webhook_id=webhook_id, now=clock.now())


def _switch_on(request: StaffRequest, webhook_id: int) -> bool:
    return addresses.switch_on(webhook_id=webhook_id, by=actor(request), now=clock.now())


def _remove(request: StaffRequest, webhook_id: int) -> bool:
    return addresses.remove(webhook_id=webhook_id, by=actor(request), now=clock.now())


ACTS: Mapping[str, tuple[Act, str | Promise]] = {
    "try": (_try, gettext_lazy("It is sent now. In a moment you see here what came back.")),
    "on": (_switch_on, gettext_lazy("Switched on. It is told of what changes from now on.")),
    "remove": (_remove, gettext_lazy("Removed. Address and secret are deleted.")),
}


@require_safe
@may_manage
def show(request: StaffRequest) -> HttpResponse:
    """GET /access/webhooks/ — the addresses and what was sent to them last."""
    return _page(request, {})


@require_http_methods(["GET", "POST"])
@may_manage
@freshly
def new(request: StaffRequest) -> HttpResponse:
    """GET and POST /access/webhooks/new/ — one more; the answer shows its secret, and nothing ever does again."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            secret = addresses.add(**form.cleaned_data, by=actor(request), now=clock.now())
        except addresses.RefusedAddressError:
            form.add_error("url", _("This is no address that can be told: https, without a user's name."))
        else:
            return _page(request, {"secret": secret, "name": form.cleaned_data["name"]})
    return _page(request, {"form": form})


@require_POST
@may_manage
def act(request: StaffRequest, webhook_id: int, act: str) -> HttpResponse:
    """POST /access/webhooks/<id>/<try, on, remove>/."""
    if act not in ACTS or not Webhook.objects.filter(pk=webhook_id).exists():
        raise Http404
    do, done = ACTS[act]
    if do(request, webhook_id):
        notes.success(request, str(done))
    else:
        notes.warning(request, _("Somebody was quicker: you see how it stands now."))
    return redirect("dashboard:webhooks")


def _page(request: StaffRequest, more: dict[str, object]) -> HttpResponse:
    context: dict[str, object] = {
        "area": "access",
        "tab": "webhooks",
        "webhooks": addresses.webhooks(),
        "deliveries": list(
            Delivery.objects.filter(webhook__removed_at=None)
            .select_related("webhook")
            .order_by("-pk")[:SHOWN]
        ),
    }
    response = page(request, "dashboard/access_webhooks.html", context | more)
    response["Cache-Control"] = "private, no-store"
    return response
