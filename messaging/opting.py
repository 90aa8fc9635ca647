"""The address behind "no more messages" in a mail: it names the practice and the message, and is signed."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing

_SALT = "treffa.opt-out"


@dataclass(frozen=True, kw_only=True)
class OptOutRef:
    """The message that somebody does not want any more of."""

    practice_id: int
    message_id: int


def url_for(*, practice_id: int, message_id: int) -> str:
    """The address for a message. It opens nothing and ends only messages to where this one went."""
    return f"{settings.PUBLIC_URL}/u/{_signer().sign(f'{practice_id}.{message_id}')}"


def read(token: str) -> OptOutRef | None:
    """What a token names; None for one that is not ours."""
    try:
        practice_id, _dot, message_id = _signer().unsign(token).partition(".")
        return OptOutRef(practice_id=int(practice_id), message_id=int(message_id))
    except (signing.BadSignature, ValueError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(key=settings.LINK_KEY, sep="~", salt=_SALT)
