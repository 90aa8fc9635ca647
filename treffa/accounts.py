"""Sign-in by django-allauth. Nobody signs up alone: accounts are made by operators and by invitation."""

from collections.abc import Mapping

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes sign-up; everything else is allauth's own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def address_signing_in(request: HttpRequest, credentials: Mapping[str, str] | None) -> str | None:
    """Whom a sign-in is for, in lower case, for the count of failed tries: allauth says `email`, the admin `username`."""
    given = credentials or request.POST
    address = given.get("email") or given.get("username") or request.POST.get("login")
    return address.lower() if address else None
