"""The one interface of all providers. It knows no models and no database: what goes out comes in as plain data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message on its way. `sender` is a number for texts and a display name for mail; `reference` is the attempt's
    id; `link` is in `text` (and `html`) already and named again for those who search."""

    reference: str
    address: str
    sender: str
    text: str
    link: str = ""
    subject: str = ""
    html: str = ""
    language: str = "de"
    callback_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The provider has taken the message over, under its own id."""

    provider_id: str


class Fate(StrEnum):
    """What a provider says about a message."""

    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a message. `permanent`: trying again is useless; `unusable`: so is the address, on this channel."""

    fate: Fate
    code: str = ""
    permanent: bool = False
    unusable: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """A message in the provider's books."""

    provider_id: str
    report: Report


class ProviderError(Exception):
    """The provider has certainly not taken the message. `code` is its own (or a word of ours), never its prose, which
    may hold the address. `unusable`: this address can't be reached on this channel."""

    def __init__(
        self, code: str, *, permanent: bool, retry_after: timedelta | None = None, unusable: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after
        self.unusable = unusable


class UncertainError(Exception):
    """Nobody knows whether the provider has taken the message: the answer never came."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Provider(Protocol):
    """What a channel can do. `can_find`: whether `find` proves that a message was taken, or was not."""

    can_find: bool

    def send(self, outgoing: Outgoing) -> Accepted:
        """Hands the message over within a total deadline. Raises ProviderError or UncertainError."""
        ...

    def find(self, outgoing: Outgoing, *, since: datetime) -> list[Found]:
        """The messages in the provider's books since then that say the same to the same address. Raises ProviderError."""
        ...

    def report(self, *, status: str, code: str) -> Report | None:
        """What a status of the provider means; None for one that says nothing."""
        ...


def within(seconds: float, call: Callable[[], T]) -> T:
    """Runs the call under a total deadline (a read timeout starts anew with every byte). TimeoutError if it takes longer:
    it then runs on in its thread, so what it was about is uncertain."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="provider-call")
    try:
        return executor.submit(call).result(timeout=seconds)
    except TookTooLong as error:
        raise TimeoutError from error
    finally:
        executor.shutdown(wait=False)
