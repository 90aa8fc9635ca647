"""Tokens of links and of programs: what is stored is only their hash."""

import base64
import hashlib
import hmac

from django.conf import settings


def token_of(text: str) -> str:
    """The token of what `text` names: 43 characters, safe in an address, recomputed whenever it is needed."""
    digest = hmac.digest(settings.LINK_KEY.encode(), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def hash_of(token: str) -> str:
    """What is kept of a token, and what it is found by."""
    return hashlib.sha256(token.encode()).hexdigest()
