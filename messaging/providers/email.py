"""E-mail by Django's mail: SMTP by default, or any ESP through an Anymail backend. Mail can't be looked up afterwards."""

import smtplib
import threading
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any

from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core.mail import EmailMultiAlternatives, get_connection

from messaging.providers.base import (
    ACCOUNT,
    PERMANENT,
    TEMPORARY,
    Accepted,
    BooksClosedError,
    Capabilities,
    Cause,
    Fate,
    Found,
    Meaning,
    NotTaken,
    Outgoing,
    Rejected,
    Report,
    Result,
    Uncertain,
    answered,
)

DEADLINE_S = 40.0
_UNUSABLE = Meaning(cause=Cause.PERMANENT, unusable=True)
_UNWANTED = Meaning(cause=Cause.PERMANENT, unusable=True, opted_out=True)
_RATE = Meaning(cause=Cause.RATE)


class EmailProvider:
    """Mail from one address; the display name is the practice's."""

    def __init__(self, *, from_address: str, reports: bool = False) -> None:
        self._from = parseaddr(from_address)[1]
        self.capabilities = Capabilities(reports=reports, can_find=False, at_once=4)

    def send(self, outgoing: Outgoing) -> Result:
        """Refusals are known for sure; a connection lost before DATA is temporary, after it uncertain."""
        progress = _Progress()
        return answered(
            DEADLINE_S, lambda: self._send(outgoing, progress), late=lambda: progress.lost("deadline")
        )

    def find(self, outgoing: Outgoing, *, since: datetime) -> list[Found]:
        raise BooksClosedError

    def report(self, *, status: str, code: str) -> Report | None:
        """Anymail's event types."""
        if status == "delivered":
            return Report(fate=Fate.DELIVERED)
        meaning = _EVENTS.get(status)
        return Report(fate=Fate.FAILED, code=code or status, meaning=meaning) if meaning else None

    def message(self, outgoing: Outgoing) -> EmailMultiAlternatives:
        """The mail: plain text, with a small page beside it. Its Message-ID holds the attempt's id."""
        domain = self._from.rpartition("@")[2]
        mail = EmailMultiAlternatives(
            subject=" ".join(outgoing.subject.split()),
            body=outgoing.text,
            from_email=formataddr((" ".join(outgoing.sender.split()), self._from)),
            to=[outgoing.address],
            headers={
                "Message-ID": f"<{outgoing.reference}@{domain}>",
                "Auto-Submitted": "auto-generated",
                "Content-Language": outgoing.language,
            },
        )
        if outgoing.opt_out_url:
            # RFC 8058: the reader's mail programme ends it with one POST.
            mail.extra_headers["List-Unsubscribe"] = f"<{outgoing.opt_out_url}>"
            mail.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.metadata = {"attempt": outgoing.reference}  # type: ignore[attr-defined]  # Anymail's
        if outgoing.html:
            mail.attach_alternative(outgoing.html, "text/html")
        return mail

    def _send(self, outgoing: Outgoing, progress: "_Progress") -> Accepted:
        connection = get_connection()
        mail = self.message(outgoing)
        try:
            connection.open()
            progress.watch(connection)
            connection.send_messages([mail])
        except smtplib.SMTPException as error:
            raise NotTaken(_by_answer(error, progress)) from None
        except AnymailError as error:
            raise NotTaken(_by_anymail(error)) from None
        except UnicodeError:
            raise NotTaken(Rejected(code="address", meaning=_UNUSABLE)) from None
        except OSError:
            raise NotTaken(progress.lost("connection")) from None
        finally:
            _close(connection)
        status = getattr(mail, "anymail_status", None)
        return Accepted(provider_id=str(getattr(status, "message_id", "") or outgoing.reference))


class _Progress:
    """How far the conversation came: up to DATA nothing has been handed over, and once given up on nothing will be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reached_data = False
        self._given_up = False

    def watch(self, connection: Any) -> None:
        """Notes when the mail itself is handed over."""
        smtp = getattr(connection, "connection", None)
        if not isinstance(smtp, smtplib.SMTP):
            self._reach_data()  # an HTTP backend: one request is all there is
            return
        hand_over = smtp.data

        def data(message: Any) -> tuple[int, bytes]:
            self._reach_data()
            return hand_over(message)

        smtp.data = data  # type: ignore[method-assign,assignment]

    def lost(self, code: str) -> Rejected | Uncertain:
        """What a lost conversation means; from here on DATA is not reached any more."""
        with self._lock:
            self._given_up = True
            return Uncertain(code=code) if self._reached_data else Rejected(code=code, meaning=TEMPORARY)

    def _reach_data(self) -> None:
        with self._lock:
            if self._given_up:
                raise OSError("given up")
            self._reached_data = True


# Anymail's event types that say a mail did not arrive. "rejected": the ESP did not even try, as the address bounced before.
_EVENTS = {
    "bounced": _UNUSABLE,
    "rejected": PERMANENT,
    "failed": TEMPORARY,
    "complained": _UNWANTED,
    "unsubscribed": _UNWANTED,
}


def _by_answer(error: smtplib.SMTPException, progress: _Progress) -> Rejected | Uncertain:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
        meaning = _UNUSABLE if code in (550, 551, 553) else PERMANENT if code >= 500 else TEMPORARY
        return Rejected(code=f"smtp_{code}", meaning=meaning)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Rejected(code="smtp_login", meaning=ACCOUNT)
    if isinstance(error, smtplib.SMTPResponseException):
        meaning = PERMANENT if error.smtp_code >= 500 else TEMPORARY
        return Rejected(code=f"smtp_{error.smtp_code}", meaning=meaning)
    return progress.lost("smtp_lost")


def _by_anymail(error: AnymailError) -> Rejected | Uncertain:
    if isinstance(error, AnymailRecipientsRefused):
        return Rejected(code="recipient_refused", meaning=_UNUSABLE)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if not isinstance(error, AnymailRequestsAPIError) or not status or status >= 500:
        return Uncertain(code="esp")
    meaning = {401: ACCOUNT, 403: ACCOUNT, 429: _RATE}.get(status, PERMANENT)
    return Rejected(code=f"http_{status}", meaning=meaning)


def _close(connection: Any) -> None:
    """The mail is handed over or refused by now: how the goodbye goes does not matter."""
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        return
