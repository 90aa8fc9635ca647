"""A sandbox for the tests of the sandbox, and a stand-in for the product that takes its callbacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from treffa.sandbox import Sandbox, start
from treffa.sandbox.client import SandboxClient


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with start(callback_delay=0.02) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(sandbox.http_url)


@pytest.fixture
def twilio(sandbox: Sandbox) -> Client:
    """The real client, pointed at the sandbox, as the product points it."""
    client = Client(
        sandbox.twilio.account_sid, sandbox.twilio.auth_token, http_client=TwilioHttpClient(timeout=2)
    )
    client.api.base_url = sandbox.http_url
    return client


@dataclass
class Hook:
    """Takes callbacks at `url`. Answers with the `answers`, one after the other, then with 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)

    def statuses(self) -> list[str]:
        return [fields["MessageStatus"] for fields in self.seen]


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            hook.seen.append(dict(parse_qsl(body, keep_blank_values=True)))
            hook.signatures.append(self.headers["X-Twilio-Signature"])
            self.send_response(hook.answers.pop(0) if hook.answers else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/status?attempt=7"
    yield hook
    server.shutdown()
    server.server_close()
