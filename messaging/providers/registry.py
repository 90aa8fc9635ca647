"""Which provider serves a channel, over which account."""

from functools import lru_cache

from django.conf import settings

from messaging.providers.base import Account, Capabilities, Provider, Report
from messaging.providers.email import EmailProvider
from messaging.providers.twilio.sending import TwilioProvider

CHANNELS = ("sms", "whatsapp", "email")
_NOBODY = Account(sid="", token="")


def provider(channel: str, account: Account = _NOBODY) -> Provider:
    """The provider of a channel. LookupError for a channel that nobody serves."""
    if channel in ("sms", "whatsapp"):
        return _twilio(account.sid, account.token, settings.TWILIO_BASE_URL, whatsapp=channel == "whatsapp")
    if channel == "email":
        # Plain SMTP never says what became of a mail; the services behind Anymail do.
        reports = settings.EMAIL_BACKEND.startswith("anymail.")
        return EmailProvider(from_address=settings.DEFAULT_FROM_EMAIL, reports=reports)
    raise LookupError(channel)


def capabilities(channel: str) -> Capabilities:
    """What the provider of a channel can do; nothing for a channel that nobody serves."""
    if channel not in CHANNELS:
        return Capabilities(reports=False, can_find=False)
    return provider(channel).capabilities


def report(channel: str, *, status: str, code: str) -> Report | None:
    """What a status means that the provider of a channel tells."""
    return provider(channel).report(status=status, code=code)


@lru_cache(maxsize=64)
def _twilio(account_sid: str, auth_token: str, base_url: str, *, whatsapp: bool) -> TwilioProvider:
    """Kept, for its connections."""
    return TwilioProvider(
        account_sid=account_sid, auth_token=auth_token, base_url=base_url, whatsapp=whatsapp
    )
