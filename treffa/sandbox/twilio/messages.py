"""A message as Twilio keeps and shows it."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

API_VERSION = "2010-04-01"
WHATSAPP = "whatsapp:"
FAILURES = ("failed", "undelivered")
# The characters of GSM 03.38; one that is not among them makes segments of 70 in place of 160.
GSM = frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€")  # fmt: skip


@dataclass
class TextMessage:
    sid: str
    account_sid: str
    to: str
    sender: str
    body: str
    created: datetime
    status: str = "queued"
    direction: str = "outbound-api"
    sent: datetime | None = None
    updated: datetime | None = None
    error_code: int | None = None
    status_callback: str = ""
    content_sid: str = ""
    content_variables: dict[str, str] = field(default_factory=dict)
    messaging_service_sid: str = ""
    plan: list[str] = field(default_factory=list)
    """The statuses that are still to come."""
    copies: int = 1
    """How often each callback is sent."""

    @property
    def channel(self) -> str:
        return "whatsapp" if self.to.startswith(WHATSAPP) or self.sender.startswith(WHATSAPP) else "sms"

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}.json"


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def render_content(template: str, variables: dict[str, str]) -> str:
    """ "Guten Tag {{1}}" with {"1": "Otto"} -> "Guten Tag Otto"; what is not given stays."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: variables.get(match[1], match[0]), template)


def as_twilio(message: TextMessage) -> dict[str, Any]:
    """The JSON body of the message resource: snake_case, RFC 2822 dates, numbers as strings where Twilio has strings."""
    resource = message.uri.removesuffix(".json")
    error_code = message.error_code if message.status in FAILURES else None
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _date(message.created),
        "date_sent": _date(message.sent),
        "date_updated": _date(message.updated or message.created),
        "direction": message.direction,
        "error_code": error_code,
        "error_message": None if error_code is None else f"Error {error_code}",
        "from": message.sender,
        "messaging_service_sid": message.messaging_service_sid or None,
        "num_media": "0",
        "num_segments": str(_segments(message.body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{resource}/Media.json"},
        "to": message.to,
        "uri": message.uri,
    }


def callback_fields(message: TextMessage, *, status: str) -> dict[str, str]:
    """The form fields of a status callback."""
    fields = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
    }
    if message.messaging_service_sid:
        fields["MessagingServiceSid"] = message.messaging_service_sid
    if message.channel == "whatsapp":
        fields["ChannelPrefix"] = "whatsapp"
        fields["ChannelToAddress"] = message.to.removeprefix(WHATSAPP)
    if message.error_code is not None and status in FAILURES:
        fields["ErrorCode"] = str(message.error_code)
    return fields


def as_document(message: TextMessage) -> dict[str, Any]:
    moments = {
        name: None if (value := getattr(message, name)) is None else value.isoformat() for name in _MOMENTS
    }
    return {**vars(message), **moments}


def from_document(document: dict[str, Any]) -> TextMessage:
    moments = {name: datetime.fromisoformat(document[name]) for name in _MOMENTS if document[name]}
    return TextMessage(**{**document, **moments})


def variables_from(text: str) -> dict[str, str]:
    """ContentVariables as the API takes them. ValueError unless it is a JSON object of texts."""
    variables = json.loads(text or "{}")
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise ValueError("ContentVariables is not an object of texts.")
    return variables


_MOMENTS = ("created", "sent", "updated")


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment.astimezone(UTC))


def _segments(body: str) -> int:
    single, joined = (160, 153) if GSM.issuperset(body) else (70, 67)
    return 1 if len(body) <= single else -(-len(body) // joined)
