"""The provider account of a practice: its own, sealed with its key, or the operator's. Needs the scope for a practice's."""

import json

from django.conf import settings

from messaging.providers.base import Account
from practices import vault
from practices.models import Practice

_CONTEXT = "twilio-account"


def account_of(practice: Practice) -> Account:
    """The account over which a practice's texts go."""
    if practice.sealed_twilio is None:
        return operators()
    content = vault.unseal(key=practice.key(), sealed=bytes(practice.sealed_twilio), context=_CONTEXT)
    given = json.loads(content)
    return Account(sid=given["sid"], token=given["token"])


def operators() -> Account:
    """The operator's own account."""
    return Account(sid=settings.TWILIO_ACCOUNT_SID, token=settings.TWILIO_AUTH_TOKEN)


def seal(practice: Practice, account: Account | None) -> bytes | None:
    """What is stored of an account of the practice's own; None: the operator's."""
    if account is None:
        return None
    content = json.dumps({"sid": account.sid, "token": account.token}).encode()
    return vault.seal(key=practice.key(), plaintext=content, context=_CONTEXT)
