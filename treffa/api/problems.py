"""What goes wrong, as RFC 9457 says it: application/problem+json with a code that programs read."""

import json
from typing import Any

from django.http import HttpResponse


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Ends a call; nothing of it is kept. `more` are further members of the answer, `headers` of its head."""

    def __init__(
        self, status: int, code: str, detail: str = "", *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.more = headers or {}, more


TITLES = {
    400: "Bad request",
    401: "No token that holds",
    403: "The token may not do this",
    404: "Not found",
    405: "Method not allowed",
    409: "Not as it stands",
    422: "Not understood",
    429: "Too many calls",
    500: "Error",
}


def answer(problem: Problem) -> HttpResponse:
    """The response of a problem."""
    content = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "code": problem.code,
        **({"detail": problem.detail} if problem.detail else {}),
        **problem.more,
    }
    response = HttpResponse(
        json.dumps(content), status=problem.status, content_type="application/problem+json"
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response
