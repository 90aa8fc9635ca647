"""Signatures of webhooks as Standard Webhooks has them: base64(HMAC-SHA256(secret, "id.timestamp.body")). Pure.

The secret is shown as "whsec_" and base64 of 32 random bytes. Who receives checks the signature over the very bytes of the
body, and that the timestamp is a few minutes old at most.
"""

import base64
import hmac
import secrets

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A fresh secret, as it is shown."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers(*, secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a delivery."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
