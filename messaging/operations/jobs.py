"""What a provider gets of claimed messages: the wording with the link put in, as plain data. Needs an open scope."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from messaging import accounts, opting, queries, texts
from messaging.models import Attempt, Channel, Message
from messaging.providers.base import Account, Outgoing
from messaging.wordings import LETTER
from practices.models import Practice
from prerequisites import links


@dataclass(frozen=True, kw_only=True)
class Job:
    """One claimed message: what the provider gets, and which attempt it is. One that `probes` tries for a channel that
    rests."""

    message: Message
    attempt_id: uuid.UUID
    since: datetime
    outgoing: Outgoing
    account: Account
    probes: bool = False

    @property
    def channel(self) -> str:
        return self.message.channel


def jobs(
    messages: Sequence[Message],
    attempts: Sequence[Attempt],
    *,
    practice: Practice,
    probing: frozenset[str] = frozenset(),
) -> list[Job]:
    """What the provider gets, for all of them; messages of the channels that are `probing` are trials."""
    words = [queries.wording(message) for message in messages]
    linked = {
        message.case_id: message.case
        for message, said in zip(messages, words, strict=True)
        if texts.LINK in said.text and message.case is not None
    }
    urls = links.urls_for([case for case in linked.values() if case is not None]) if linked else {}
    account = accounts.account_of(practice)
    return [
        Job(
            message=message,
            attempt_id=attempt.pk,
            since=attempt.started_at,
            outgoing=_outgoing(
                message, attempt.pk, words=said, link=urls.get(message.case_id or 0, ""), practice=practice
            ),
            account=account,
            probes=message.channel in probing,
        )
        for message, attempt, said in zip(messages, attempts, words, strict=True)
    ]


def _outgoing(
    message: Message, attempt_id: uuid.UUID, *, words: queries.Words, link: str, practice: Practice
) -> Outgoing:
    """The wording with the link put in; of a patient's mail with the way to end them."""
    text = words.text.replace(texts.LINK, link)
    mail = message.channel == Channel.EMAIL
    letter = LETTER[message.language if message.language in LETTER else "de"]
    opt_out = ""
    if mail and message.patient_id is not None:
        opt_out = opting.url_for(practice_id=practice.pk, message_id=message.pk)
        text = f"{text}\n\n-- \n{letter.opt_out}: {opt_out}"
    sender = {
        Channel.EMAIL: practice.sender_name or practice.name,
        Channel.WHATSAPP: practice.whatsapp_sender,
    }.get(Channel(message.channel), practice.sms_sender)
    variables = {number: said.replace(texts.LINK, link) for number, said in words.content_variables.items()}
    return Outgoing(
        reference=str(attempt_id),
        address=message.address,
        sender=sender,
        text=text,
        link=link,
        subject=words.subject,
        html=_page(words, link=link, opt_out=opt_out, practice=practice, message=message) if mail else "",
        language=message.language,
        callback_url=f"{settings.PUBLIC_URL}/hooks/twilio/{attempt_id}/",
        opt_out_url=opt_out,
        content_sid=words.content_sid,
        content_variables=variables,
    )


def _page(words: queries.Words, *, link: str, opt_out: str, practice: Practice, message: Message) -> str:
    """The small page beside a mail's plain text: the same paragraphs, the link as a button."""
    paragraphs = [
        paragraph.replace(f": {texts.LINK}", ".").replace(texts.LINK, link).split("\n")
        for paragraph in words.text.split("\n\n")
    ]
    letter = LETTER[message.language if message.language in LETTER else "de"]
    context = {
        "subject": words.subject,
        "paragraphs": paragraphs,
        "link": link,
        "button": letter.button,
        "opt_out": opt_out,
        "opt_out_words": letter.opt_out,
        "language": message.language,
        "sender": practice.sender_name or practice.name,
        "address": practice.address,
    }
    return render_to_string("messaging/email.html", context)
