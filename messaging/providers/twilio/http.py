"""Twilio's own client on our terms: another host where one is set (the sandbox), nothing of a message in the log, and our
own words for what went wrong on the way."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from messaging.providers.base import TEMPORARY, NotTaken, Rejected, Uncertain
from messaging.providers.twilio.codes import MEANINGS

LONGEST_WAIT_S = 3600
AT_ONCE = 16


class HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Raises NotTaken: connecting in vain is temporary; once the request was on its way, silence is uncertain."""

    def __init__(self, *, base_url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base_url) if base_url else None
        if self.session is not None:
            self.session.trust_env = False
            # As many connections are kept as calls are made side by side: else some would be opened anew each time.
            for scheme in ("https://", "http://"):
                self.session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self._base is not None:
            url = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise NotTaken(Rejected(code="unreachable", meaning=TEMPORARY)) from None
            raise NotTaken(Uncertain(code="connection_lost")) from None
        except requests.RequestException as error:
            raise NotTaken(Uncertain(code=type(error).__name__)) from None
        if response.status_code == 429:
            after = _retry_after(response.headers or {})
            raise NotTaken(Rejected(code="20429", meaning=MEANINGS["20429"], retry_after=after))
        if response.status_code >= 500:
            raise NotTaken(Uncertain(code=str(response.status_code)))
        return response

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing: a request holds the number and the text."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Nothing, as above."""


def _never_connected(error: requests.ConnectionError) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError | ConnectTimeoutError)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=min(int(value), LONGEST_WAIT_S)) if value.isdigit() else None
