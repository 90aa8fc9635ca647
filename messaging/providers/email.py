"""E-mail by Django's mail: SMTP by default, or any ESP through an Anymail backend. Mail can't be looked up afterwards."""

import smtplib
import threading
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any

from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core.mail import EmailMultiAlternatives, get_connection

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

DEADLINE_S = 40.0


class EmailProvider:
    """Mail from one address; the display name is the practice's."""

    can_find = False

    def __init__(self, *, from_address: str) -> None:
        self._from = parseaddr(from_address)[1]

    def send(self, outgoing: Outgoing) -> Accepted:
        """Refusals are known for sure; a connection lost before DATA is temporary, after it uncertain."""
        progress = _Progress()
        try:
            return within(DEADLINE_S, lambda: self._send(outgoing, progress))
        except TimeoutError:
            raise progress.lost("deadline") from None

    def find(self, outgoing: Outgoing, *, since: datetime) -> list[Found]:
        raise ProviderError("cannot_find", permanent=True)

    def report(self, *, status: str, code: str) -> Report | None:
        """Anymail's event types."""
        if status == "delivered":
            return Report(fate=Fate.DELIVERED)
        if status in ("bounced", "rejected", "failed"):
            hard = status != "failed"
            return Report(fate=Fate.FAILED, code=code or status, permanent=hard, unusable=status == "bounced")
        return None

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
            raise _by_answer(error, progress) from None
        except AnymailError as error:
            raise _by_anymail(error) from None
        except UnicodeError:
            raise ProviderError("address", permanent=True, unusable=True) from None
        except OSError:
            raise progress.lost("connection") from None
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

    def lost(self, code: str) -> Exception:
        """What a lost conversation means; from here on DATA is not reached any more."""
        with self._lock:
            self._given_up = True
            return UncertainError(code) if self._reached_data else ProviderError(code, permanent=False)

    def _reach_data(self) -> None:
        with self._lock:
            if self._given_up:
                raise OSError("given up")
            self._reached_data = True


def _by_answer(error: smtplib.SMTPException, progress: _Progress) -> Exception:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
        return ProviderError(f"smtp_{code}", permanent=code >= 500, unusable=code in (550, 551, 553))
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ProviderError("smtp_login", permanent=False)
    if isinstance(error, smtplib.SMTPResponseException):
        return ProviderError(f"smtp_{error.smtp_code}", permanent=error.smtp_code >= 500)
    return progress.lost("smtp_lost")


def _by_anymail(error: AnymailError) -> Exception:
    if isinstance(error, AnymailRecipientsRefused):
        return ProviderError("recipient_refused", permanent=True, unusable=True)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, AnymailRequestsAPIError) and status and status < 500:
        return ProviderError(f"http_{status}", permanent=status not in (401, 403, 429))
    return UncertainError("esp")


def _close(connection: Any) -> None:
    """The mail is handed over or refused by now: how the goodbye goes does not matter."""
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        return
