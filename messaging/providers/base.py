"""The one interface of all providers. It knows no models and no database: what goes out comes in as plain data.

`send` answers with a value: Accepted, Rejected (certainly not taken, and why) or Uncertain (nobody knows).
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message on its way. `sender` is a number for texts and a display name for mail; `reference` is the attempt's
    id; `link` is in `text` (and `html`) already and named again for those who search. `opt_out_url` ends mail with a POST;
    `content_...` name an approved template and its variables, in place of free text."""

    reference: str
    address: str
    sender: str
    text: str
    link: str = ""
    subject: str = ""
    html: str = ""
    language: str = "de"
    callback_url: str = ""
    opt_out_url: str = ""
    content_sid: str = ""
    content_variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Credentials at a provider. Never shown, never logged."""

    sid: str
    token: str

    def __repr__(self) -> str:
        return "Account(...)"


class Cause(StrEnum):
    """Why something was not taken, by what is to be done about it.

    temporary  the same again, after a pause that doubles
    rate       the account or the sender is too fast: all of it pauses, longer each time, or as long as asked
    account    the account itself is refused: it pauses and the operator is told; the message waits
    permanent  never again on this channel: the next one takes over at once
    """

    TEMPORARY = "temporary"
    RATE = "rate"
    ACCOUNT = "account"
    PERMANENT = "permanent"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a provider's code means for us. `unusable`: the address can't be reached on this channel; `opted_out`: its
    owner does not want it; `alarm`: something of ours is wrong, and an operator has to mend it; `pause`: not before."""

    cause: Cause
    unusable: bool = False
    opted_out: bool = False
    alarm: bool = False
    pause: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The provider has taken the message over, under its own id."""

    provider_id: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """The provider has certainly not taken the message. `code` is its own (or a word of ours), never its prose, which
    may hold the address. `retry_after`: how long it asks to wait."""

    code: str
    meaning: Meaning
    retry_after: timedelta | None = None

    @property
    def permanent(self) -> bool:
        """Whether trying again on this channel is useless."""
        return self.meaning.cause is Cause.PERMANENT


@dataclass(frozen=True, kw_only=True)
class Uncertain:
    """Nobody knows whether the provider has taken the message: the answer never came."""

    code: str


Result = Accepted | Rejected | Uncertain


class NotTaken(Exception):  # noqa: N818 - it carries an answer and is no error of ours
    """Inside a provider: what `send` is going to answer."""

    def __init__(self, answer: Rejected | Uncertain) -> None:
        super().__init__(answer.code)
        self.answer = answer


class Fate(StrEnum):
    """What a provider says about a message."""

    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a message; of one that failed the code and its meaning."""

    fate: Fate
    code: str = ""
    meaning: Meaning = Meaning(cause=Cause.TEMPORARY)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A message in the provider's books."""

    provider_id: str
    report: Report


class BooksClosedError(Exception):
    """The provider's books could not be read."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do. `reports`: it tells what was delivered, so that silence means something; `can_find`: its
    books prove that a message was taken, or was not; `at_once`: so many calls it takes side by side."""

    reports: bool
    can_find: bool
    at_once: int = 1


class Provider(Protocol):
    """A channel's way out."""

    @property
    def capabilities(self) -> Capabilities: ...

    def send(self, outgoing: Outgoing) -> Result:
        """Hands the message over within a total deadline."""
        ...

    def find(self, outgoing: Outgoing, *, since: datetime) -> list[Found]:
        """The messages in the provider's books since then that say the same to the same address. BooksClosedError."""
        ...

    def report(self, *, status: str, code: str) -> Report | None:
        """What a status of the provider means; None for one that says nothing."""
        ...


TEMPORARY = Meaning(cause=Cause.TEMPORARY)
PERMANENT = Meaning(cause=Cause.PERMANENT)
ACCOUNT = Meaning(cause=Cause.ACCOUNT, alarm=True)


def answered(
    seconds: float, call: Callable[[], Accepted], *, late: Callable[[], Rejected | Uncertain]
) -> Result:
    """What a call under a total deadline comes to; `late` says what it means that it took longer."""
    try:
        return within(seconds, call)
    except TimeoutError:
        return late()
    except NotTaken as known:
        return known.answer


class _Threads:
    """The threads of the calls, kept. Once one hangs all are left to end by themselves, and others take their place, so
    that calls which never end use up no room; nor does a forked process count on its parent's."""

    def __init__(self) -> None:
        self.renew()
        os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=MOST_CALLS, thread_name_prefix="provider-call")

    def abandon(self, pool: ThreadPoolExecutor) -> None:
        if self.pool is pool:
            self.renew()
        pool.shutdown(wait=False)

    def submit(self, call: Callable[[], T]) -> tuple[ThreadPoolExecutor, Future[T]]:
        while True:
            pool = self.pool
            try:
                return pool, pool.submit(call)
            except RuntimeError:  # abandoned meanwhile, by somebody else's call
                if self.pool is pool:
                    raise


MOST_CALLS = 64
_threads = _Threads()


def within(seconds: float, call: Callable[[], T]) -> T:
    """Runs the call under a total deadline (a read timeout starts anew with every byte). TimeoutError if it takes longer:
    it then runs on in its thread, so what it was about is uncertain."""
    pool, future = _threads.submit(call)
    try:
        return future.result(timeout=seconds)
    except TookTooLong as error:
        _threads.abandon(pool)
        raise TimeoutError from error
