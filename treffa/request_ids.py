"""An id for every request: in its log lines, in its answer (X-Request-ID) and on the page that says that it failed."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

HEADER = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Takes the proxy's id where it fits (8 to 64 letters, digits, hyphens), else makes one: `request.id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request.id = given if _FIT.fullmatch(given) else uuid.uuid4().hex[:16]  # type: ignore[attr-defined]
        clear_contextvars()  # what the thread's last request left
        bind_contextvars(request=request.id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response[HEADER] = request.id  # type: ignore[attr-defined]
        return response
