"""Staff requests: who is signed in, for which practice, and one transaction around view and rendering."""

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone, translation
from structlog.contextvars import bind_contextvars

from practices import queries, tenancy

STAFF_NAMESPACE = "dashboard"
SESSION_PRACTICE = "practice"
SHOWN_FIELD = "shown_practice"
SHOWN_HEADER = "X-Shown-Practice"
_SAFE = ("GET", "HEAD", "OPTIONS")


class PracticeScopeMiddleware:
    """Opens the scope of the practice that the session has chosen for every view of the staff's dashboard.

    `request.membership` and `request.memberships` are set for them. Every form and every request of htmx says which
    practice its page shows; from a tab that shows another than the session's nothing is done. A view marked `own_scope`
    gets no scope: it reads the body first and opens short scopes itself. A response of 500 and above rolls back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _match(request)
        if match is None or STAFF_NAMESPACE not in match.namespaces:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        memberships = queries.memberships_of(request.user.pk)
        chosen = request.session.get(SESSION_PRACTICE)
        oldest = min(memberships, key=lambda m: m.practice_id, default=None)
        membership = next((m for m in memberships if m.practice_id == chosen), oldest)
        if membership is None:
            response = TemplateResponse(request, "dashboard/no_practice.html", status=403)
            return response.render()
        request.memberships = memberships  # type: ignore[attr-defined]
        request.membership = membership  # type: ignore[attr-defined]
        bind_contextvars(practice=membership.practice_id)  # until the request's end (treffa/request_ids.py)
        if not getattr(match.func, "any_practice", False):
            shown = request.headers.get(SHOWN_HEADER) or request.POST.get(SHOWN_FIELD)
            if shown != str(membership.practice_id) and (shown or request.method not in _SAFE):
                return _other_practice(request, shown)
        if getattr(match.func, "own_scope", False):
            return self.get_response(request)
        return self._in_scope(request, membership.practice_id)

    def _in_scope(self, request: HttpRequest, practice_id: int) -> HttpResponse:
        with tenancy.scope(practice_id):
            practice = queries.current_practice()
            request.practice = practice  # type: ignore[attr-defined]
            language = practice.language_for(request.user)  # type: ignore[arg-type]
            with timezone.override(practice.time_zone), translation.override(language):
                response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response


def own_scope(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Marks a view that opens its own scopes."""
    view.own_scope = True  # type: ignore[attr-defined]
    return view


def any_practice(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Marks a view that does the same whichever practice its page shows."""
    view.any_practice = True  # type: ignore[attr-defined]
    return view


def _other_practice(request: HttpRequest, shown: str | None) -> HttpResponse:
    """409: nothing was done, and the way back to the practice that the page shows."""
    memberships = request.memberships  # type: ignore[attr-defined]
    before = next((m for m in memberships if str(m.practice_id) == shown), None)
    template = "dashboard/other_practice.html" + ("#what" if request.headers.get("HX-Request") else "")
    context = {"before": before, "membership": request.membership}  # type: ignore[attr-defined]
    with translation.override(request.user.language or translation.get_language()):  # type: ignore[union-attr]
        return TemplateResponse(request, template, context, status=409).render()


def _match(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None
