"""What people got: texts and mails of all parts, by the address they were sent to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from treffa.sandbox.doctolib.service import Contact, Doctolib
from treffa.sandbox.links import links_in
from treffa.sandbox.mail import Mail, MailServer
from treffa.sandbox.people import international
from treffa.sandbox.twilio.messages import TextMessage
from treffa.sandbox.twilio.service import Twilio


@dataclass(frozen=True)
class Received:
    """One thing that lies in somebody's phone or mailbox, or that they sent (`incoming` is False)."""

    id: str
    channel: str
    """sms, whatsapp or email."""
    to: str
    """International number without "whatsapp:", or mail address in small letters."""
    sender: str
    at: datetime
    text: str
    subject: str
    html: str
    status: str
    links: tuple[str, ...]
    incoming: bool = True

    @property
    def owner(self) -> str:
        """The address of the person of whom this is the phone or mailbox."""
        return self.to if self.incoming else self.sender


@dataclass(frozen=True)
class Line:
    """One person, or one address of nobody who is known, with all that came and went, newest first."""

    addresses: tuple[str, ...]
    contact: Contact | None
    received: tuple[Received, ...]


class Inbox:
    def __init__(self, *, doctolib: Doctolib, twilio: Twilio, mail: MailServer) -> None:
        self._doctolib, self._twilio, self._mail = doctolib, twilio, mail

    def received(self, *, address: str = "") -> list[Received]:
        """Oldest first: everything, or what one address got or sent."""
        found = [_from_text(message) for message in self._twilio.messages()]
        found.extend(_from_mail(mail) for mail in self._mail.mails())
        found.sort(key=lambda message: message.at)
        if not address:
            return found
        wanted = normal(address)
        return [message for message in found if message.owner == wanted]

    def lines(self) -> list[Line]:
        """Everybody who got something, the one with the newest message first."""
        contacts = self._by_address()
        grouped: dict[Contact | str, list[Received]] = {}
        for message in reversed(self.received()):
            grouped.setdefault(contacts.get(message.owner, message.owner), []).append(message)
        return [
            Line(
                addresses=tuple(dict.fromkeys(message.owner for message in received)),
                contact=who if isinstance(who, Contact) else None,
                received=tuple(received),
            )
            for who, received in grouped.items()
        ]

    def contact(self, address: str) -> Contact | None:
        """Whose address it is; with it, the person's other address is known as well."""
        return self._by_address().get(normal(address))

    def _by_address(self) -> dict[str, Contact]:
        found: dict[str, Contact] = {}
        for contact in self._doctolib.contacts():
            for address in (contact.phone, contact.email.lower()):
                if address:
                    found.setdefault(address, contact)
        return found


def normal(address: str) -> str:
    """ "0151 00012345" and "whatsapp:+4915100012345" -> "+4915100012345"; mail addresses in small letters."""
    return address.strip().lower() if "@" in address else international(address)


def _from_text(message: TextMessage) -> Received:
    return Received(
        id=message.sid,
        channel=message.channel,
        to=message.to.removeprefix("whatsapp:"),
        sender=message.sender.removeprefix("whatsapp:"),
        at=message.created,
        text=message.body,
        subject="",
        html="",
        status=message.status,
        links=tuple(links_in(text=message.body)),
        incoming=message.direction != "inbound",
    )


def _from_mail(mail: Mail) -> Received:
    return Received(
        id=mail.id,
        channel="email",
        to=mail.to.lower(),
        sender=mail.sender,
        at=mail.at,
        text=mail.text,
        subject=mail.subject,
        html=mail.html,
        status="delivered",
        links=tuple(mail.links),
    )
