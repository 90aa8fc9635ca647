"""Signed callbacks, sent by threads of their own, and the timetable that says when."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
from twilio.request_validator import RequestValidator

TIMEOUT = 15
TRIES = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CallbackTry:
    """One try to tell the product: what it answered, or 0 and why nothing came back."""

    url: str
    fields: dict[str, str]
    http_status: int
    error: str = ""

    @property
    def worth_another(self) -> bool:
        """The product was not there, or answered 5xx."""
        return self.http_status == 0 or self.http_status >= 500


class Timetable:
    """Calls functions later, each in a worker thread. What was not due when it stops is not called."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._running = True
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sandbox-callback")
        self._thread = threading.Thread(target=self._run, name="sandbox-timetable", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], None], *, after: float) -> None:
        with self._changed:
            if self._running:
                heapq.heappush(self._due, (time.monotonic() + after, next(self._numbers), function))
                self._changed.notify()

    def clear(self) -> None:
        with self._changed:
            self._due.clear()

    def stop(self) -> None:
        with self._changed:
            self._running = False
            self._due.clear()
            self._changed.notify()
        self._thread.join(timeout=5)
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while function := self._next():
            self._workers.submit(_logged, function)

    def _next(self) -> Callable[[], None] | None:
        """Waits for what is due next; None when the timetable stops."""
        with self._changed:
            while self._running:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None


class Caller:
    """Posts forms to the product as Twilio does: form-encoded, with X-Twilio-Signature, without following redirects."""

    def __init__(self, *, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._session = requests.Session()
        self._session.trust_env = False
        self.tries: list[CallbackTry] = []

    def forget(self) -> None:
        """What is on its way now is not written down either."""
        self.tries = []

    def post(self, url: str, fields: dict[str, str]) -> CallbackTry:
        tries = self.tries
        headers = {
            "X-Twilio-Signature": self._validator.compute_signature(url, fields),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": fields.get("MessageSid", "") + fields.get("MessageStatus", ""),
        }
        try:
            answer = self._session.post(
                url, data=fields, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            )
            answer.close()
        except requests.RequestException as error:
            attempt = CallbackTry(url, fields, 0, type(error).__name__)
        else:
            attempt = CallbackTry(url, fields, answer.status_code)
        tries.append(attempt)
        return attempt


def _logged(function: Callable[[], None]) -> None:
    try:
        function()
    except Exception:
        logger.exception("A callback of the sandbox failed.")
