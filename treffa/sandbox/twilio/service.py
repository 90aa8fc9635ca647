"""The endpoints that the `twilio` package calls for messages, with what Twilio does afterwards."""

from __future__ import annotations

import base64
import hmac
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from practices import clock
from treffa.sandbox.faults import Fault, Switchboard
from treffa.sandbox.store import Store
from treffa.sandbox.twilio import outcomes
from treffa.sandbox.twilio.callbacks import TRIES, CallbackTry, Caller, Timetable
from treffa.sandbox.twilio.messages import (
    API_VERSION,
    TextMessage,
    as_document,
    as_twilio,
    callback_fields,
    from_document,
    new_sid,
    render_content,
    variables_from,
)
from treffa.sandbox.twilio.outcomes import Refusal, refusal
from treffa.sandbox.web import HangUpError, Request, Response, Router, json_response

MESSAGES = "text"
SESSION = timedelta(hours=24)
STOP_WORDS = frozenset({"stop", "stopp", "stopall", "unsubscribe", "cancel", "end", "quit", "abmelden"})
START_WORDS = frozenset({"start", "unstop", "yes"})


class Twilio:
    def __init__(self, *, store: Store, account_sid: str, auth_token: str, callback_delay: float) -> None:
        self.account_sid, self.auth_token, self.callback_delay = account_sid, auth_token, callback_delay
        self.faults = Switchboard(kinds=outcomes.FAULTS)
        self.contents: dict[str, str] = {}
        """Texts of WhatsApp templates by ContentSid; without one the variables stand one after the other."""
        self._store = store
        self._lock = threading.RLock()
        self._caller = Caller(auth_token=auth_token)
        self._timetable = Timetable()
        self._unsubscribed: set[tuple[str, str]] = set()
        self._messages = {message.sid: message for message in map(from_document, store.all(MESSAGES))}
        for message in self._messages.values():
            self._go_on(message)

    # What tests and pages ask

    def messages(self) -> list[TextMessage]:
        """Everything that was accepted or came in, oldest first."""
        with self._lock:
            return list(self._messages.values())

    def callbacks(self) -> list[CallbackTry]:
        return list(self._caller.tries)

    def receive(self, *, sender: str, to: str, body: str, webhook: str) -> int:
        """A patient writes to a sender: kept, and posted to the webhook. STOP and START do what they do at Twilio.

        Returns the HTTP status of the product's answer, 0 if there was none."""
        message = self._new(to=to, sender=sender, body=body)
        message.direction, message.status, message.sent = "inbound", "received", message.created
        word = body.strip().lower()
        with self._lock:
            if word in STOP_WORDS:
                self._unsubscribed.add((to, sender))
            elif word in START_WORDS:
                self._unsubscribed.discard((to, sender))
            self._keep(message)
        fields = callback_fields(message, status="received") | {
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
        }
        return self._caller.post(webhook, fields).http_status

    def reset(self) -> None:
        with self._lock:
            self._timetable.clear()
            self._messages.clear()
            self._unsubscribed.clear()
            self._caller.forget()
            self.contents.clear()
            self.faults.clear()
            self._store.clear(MESSAGES)

    def stop(self) -> None:
        self.faults.stopping.set()
        self._timetable.stop()

    # Over HTTP

    def add_routes(self, router: Router) -> None:
        collection = f"/{API_VERSION}/Accounts/{{account}}/Messages.json"
        router.add("POST", collection, self.send)
        router.add("GET", collection, self.search)
        router.add("GET", f"/{API_VERSION}/Accounts/{{account}}/Messages/{{sid}}.json", self.fetch)

    def send(self, request: Request, account: str) -> Response:
        form = request.form()
        to, sender = form.get("To", ""), form.get("From") or form.get("MessagingServiceSid", "")
        fault = self._request_fault(to, on_list=False)
        refused = self._refused(request, account, fault)
        refused = refused or outcomes.judge(form, unsubscribed=(sender, to) in self._unsubscribed)
        if refused is not None:
            return _error(refused, after=fault.text("retry_after") if fault is not None else "")
        if fault is not None and not fault.details.get("stored", True):
            return self._answer(fault, None)
        try:
            variables = variables_from(form.get("ContentVariables", ""))
        except ValueError:
            return _error(refusal(code=21656))
        message = self._accept(form, to=to, sender=sender, variables=variables)
        answer = as_twilio(message)
        self._go_on(message, at_once=fault is not None and fault.kind == "callback_first")
        return self._answer(fault, answer)

    def search(self, request: Request, account: str) -> Response:
        """Newest first, filtered by To, From, DateSent, DateSent<, DateSent>, in pages as Twilio has them."""
        fault = self._request_fault(request.parameter("To"), on_list=True)
        refused = self._refused(request, account, fault)
        if refused is not None:
            return _error(refused)
        found = [message for message in reversed(self.messages()) if _matches(message, request)]
        return self._answer(fault, self._page(request, found), status=200)

    def fetch(self, request: Request, account: str, sid: str) -> Response:
        refused = self._refused(request, account, None)
        message = self._messages.get(sid)
        if refused is None and message is None:
            refused = refusal(status=404, code=20404)
        if refused is not None or message is None:
            return _error(refused or refusal(status=404, code=20404))
        return json_response(as_twilio(message))

    # Inside: the request

    def _request_fault(self, to: str, *, on_list: bool) -> Fault | None:
        """Faults hit sending, unless they name `at`: "list"."""
        at = "list" if on_list else "send"
        return self.faults.take(
            to, kinds=outcomes.BEFORE_ANSWER, fits=lambda fault: fault.text("at", "send") in (at, "both")
        )

    def _refused(self, request: Request, account: str, fault: Fault | None) -> Refusal | None:
        if not self._authenticated(request, account):
            return refusal(status=401, code=20003)
        if fault is None or fault.kind != "reject":
            return None
        status = fault.whole("status", 400)
        defaults = {400: 21211, 429: 20429}
        return refusal(status=status, code=fault.whole("code", defaults.get(status, 20500)))

    def _authenticated(self, request: Request, account: str) -> bool:
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        given = request.headers.get("Authorization", "")
        return account == self.account_sid and hmac.compare_digest(
            given.encode(), f"Basic {expected}".encode()
        )

    def _answer(self, fault: Fault | None, data: dict[str, Any] | None, *, status: int = 201) -> Response:
        if fault is not None and fault.kind == "hang":
            self.faults.wait(fault.number("seconds", 60))
            raise HangUpError
        if data is None or (fault is not None and fault.kind == "reset"):
            raise HangUpError
        if fault is not None and fault.kind == "slow":
            self.faults.wait(fault.number("seconds", 5))
        return json_response(data, status=status)

    def _page(self, request: Request, found: list[TextMessage]) -> dict[str, Any]:
        size = max(1, min(1000, int(request.parameter("PageSize", "50"))))
        number = int(request.parameter("Page", "0"))
        shown = found[number * size : (number + 1) * size]
        filters = {name: values[0] for name, values in request.query.items() if not name.startswith("Page")}

        def uri(page: int) -> str:
            return f"{request.path}?{urlencode({**filters, 'PageSize': size, 'Page': page})}"

        return {
            "end": number * size + max(len(shown) - 1, 0),
            "first_page_uri": uri(0),
            "messages": [as_twilio(message) for message in shown],
            "next_page_uri": uri(number + 1) if (number + 1) * size < len(found) else None,
            "page": number,
            "page_size": size,
            "previous_page_uri": uri(number - 1) if number else None,
            "start": number * size,
            "uri": uri(number),
        }

    # Inside: the message

    def _new(self, *, to: str, sender: str, body: str) -> TextMessage:
        return TextMessage(
            sid=new_sid("SM"),
            account_sid=self.account_sid,
            to=to,
            sender=sender,
            body=body,
            created=clock.now(),
        )

    def _accept(
        self, form: dict[str, str], *, to: str, sender: str, variables: dict[str, str]
    ) -> TextMessage:
        content = form.get("ContentSid", "")
        template = self.contents.get(content, " ".join(f"{{{{{name}}}}}" for name in variables))
        message = self._new(
            to=to, sender=sender, body=form.get("Body") or render_content(template, variables)
        )
        message.content_sid, message.content_variables = content, variables
        message.messaging_service_sid = form.get("MessagingServiceSid", "")
        message.status_callback = form.get("StatusCallback", "")
        fault = self.faults.take(to, kinds=outcomes.AFTERWARDS)
        outcome = outcomes.outcome(
            to=to, free_form=not content, session_open=self._session_open(to, sender), fault=fault
        )
        message.plan, message.error_code = ["queued", *outcome.statuses], outcome.error_code
        message.copies = outcome.copies if outcome.callbacks else 0
        with self._lock:
            self._keep(message)
        return message

    def _session_open(self, to: str, sender: str) -> bool:
        since = clock.now() - SESSION
        return any(
            message.direction == "inbound"
            and (message.sender, message.to) == (to, sender)
            and message.created > since
            for message in self.messages()
        )

    def _keep(self, message: TextMessage) -> None:
        self._messages[message.sid] = message
        self._store.put(kind=MESSAGES, id=message.sid, data=as_document(message))

    # Inside: what comes afterwards

    def _go_on(self, message: TextMessage, *, at_once: bool = False) -> None:
        """Take the next step of the message's plan, after a while; `at_once`: all of them now."""
        if message.sid not in self._messages:
            return
        if at_once:
            while message.plan:
                self._tell(message, self._step(message), left=1)
        elif message.plan:
            self._timetable.call(partial(self._advance, message), after=self.callback_delay)

    def _advance(self, message: TextMessage) -> None:
        self._try_to_tell(message, self._step(message), left=TRIES)

    def _step(self, message: TextMessage) -> str:
        with self._lock:
            status = message.plan.pop(0)
            message.status, message.updated = status, clock.now()
            if status == "sent" or (message.sent is None and status in ("delivered", "undelivered")):
                message.sent = message.updated
            if message.sid in self._messages:
                self._keep(message)
        return status

    def _try_to_tell(self, message: TextMessage, status: str, *, left: int) -> None:
        """Tries again, ever later, before the next step: callbacks of a message come in order."""
        if self._tell(message, status, left=left):
            self._go_on(message)
            return
        pause = self.callback_delay * 2 ** (TRIES - left)
        self._timetable.call(partial(self._try_to_tell, message, status, left=left - 1), after=pause)

    def _tell(self, message: TextMessage, status: str, *, left: int) -> bool:
        """False if it is worth another try, and there is one left."""
        told = True
        if message.status_callback:
            fields = callback_fields(message, status=status)
            for _ in range(message.copies):
                attempt = self._caller.post(message.status_callback, fields)
                told = told and not attempt.worth_another
        return told or left <= 1


def _error(refused: Refusal, *, after: str = "") -> Response:
    return json_response(
        {
            "code": refused.code,
            "message": refused.message,
            "more_info": f"https://www.twilio.com/docs/errors/{refused.code}",
            "status": refused.status,
        },
        status=refused.status,
        headers={"Retry-After": after} if after else None,
    )


def _matches(message: TextMessage, request: Request) -> bool:
    query = request.query
    if "To" in query and message.to != query["To"][0]:
        return False
    if "From" in query and message.sender != query["From"][0]:
        return False
    sent = message.sent or message.created
    if "DateSent" in query and sent.astimezone(UTC).date() != _moment(query["DateSent"][0]).date():
        return False
    if "DateSent>" in query and sent < _moment(query["DateSent>"][0]):
        return False
    return "DateSent<" not in query or sent <= _moment(query["DateSent<"][0])


def _moment(text: str) -> datetime:
    """A date or a time as the package writes them, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=UTC)
