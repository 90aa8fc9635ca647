"""What a person chooses for themselves: the practice they work for, the language."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from practices import operations
from practices.middleware import SESSION_PRACTICE, any_practice
from treffa.dashboard.staff import StaffRequest


@any_practice
@require_POST
def switch_practice(request: StaffRequest) -> HttpResponse:
    """POST /practice/ — works for another of one's own practices from now on."""
    chosen = request.POST.get("practice", "")
    if chosen not in {str(membership.practice_id) for membership in request.memberships}:
        raise Http404
    request.session[SESSION_PRACTICE] = int(chosen)
    return redirect("dashboard:board")


@any_practice
@require_POST
def choose_language(request: StaffRequest) -> HttpResponse:
    """POST /language/ — the person's language on all pages."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise Http404
    operations.choose_language(user=request.user, language=language)
    return redirect("dashboard:board")
