"""Error pages: what happened in plain words, never data."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """What failed is ours: the id by which the operator finds it in the logs."""
    return render(request, "500.html", {"request_id": getattr(request, "id", "")}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old or came from elsewhere."""
    return render(request, "403_csrf.html", status=403)
