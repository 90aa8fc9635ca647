"""A mail server that keeps what it gets, and can refuse, put off and hang."""

from __future__ import annotations

import asyncio
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from practices import clock
from treffa.sandbox.faults import Switchboard
from treffa.sandbox.links import links_in
from treffa.sandbox.store import Store

MAILS = "mail"
FAULTS = ("refuse", "temporary", "hang", "disconnect")
"""refuse: 550 to the recipient. temporary: 451. hang: no answer to DATA for `seconds`, the mail is kept.
disconnect: the connection ends in place of the answer to DATA, the mail is kept."""


@dataclass(frozen=True)
class Mail:
    id: str
    at: datetime
    sender: str
    to: str
    """The recipient of the envelope; a mail to two people is kept twice."""
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    recipients: list[str]
    """As the header To has them."""

    @property
    def links(self) -> list[str]:
        return links_in(text=self.text, html=self.html)


class MailServer:
    """Listens from the moment it is made until `stop`."""

    def __init__(self, *, store: Store, host: str, port: int) -> None:
        self.faults = Switchboard(kinds=FAULTS)
        self._store = store
        self._lock = threading.Lock()
        self._mails = [_from_document(document) for document in store.all(MAILS)]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-smtp", daemon=True)
        self._thread.start()
        try:
            self._server = asyncio.run_coroutine_threadsafe(self._listen(host, port), self._loop).result(
                timeout=10
            )
        except OSError:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise
        self.address: tuple[str, int] = self._server.sockets[0].getsockname()[:2]

    def mails(self) -> list[Mail]:
        """Oldest first."""
        with self._lock:
            return list(self._mails)

    def reset(self) -> None:
        self.faults.clear()
        with self._lock:
            self._mails.clear()
            self._store.clear(MAILS)

    def stop(self) -> None:
        self.faults.stopping.set()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        return await self._loop.create_server(self._protocol, host=host, port=port)

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname="mail.sandbox.example", enable_SMTPUTF8=True, loop=self._loop, timeout=60)

    async def _close(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Called by aiosmtpd

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self.faults.take(address, kinds=("refuse", "temporary"))
        if fault is not None:
            answers = {"refuse": "550 5.1.1 No such mailbox", "temporary": "451 4.3.0 Try again later"}
            return fault.text("answer", answers[fault.kind])
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            self._keep(_parsed(content, sender=envelope.mail_from or "", to=recipient, at=clock.now()))
        fault = self.faults.take(next(iter(envelope.rcpt_tos), ""), kinds=("hang", "disconnect"))
        if fault is None:
            return "250 OK kept"
        if fault.kind == "hang":
            await asyncio.sleep(fault.number("seconds", 60))
        if isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "421 Closing"

    def _keep(self, mail: Mail) -> None:
        with self._lock:
            self._mails.append(mail)
            self._store.put(kind=MAILS, id=mail.id, data={**vars(mail), "at": mail.at.isoformat()})


def _parsed(content: bytes, *, sender: str, to: str, at: datetime) -> Mail:
    message = message_from_bytes(content, policy=policy.default)
    headers = {name: str(value) for name, value in message.items()}
    return Mail(
        id=uuid.uuid4().hex,
        at=at,
        sender=sender,
        to=to,
        subject=headers.get("Subject", ""),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=headers,
        recipients=[address for _, address in getaddresses([headers.get("To", "")])],
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


def _from_document(document: dict[str, Any]) -> Mail:
    return Mail(**{**document, "at": datetime.fromisoformat(document["at"])})
