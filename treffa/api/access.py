"""Who calls: the token, what it may, how often, and the practice's scope around each call."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from practices import api_tokens, clock, tenancy
from practices.api_tokens import Caller
from practices.models import ApiToken, Practice, Scope
from treffa import limits
from treffa.api.problems import Problem

T = TypeVar("T")
TIMES, WINDOW_S = 600, 60


class Call(HttpRequest):
    """A request that `in_practice` let through."""

    auth: Caller
    token: ApiToken
    practice: Practice
    now: datetime


class TokenAuth(HttpBearer):
    """Authorization: Bearer treffa_..."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Whose it is; counted, so that one that asks without end is told to wait."""
        caller = api_tokens.find(token)
        if caller is None:
            return None
        now = clock.now()
        if not limits.within(kind="api", who=caller.token_id, times=TIMES, seconds=WINDOW_S, now=now):
            wait = str(limits.retry_after(seconds=WINDOW_S, now=now))
            raise Problem(429, "too_many_calls", headers={"Retry-After": wait})
        return caller


def in_practice(scope: Scope) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Runs a call in the practice of its token, if that may do it: one transaction, gone with any problem."""

    def decorate(view: Callable[..., T]) -> Callable[..., T]:
        @wraps(view)
        def run(request: Call, *args: Any, **kwargs: Any) -> T:
            request.now = clock.now()
            with tenancy.scope(request.auth.practice_id):
                token = api_tokens.enter(request.auth.token_id, now=request.now)
                if token is None:
                    raise Problem(401, "token_revoked")
                if scope not in token.scopes:
                    raise Problem(403, "scope_missing", f"The token lacks the scope {scope.value}.")
                request.token, request.practice = token, Practice.objects.get()
                with timezone.override(request.practice.time_zone):
                    return view(request, *args, **kwargs)

        return run

    return decorate
