"""The page that leads to all settings."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from treffa.dashboard import setup
from treffa.dashboard.staff import StaffRequest, page


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET /settings/ — one page that leads to all."""
    context = {"area": "settings", "setup": setup.load(request.practice)}
    return page(request, "dashboard/settings.html", context)
