"""All parts of the sandbox together, in threads of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from treffa.sandbox.clamd import Clamd
from treffa.sandbox.control import Control
from treffa.sandbox.doctolib.service import Doctolib
from treffa.sandbox.inbox import Inbox
from treffa.sandbox.mail import MailServer
from treffa.sandbox.pages import Pages
from treffa.sandbox.store import Store
from treffa.sandbox.twilio.service import Twilio
from treffa.sandbox.web import Router, WebServer

ACCOUNT_SID = "AC" + "5a" * 16
AUTH_TOKEN = "sandbox-token"  # noqa: S105


@dataclass
class Sandbox:
    """A context manager: what it holds is up already, and is stopped at the end."""

    web: WebServer
    doctolib: Doctolib
    twilio: Twilio
    mail: MailServer
    clamd: Clamd
    inbox: Inbox
    store: Store

    @property
    def http_url(self) -> str:
        return self.web.url

    @property
    def smtp_address(self) -> str:
        return "{}:{}".format(*self.mail.address)

    @property
    def clamd_address(self) -> str:
        return "{}:{}".format(*self.clamd.address)

    def calendar_url(self, key: str) -> str:
        """What a practice pastes as its feed's link."""
        return f"{self.http_url}/doctolib/{key}.ics"

    def reset(self) -> None:
        """As if it had just been started: no messages, no faults, no calendars but the living ones."""
        self.doctolib.reset()
        self.twilio.reset()
        self.mail.reset()
        self.clamd.reset()

    def stop(self) -> None:
        self.doctolib.faults.stopping.set()
        self.twilio.stop()
        self.clamd.stop()
        self.mail.stop()
        self.web.stop()
        self.store.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    *,
    http: tuple[str, int] = ("127.0.0.1", 0),
    smtp: tuple[str, int] = ("127.0.0.1", 0),
    clamd: tuple[str, int] = ("127.0.0.1", 0),
    public_url: str = "http://127.0.0.1:8000",
    state: Path | None = None,
    seed: str = "treffa",
    density: float = 1.0,
    callback_delay: float = 0.05,
) -> Sandbox:
    """Start everything; port 0 takes any. The account is that of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.

    `callback_delay` is the pause, in seconds, before each status of a text message. OSError says which port is taken."""
    store = Store(state)
    router = Router()
    with _named("http", http):
        web = WebServer(host=http[0], port=http[1], router=router)
    with _named("smtp", smtp):
        mail = MailServer(store=store, host=smtp[0], port=smtp[1])
    with _named("clamd", clamd):
        scanner = Clamd(host=clamd[0], port=clamd[1])
    doctolib = Doctolib(store=store, seed=seed, density=density)
    twilio = _twilio(store, callback_delay)
    inbox = Inbox(doctolib=doctolib, twilio=twilio, mail=mail)
    sandbox = Sandbox(
        web=web, doctolib=doctolib, twilio=twilio, mail=mail, clamd=scanner, inbox=inbox, store=store
    )
    _add_routes(router, sandbox, public_url)
    web.start()
    return sandbox


def _twilio(store: Store, callback_delay: float) -> Twilio:
    return Twilio(
        store=store,
        account_sid=os.environ.get("TWILIO_ACCOUNT_SID") or ACCOUNT_SID,
        auth_token=os.environ.get("TWILIO_AUTH_TOKEN") or AUTH_TOKEN,
        callback_delay=callback_delay,
    )


def _add_routes(router: Router, sandbox: Sandbox, public_url: str) -> None:
    router.add("*", "/doctolib/{key}.ics", sandbox.doctolib.handle)
    sandbox.twilio.add_routes(router)
    Control(
        sandbox_url=sandbox.http_url,
        doctolib=sandbox.doctolib,
        twilio=sandbox.twilio,
        mail=sandbox.mail,
        clamd=sandbox.clamd,
        inbox=sandbox.inbox,
    ).add_routes(router)
    Pages(
        inbox=sandbox.inbox,
        doctolib=sandbox.doctolib,
        sandbox_url=sandbox.http_url,
        public_url=public_url,
    ).add_routes(router)


@contextmanager
def _named(part: str, address: tuple[str, int]) -> Iterator[None]:
    """An error of listening says which part wanted which port."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{part} at {address[0]}:{address[1]}: {error.strerror or error}") from error
