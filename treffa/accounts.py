"""Sign-in by django-allauth. Nobody signs up alone: accounts are made by operators and by invitation."""

import logging
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation

from practices import queries, tenancy
from practices.models import User

logger = logging.getLogger(__name__)


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes sign-up, and lets mail leave on commit; everything else is allauth's own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """In the language of the pages behind the sign-in, where the message is shown: not the browser's."""
        with translation.override(_language_of(request.user) or translation.get_language()):
            super().add_message(request, *args, **kwargs)

    def render_mail(self, *args: Any, **kwargs: Any) -> "MailOnCommit":
        """allauth calls `send` on what this returns."""
        return MailOnCommit(super().render_mail(*args, **kwargs))


def _language_of(user: User | AnonymousUser) -> str:
    """What a person has chosen, else their (first) practice's. Empty if there is neither."""
    if isinstance(user, AnonymousUser):
        return ""
    first = min((one.practice_id for one in queries.memberships_of(user.pk)), default=None)
    if user.language or first is None:
        return user.language
    with tenancy.scope(first):
        return queries.current_practice().language


class MailOnCommit:
    """A mail that leaves once the transaction holds. The page says the same whether or not the server takes it."""

    def __init__(self, mail: EmailMessage) -> None:
        self._mail = mail

    def send(self) -> None:
        transaction.on_commit(self._deliver)

    def _deliver(self) -> None:
        try:
            self._mail.send()
        except (
            OSError
        ) as error:  # smtplib's errors included; they name the address, so only their kind is logged
            logger.error("a mail about an account did not leave: %s", type(error).__name__)


def client_address(request: HttpRequest) -> str | None:
    """Where a request comes from: what the trusted proxies in front (TRUSTED_PROXY_COUNT) say, else the connection.
    None for one that came by no connection."""
    return str(get_adapter().get_client_ip(request)) if request.META.get("REMOTE_ADDR") else None


def address_signing_in(request: HttpRequest, credentials: Mapping[str, str] | None) -> str | None:
    """Whom a sign-in is for, in lower case, for the count of failed tries: allauth says `email`, the admin `username`."""
    given = credentials or request.POST
    address = given.get("email") or given.get("username") or request.POST.get("login")
    return address.lower() if address else None
