"""Messages as the case page shows them: the wording as it was sent, with its fate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from messaging import queries
from messaging.models import Message
from messaging.texts import LINK
from prerequisites.models import Case
from treffa.dashboard import readiness, relative
from treffa.dashboard.readiness import Look


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """A message, ready to be shown."""

    head: str
    look: Look
    fate: str
    subject: str
    text: str


def view_messages(messages: Sequence[Message], *, case: Case, now: datetime) -> list[MessageView]:
    """The messages of a case, newest first."""
    return [_view(message, now=now) for message in reversed(messages)]


def _view(message: Message, *, now: datetime) -> MessageView:
    look = readiness.MESSAGE[message.state]
    when = (
        message.opened_at
        or message.delivered_at
        or message.accepted_at
        or message.due_at
        or message.created_at
    )
    fate = str(look.word) % {"channel": message.get_channel_display()}
    subject, text = _words(message)
    occasion = message.get_occasion_display()
    return MessageView(
        head=f"{message.get_channel_display()} · {occasion} · {message.address}",
        look=look,
        fate=f"{fate}, {relative.moment(when, now=now)}",
        subject=subject,
        text=text,
    )


def _words(message: Message) -> tuple[str, str]:
    """Subject and text, with a word in place of the link, which staff have no use for."""
    try:
        words = queries.wording(message)
    except LookupError:
        return "", _("The wording was erased with the patient's data.")
    return words.subject, words.text.replace(LINK, _("[link]"))
