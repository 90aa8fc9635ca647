"""What every staff page has: the person, the practice, the frame around the page, and who may act."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.middleware import HtmxDetails

from escalation.models import Task, TaskState
from practices import clock, record
from practices.models import Practice, User
from practices.queries import MembershipRow
from prerequisites import to_review


class StaffRequest(HttpRequest):
    """A request that PracticeScopeMiddleware let through. `practice` is not set for views marked `own_scope`."""

    user: User
    practice: Practice
    membership: MembershipRow
    memberships: list[MembershipRow]
    htmx: HtmxDetails


View = Callable[..., HttpResponse]


def page(
    request: StaffRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """A staff page with its frame; `template` may name a partial (`board.html#list`), which gets no frame."""
    frame: dict[str, Any] = {
        "frame": "dashboard/base.html",
        "practice": request.practice,
        "membership": request.membership,
    }
    if "#" not in template:
        frame |= {
            "memberships": request.memberships,
            "open_reviews": to_review.count(now=clock.now()),
            "open_tasks": Task.objects.filter(state=TaskState.OPEN).count(),
            "sandbox_url": settings.SANDBOX_URL,
            "languages": settings.LANGUAGES,
        }
    return TemplateResponse(request, template, frame | context, status=status)


def may_work(view: View) -> View:
    """Keeps viewers from acts: 403."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.membership.may_work:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def may_manage(view: View) -> View:
    """Keeps all but managers from setting the practice up: 403."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.membership.may_manage:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def may_see_reports(view: View) -> View:
    """Keeps the reception from the reports: 403."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.membership.may_see_reports:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def may_adopt(view: View) -> View:
    """Keeps all but managers and physicians from the plans: 403."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.membership.may_adopt:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def freshly(view: View) -> View:
    """Asks for the password again where that was minutes ago, then leads back to the page (never to the act itself: it would
    be done outside of its practice's scope)."""

    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not did_recently_reauthenticate(request):
            query = urlencode({REDIRECT_FIELD_NAME: request.path})
            return redirect(f"{reverse('account_reauthenticate')}?{query}")
        return view(request, *args, **kwargs)

    return guarded


def actor(request: StaffRequest) -> record.Actor:
    """The person as the record names them."""
    return record.staff(request.user.pk)
