"""The JSON API of a practice, /api/v1/. Its document is /api/v1/openapi.json; docs/api.md tells how it is used."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from treffa.api import reading, writing
from treffa.api.access import TokenAuth
from treffa.api.problems import Problem, answer

logger = logging.getLogger(__name__)

api = NinjaAPI(
    title="Treffa",
    version="1",
    description="Which appointments are ready, what is missing, and what came by another way.",
    urls_namespace="api",
    docs_url=None,  # its page loads scripts from elsewhere
    auth=TokenAuth(),
)
api.add_router("", reading.router)
api.add_router("", writing.router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return answer(problem)


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    headers = {"WWW-Authenticate": "Bearer"}
    return answer(Problem(401, "no_token", "Authorization: Bearer treffa_…", headers=headers))


@api.exception_handler(ValidationError)
def _not_understood(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Where and why, never what was sent: it may be about a patient."""
    errors = [{"field": ".".join(map(str, one["loc"][1:])), "code": one["type"]} for one in error.errors]
    return answer(Problem(422, "invalid", errors=errors))


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answer(Problem(error.status_code, "refused"))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(Problem(404, "not_found"))


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.exception("api call failed")
    return answer(Problem(500, "error"))
