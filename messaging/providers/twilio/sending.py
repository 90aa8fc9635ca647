"""Texts over one account. Twilio knows no idempotency key for messages: what is doubtful is looked up by `find`."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from messaging.providers.base import (
    ACCOUNT,
    Accepted,
    BooksClosedError,
    Capabilities,
    Fate,
    Found,
    NotTaken,
    Outgoing,
    Rejected,
    Report,
    Result,
    Uncertain,
    answered,
    within,
)
from messaging.providers.twilio.codes import OURS, meaning_of_failure, meaning_of_refusal
from messaging.providers.twilio.http import AT_ONCE, HttpClient

DEADLINE_S = 12.0
READ_TIMEOUT_S = 10.0
VALID_S = 4 * 3600
LISTED = 200
CLOCK_SKEW = timedelta(minutes=2)

_FATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), Fate.ON_ITS_WAY),
    **dict.fromkeys(("delivered", "read"), Fate.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Fate.FAILED),
}


WHATSAPP = "whatsapp:"


class TwilioProvider:
    """SMS, or WhatsApp by approved templates. `base_url` replaces Twilio's own address (the sandbox)."""

    capabilities = Capabilities(reports=True, can_find=True, at_once=AT_ONCE)

    def __init__(
        self, *, account_sid: str, auth_token: str, base_url: str = "", whatsapp: bool = False
    ) -> None:
        self._prefix = WHATSAPP if whatsapp else ""
        self._configured = bool(account_sid and auth_token)
        if self._configured:
            http = HttpClient(base_url=base_url, timeout=READ_TIMEOUT_S)
            self._client = Client(account_sid, auth_token, http_client=http)

    def send(self, outgoing: Outgoing) -> Result:
        """One POST."""
        if not self._configured:
            return Rejected(code="not_configured", meaning=ACCOUNT)
        if not outgoing.sender:
            return Rejected(code="no_sender", meaning=OURS)
        if self._prefix and not outgoing.content_sid:
            return Rejected(code="no_template", meaning=OURS)
        return answered(DEADLINE_S, lambda: self._create(outgoing), late=lambda: Uncertain(code="deadline"))

    def find(self, outgoing: Outgoing, *, since: datetime) -> list[Found]:
        """By To, time and the link in the text; punctuation aside, for Twilio may rewrite it."""
        if not self._configured:
            raise BooksClosedError
        try:
            listed = within(
                DEADLINE_S,
                lambda: list(self._client.messages.list(to=self._prefix + outgoing.address, limit=LISTED)),
            )
        except (TimeoutError, NotTaken, TwilioException):
            raise BooksClosedError from None
        return [
            Found(
                provider_id=str(message.sid),
                report=self.report(status=str(message.status or ""), code=str(message.error_code or ""))
                or Report(fate=Fate.ON_ITS_WAY),
            )
            for message in listed
            if _aware(message.date_created) >= since - CLOCK_SKEW and _same(message.body or "", outgoing)
        ]

    def report(self, *, status: str, code: str) -> Report | None:
        """Twilio's message statuses."""
        fate = _FATES.get(status)
        if fate is None:
            return None
        return (
            Report(fate=fate, code=code, meaning=meaning_of_failure(code))
            if fate is Fate.FAILED
            else Report(fate=fate)
        )

    def _create(self, outgoing: Outgoing) -> Accepted:
        try:
            message = self._client.messages.create(
                to=self._prefix + outgoing.address,
                from_=self._prefix + outgoing.sender,
                **_content(outgoing),
                status_callback=outgoing.callback_url,
                validity_period=VALID_S,
            )
        except TwilioRestException as error:
            code = str(error.code or error.status)
            meaning = meaning_of_refusal(code, status=error.status)
            raise NotTaken(Rejected(code=code, meaning=meaning)) from None
        except TwilioException:
            raise NotTaken(Uncertain(code="answer")) from None
        return Accepted(provider_id=str(message.sid))


def _content(outgoing: Outgoing) -> dict[str, str]:
    if not outgoing.content_sid:
        return {"body": outgoing.text}
    variables = json.dumps(outgoing.content_variables, ensure_ascii=False)
    return {"content_sid": outgoing.content_sid, "content_variables": variables}


def signature_holds(*, auth_token: str, url: str, fields: Any, signature: str) -> bool:
    """Whether X-Twilio-Signature fits the public address and the posted fields (a QueryDict or dict)."""
    return bool(auth_token and signature) and RequestValidator(auth_token).validate(url, fields, signature)


def _same(body: str, outgoing: Outgoing) -> bool:
    return outgoing.link in body and _letters(outgoing.text) in _letters(body)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _aware(at: datetime | None) -> datetime:
    """Twilio's own times are in GMT; a message without one is new."""
    return datetime.max.replace(tzinfo=UTC) if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
