"""SMS by Twilio, with its own client. Twilio knows no idempotency key for messages: what is doubtful is looked up by `find`.

Codes: https://www.twilio.com/docs/api/errors.
"""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from messaging.providers.base import (
    Accepted,
    Fate,
    Found,
    Outgoing,
    ProviderError,
    Report,
    UncertainError,
    within,
)

DEADLINE_S = 12.0
READ_TIMEOUT_S = 10.0
VALID_S = 4 * 3600
LISTED = 200
CLOCK_SKEW = timedelta(minutes=2)

# The address itself can't be written to on this channel.
UNUSABLE = frozenset(
    {"21211", "21214", "21217", "21610", "21612", "21614", "30004", "30005", "30006", "30007", "63024"}
)
# Nothing to do with the address, and trying again changes nothing.
PERMANENT = UNUSABLE | {"21408", "21602", "21603", "21604", "21606", "21617", "63016", "63049"}
# Our account: trying again is right once an operator has mended it.
ACCOUNT = frozenset({"20003", "20005", "30002"})
_FATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), Fate.ON_ITS_WAY),
    **dict.fromkeys(("delivered", "read"), Fate.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Fate.FAILED),
}

logger = logging.getLogger(__name__)


class TwilioProvider:
    """Texts over one account. `base_url` replaces Twilio's own address (the sandbox)."""

    can_find = True

    def __init__(self, *, account_sid: str, auth_token: str, base_url: str = "") -> None:
        self._configured = bool(account_sid and auth_token)
        if self._configured:
            http = _HttpClient(base_url=base_url, timeout=READ_TIMEOUT_S)
            self._client = Client(account_sid, auth_token, http_client=http)

    def send(self, outgoing: Outgoing) -> Accepted:
        """One POST. Connecting in vain is temporary; once the request was on its way, silence is uncertain."""
        if not self._configured:
            raise ProviderError("not_configured", permanent=True)
        if not outgoing.sender:
            raise ProviderError("no_sender", permanent=True)
        try:
            return within(DEADLINE_S, lambda: self._create(outgoing))
        except TimeoutError:
            raise UncertainError("deadline") from None

    def find(self, outgoing: Outgoing, *, since: datetime) -> list[Found]:
        """By To, time and the link in the text; punctuation aside, for Twilio may rewrite it."""
        if not self._configured:
            raise ProviderError("not_configured", permanent=False)
        try:
            listed = within(
                DEADLINE_S, lambda: list(self._client.messages.list(to=outgoing.address, limit=LISTED))
            )
        except (TimeoutError, UncertainError, TwilioException):
            raise ProviderError("list_failed", permanent=False) from None
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
        """Twilio's message statuses. A failure without a code is taken as temporary."""
        fate = _FATES.get(status)
        if fate is None:
            return None
        if fate is not Fate.FAILED:
            return Report(fate=fate)
        return Report(fate=fate, code=code, permanent=code in PERMANENT, unusable=code in UNUSABLE)

    def _create(self, outgoing: Outgoing) -> Accepted:
        try:
            message = self._client.messages.create(
                to=outgoing.address,
                from_=outgoing.sender,
                body=outgoing.text,
                status_callback=outgoing.callback_url,
                validity_period=VALID_S,
            )
        except TwilioRestException as error:
            raise _refused(str(error.code or error.status), status=error.status) from None
        except TwilioException:
            raise UncertainError("answer") from None
        return Accepted(provider_id=str(message.sid))


def signature_holds(*, auth_token: str, url: str, fields: Any, signature: str) -> bool:
    """Whether X-Twilio-Signature fits the public address and the posted fields (a QueryDict or dict)."""
    return bool(auth_token and signature) and RequestValidator(auth_token).validate(url, fields, signature)


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Another host where one is set, no logging of numbers and texts, and our own words for what went wrong."""

    def __init__(self, *, base_url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base_url) if base_url else None
        if self.session is not None:
            self.session.trust_env = False

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self._base is not None:
            url = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise ProviderError("unreachable", permanent=False) from None
            raise UncertainError("connection_lost") from None
        except requests.RequestException as error:
            raise UncertainError(type(error).__name__) from None
        if response.status_code == 429:
            after = _retry_after(response.headers or {})
            raise ProviderError("20429", permanent=False, retry_after=after)
        if response.status_code >= 500:
            raise UncertainError(str(response.status_code))
        return response

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing: a request holds the number and the text."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Nothing, as above."""


def _refused(code: str, *, status: int) -> ProviderError:
    if code in ACCOUNT or status in (401, 403):
        logger.error("twilio refuses the account, code=%s", code)
        return ProviderError(code, permanent=False)
    permanent = code in PERMANENT or 400 <= status < 500
    return ProviderError(code, permanent=permanent, unusable=code in UNUSABLE)


def _never_connected(error: requests.ConnectionError) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError | ConnectTimeoutError)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=min(int(value), 3600)) if value.isdigit() else None


def _same(body: str, outgoing: Outgoing) -> bool:
    return outgoing.link in body and _letters(outgoing.text) in _letters(body)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _aware(at: datetime | None) -> datetime:
    """Twilio's own times are in GMT; a message without one is new."""
    return datetime.max.replace(tzinfo=UTC) if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
