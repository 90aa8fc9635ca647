"""Connections that go to a judged address only and that end at the deadline."""

from __future__ import annotations

import contextlib
import functools
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import allowed_gai_family
from urllib3.util.ssl_ import create_urllib3_context

from appointments.fetch.addresses import endpoint, is_public

T = TypeVar("T")

READ_TIMEOUT, GRACE = 10.0, 0.2
HEADERS = {
    "User-Agent": "Treffa (calendar reader)",
    "Accept": "text/calendar, */*;q=0.1",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}


class DeadlineError(OSError):
    """The time for the whole fetch is over."""


@dataclass
class Watch:
    """Ends a fetch at its deadline by shutting down its sockets: headers and handshakes that drip have no other limit.

    A socket is held by a second handle, as TLS takes the first one over while it shakes hands.
    """

    deadline: float
    expired: bool = False
    handles: list[socket.socket] = field(default_factory=list)

    def left(self) -> float:
        left = self.deadline - time.monotonic()
        if self.expired or left <= 0:
            self.expired = True
            raise DeadlineError
        return left

    def patience(self) -> float:
        """For one read or connection; a little longer than what is left, so that the watch is first to end it."""
        return min(READ_TIMEOUT, self.left() + GRACE)

    def hold(self, sock: socket.socket) -> None:
        self.handles.append(sock.dup())
        self.left()

    def expire(self) -> None:
        self.expired = True
        for handle in self.handles:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for handle in self.handles:
            handle.close()


watching: ContextVar[Watch] = ContextVar("watch")


@contextlib.contextmanager
def watch(seconds: float) -> Iterator[Watch]:
    """All connections made inside end after so many seconds, whatever they are doing."""
    held = Watch(deadline=time.monotonic() + seconds)
    token = watching.set(held)
    timer = threading.Timer(seconds, held.expire)
    timer.daemon = True
    timer.start()
    try:
        yield held
    finally:
        timer.cancel()
        watching.reset(token)
        held.close()


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; DeadlineError if it takes longer.

    For name lookups, which know no time limit: the thread of one that hangs is left behind and ends with it.
    """
    done: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except Exception as error:  # raised where the result is waited for
            done.put((None, error))

    threading.Thread(target=run, name="name-lookup", daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty:
        raise DeadlineError from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


@functools.cache
def trust() -> ssl.SSLContext:
    """Whose certificates are believed. Read once a process: it takes longer than many a fetch."""
    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    return context


class _WatchedHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(super()._new_conn, self)


class _WatchedHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(super()._new_conn, self)


def _connected(connect: Callable[[], socket.socket], connection: HTTPConnection) -> socket.socket:
    held = watching.get()
    connection.timeout = held.patience()
    sock = connect()
    held.hold(sock)
    return sock


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class FeedAdapter(IPFilterAdapter):  # type: ignore[misc]
    """Resolves once and in time, judges the address, and connects to that address only."""

    def __init__(self, *, is_https: bool, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        super().__init__(is_https_proto=is_https)

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def cert_verify(self, conn: Any, url: str, verify: object, cert: object) -> None:
        """The connection has its trust with it."""
        conn.cert_reqs = "CERT_REQUIRED"

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: str | tuple[str, str] | None = None
    ) -> tuple[Any, Any]:
        judged = self._allowed_host if endpoint(request.url or "") in self._allowed else self._public_host
        left = watching.get().left()
        host_params, pool_kwargs = within(left, functools.partial(judged, request))
        if self._is_https_proto:
            pool_kwargs["ssl_context"] = trust()
        return host_params, pool_kwargs

    def _public_host(self, request: requests.PreparedRequest) -> tuple[Any, Any]:
        host_params, pool_kwargs = super().build_connection_pool_key_attributes(request, True)
        address = host_params["host"].strip("[]")
        if not is_public(address):
            raise InvalidIPAddress(address)
        return host_params, pool_kwargs

    def _unjudged(self, request: requests.PreparedRequest) -> tuple[Any, Any]:
        return HTTPAdapter.build_connection_pool_key_attributes(self, request, True)

    def _allowed_host(self, request: requests.PreparedRequest) -> tuple[Any, Any]:
        """By its address too, whatever it is, so that its name is looked up here and in time."""
        host_params, pool_kwargs = self._unjudged(request)
        name = host_params["host"]
        request.headers["Host"] = endpoint(request.url or "")
        if self._is_https_proto:
            pool_kwargs = {**pool_kwargs, "assert_hostname": name, "server_hostname": name}
        try:
            found = socket.getaddrinfo(
                name, host_params["port"], family=allowed_gai_family(), type=socket.SOCK_STREAM
            )
        except socket.gaierror as error:
            raise requests.ConnectionError(error) from error
        return {**host_params, "host": str(found[0][4][0])}, pool_kwargs


def get(url: str, *, headers: dict[str, str], allowed: frozenset[str], watch: Watch) -> requests.Response:
    """One request and the head of its answer, nothing of its body: a redirect's body may be a bomb too.

    Takes nothing from the environment (proxies, netrc, certificates) and keeps nothing (cookies).
    """
    return _sent(requests.Request("GET", url, headers={**HEADERS, **headers}), allowed=allowed, watch=watch)


def post(
    url: str, *, body: bytes, headers: dict[str, str], allowed: frozenset[str], watch: Watch
) -> requests.Response:
    """The same with a body to give away."""
    asked = {**HEADERS, "User-Agent": "Treffa (webhooks)", "Accept": "*/*", **headers}
    return _sent(requests.Request("POST", url, headers=asked, data=body), allowed=allowed, watch=watch)


def _sent(asked: requests.Request, *, allowed: frozenset[str], watch: Watch) -> requests.Response:
    request = asked.prepare()
    adapter = FeedAdapter(is_https=(request.url or "").startswith("https:"), allowed=allowed)
    response: requests.Response = adapter.send(request, stream=True, timeout=watch.patience(), verify=True)
    return response
