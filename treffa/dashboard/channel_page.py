"""How the practice writes, in words: its account, and what became of a message to oneself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging import accounts
from messaging.models import Channel, MessageState
from messaging.operations import channels
from practices.models import Practice

SHOWN_FOR = timedelta(hours=1)
LOOKED_FOR = timedelta(minutes=2)
REFUSED: Mapping[str, str | Promise] = {
    "too_many": _("That were ten in a day. Try again tomorrow."),
    "no_sender": _("No SMS goes out yet: the practice has no sender."),
    "no_mobile": _("This is no mobile number of a country that gets texts."),
}
_LOOKS: Mapping[str, tuple[str, str, str | Promise]] = {
    MessageState.QUEUED: ("is-waiting", "hourglass", _("on its way")),
    MessageState.SENDING: ("is-waiting", "hourglass", _("on its way")),
    MessageState.ACCEPTED: ("is-ready", "check", _("sent; look whether it is there")),
    MessageState.DELIVERED: ("is-ready", "circle-check", _("delivered")),
    MessageState.OPENED: ("is-ready", "circle-check", _("delivered")),
    MessageState.UNKNOWN: ("is-risk", "circle-alert", _("nobody knows yet whether it went out")),
    MessageState.SUPPRESSED: ("is-risk", "circle-alert", _("not sent: this address takes no messages")),
}
_FAILED = ("is-risk", "circle-alert", _("not delivered"))


@dataclass(frozen=True, kw_only=True)
class Account:
    """Over whose account texts go, and from which senders. `ending` is all that is shown of one's own."""

    own: bool
    ending: str
    sms_sender: str
    whatsapp_sender: str


@dataclass(frozen=True, kw_only=True)
class Tested:
    """The last message to oneself. `waits`: look again in a moment."""

    channel: str
    address: str
    css: str
    icon: str
    words: str
    problem: str
    waits: bool


def account(practice: Practice) -> Account:
    """What may be shown of it."""
    own = practice.sealed_twilio is not None
    return Account(
        own=own,
        ending=accounts.account_of(practice).sid[-4:] if own else "",
        sms_sender=practice.sms_sender,
        whatsapp_sender=practice.whatsapp_sender,
    )


def tested(user_id: int, *, now: datetime) -> Tested | None:
    """None where there was none lately."""
    message = channels.last_test(user_id)
    if message is None or message.created_at < now - SHOWN_FOR:
        return None
    css, icon, words = _LOOKS.get(message.state, _FAILED)
    under_way = message.state in (MessageState.QUEUED, MessageState.SENDING, MessageState.ACCEPTED)
    return Tested(
        channel=str(Channel(message.channel).label),
        address=message.address,
        css=css,
        icon=icon,
        words=str(words),
        problem=message.problem,
        waits=under_way and message.created_at > now - LOOKED_FOR,
    )
