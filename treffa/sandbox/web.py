"""A small HTTP server with routes, and the ways in which a real server goes wrong."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

MAX_BODY = 32 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes

    def parameter(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def form(self) -> dict[str, str]:
        pairs = parse_qs(self.body.decode(), keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object."""
        data = json.loads(self.body or b"{}")
        if not isinstance(data, dict):
            raise ValueError("The body has to be a JSON object.")
        return data


@dataclass
class Response:
    body: bytes = b""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    """Sent in place of the body, one by one; for slow answers."""
    declared_length: int | None = None
    """A Content-Length that is not the true one; the connection is closed after the body."""


class HangUpError(Exception):
    """Close the connection with a reset, without an answer."""


class NotFoundError(Exception):
    """There is no such thing; the text says what was looked for."""


Handler = Callable[..., Response]


def redirect(location: str) -> Response:
    """After a form: see other."""
    return Response(status=303, headers={"Location": location})


def json_response(data: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(data, ensure_ascii=False).encode()
    return Response(body, status=status, content_type="application/json", headers=headers or {})


class Router:
    """Routes are tried in the order in which they were added. `{name}` in a path matches up to the next slash."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """`method` may be `*`: the handler then sees every method that a client thinks of."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
        self._routes.append((method, re.compile(pattern + r"\Z"), handler))

    def answer(self, request: Request) -> Response:
        allowed = set()
        for method, pattern, handler in self._routes:
            match = pattern.match(request.path)
            if match is None:
                continue
            if method in ("*", request.method):
                return self._call(handler, request, match)
            allowed.add(method)
        if allowed:
            return Response(b"Method not allowed", status=405, headers={"Allow": ", ".join(sorted(allowed))})
        return Response(b"Not found", status=404)

    def _call(self, handler: Handler, request: Request, match: re.Match[str]) -> Response:
        arguments = {name: unquote(value) for name, value in match.groupdict().items()}
        try:
            return handler(request, **arguments)
        except NotFoundError as error:
            return json_response({"error": str(error)}, status=404)
        except (ValueError, TypeError, KeyError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, status=400)


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "TreffaSandbox"
    sys_version = ""
    timeout = 60
    server: WebServer

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The base class calls `do_METHOD`: any method goes to the router, which counts and refuses."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        try:
            self._send(self.server.router.answer(self._read()))
        except HangUpError:
            self._reset()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
        return Request(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=self.headers,
            body=self.rfile.read(length),
        )

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Type", response.content_type)
        chunks = response.chunks if response.chunks is not None else [response.body]
        if response.declared_length is not None or response.chunks is not None:
            self.close_connection = True
            self.send_header("Connection", "close")
        if response.chunks is None and response.status != 304:
            length = len(response.body) if response.declared_length is None else response.declared_length
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "HEAD" or response.status == 304:
            return
        for chunk in chunks:
            self.wfile.write(chunk)
            self.wfile.flush()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.rfile.close()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what the sandbox saw is asked of the control API."""


class WebServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, *, host: str, port: int, router: Router) -> None:
        self.router = router
        super().__init__((host, port), _RequestHandler)
        self._thread = threading.Thread(target=self._run, name="sandbox-http", daemon=True)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        self.serve_forever(poll_interval=0.05)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""
