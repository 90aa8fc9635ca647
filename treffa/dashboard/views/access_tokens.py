"""Tokens of the API: made and revoked by managers who have just shown that it is them."""

from django.conf import settings
from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practices import api_tokens, clock
from practices.models import ApiToken
from treffa.dashboard.access_forms import TokenForm
from treffa.dashboard.staff import StaffRequest, actor, freshly, may_manage, page


@require_safe
@may_manage
def show(request: StaffRequest) -> HttpResponse:
    """GET /access/api/ — the tokens that hold."""
    return _page(request, {})


@require_http_methods(["GET", "POST"])
@may_manage
@freshly
def new(request: StaffRequest) -> HttpResponse:
    """GET and POST /access/api/new/ — one more; the answer shows it, and nothing ever does again."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        secret = api_tokens.make(**form.cleaned_data, by=actor(request), now=clock.now())
        return _page(request, {"secret": secret, "name": form.cleaned_data["name"]})
    return _page(request, {"form": form})


@require_POST
@may_manage
def revoke(request: StaffRequest, token_id: int) -> HttpResponse:
    """POST /access/api/<id>/revoke/ — ends it."""
    if not ApiToken.objects.filter(pk=token_id).exists():
        raise Http404
    if api_tokens.revoke(token_id=token_id, by=actor(request), now=clock.now()):
        notes.success(request, _("Revoked. It opens nothing any more."))
    else:
        notes.warning(request, _("Somebody was quicker: you see how it stands now."))
    return redirect("dashboard:access_tokens")


def _page(request: StaffRequest, more: dict[str, object]) -> HttpResponse:
    context: dict[str, object] = {
        "area": "access",
        "tab": "tokens",
        "tokens": list(api_tokens.holding()),
        "document": f"{settings.PUBLIC_URL}{reverse('api:openapi-json')}",
    }
    response = page(request, "dashboard/access_tokens.html", context | more)
    response["Cache-Control"] = "private, no-store"
    return response
