"""Which provider serves a channel, with the operator's credentials from the settings."""

from functools import lru_cache

from django.conf import settings

from messaging.providers.base import Provider
from messaging.providers.email import EmailProvider
from messaging.providers.twilio.sending import TwilioProvider

CHANNELS = ("sms", "email")


def provider(channel: str) -> Provider:
    """The provider of a channel. LookupError for a channel that nobody serves."""
    if channel == "sms":
        return _twilio(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_BASE_URL)
    if channel == "email":
        return EmailProvider(from_address=settings.DEFAULT_FROM_EMAIL)
    raise LookupError(channel)


@lru_cache(maxsize=8)
def _twilio(account_sid: str, auth_token: str, base_url: str) -> TwilioProvider:
    """Kept, for its connections."""
    return TwilioProvider(account_sid=account_sid, auth_token=auth_token, base_url=base_url)
