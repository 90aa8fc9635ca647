"""Connections that go to a judged address only and that end at the deadline."""

from __future__ import annotations

import contextlib
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from appointments.fetch.addresses import endpoint, is_public


class DeadlineError(OSError):
    """The time for the whole fetch is over."""


@dataclass
class Watch:
    """Ends a fetch at its deadline by shutting down its sockets: headers that drip have no other limit."""

    deadline: float
    expired: bool = False
    connections: list[HTTPConnection] = field(default_factory=list)

    def left(self) -> float:
        left = self.deadline - time.monotonic()
        if self.expired or left <= 0:
            raise DeadlineError
        return left

    def expire(self) -> None:
        self.expired = True
        for connection in self.connections:
            sock = cast("socket.socket | None", connection.sock)
            if sock is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


watching: ContextVar[Watch] = ContextVar("watch")


class _WatchedHTTP(HTTPConnection):
    def connect(self) -> None:
        watching.get().connections.append(self)
        super().connect()


class _WatchedHTTPS(HTTPSConnection):
    def connect(self) -> None:
        watching.get().connections.append(self)
        super().connect()


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class FeedAdapter(IPFilterAdapter):  # type: ignore[misc]
    """Resolves once, judges the address, and connects to that address only."""

    def __init__(self, *, is_https: bool, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        super().__init__(is_https_proto=is_https)

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: str | tuple[str, str] | None = None
    ) -> tuple[Any, Any]:
        if endpoint(request.url or "") in self._allowed:
            return HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert)
        host_params, pool_kwargs = super().build_connection_pool_key_attributes(request, verify, cert)
        address = host_params["host"].strip("[]")
        if not is_public(address):
            raise InvalidIPAddress(address)
        return host_params, pool_kwargs


class Session(requests.Session):
    """A session that takes nothing from the environment (proxies, netrc, certificates)."""

    def __init__(self, *, allowed: frozenset[str]) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("https://", FeedAdapter(is_https=True, allowed=allowed))
        self.mount("http://", FeedAdapter(is_https=False, allowed=allowed))
        self.headers.clear()
        self.headers.update(
            {
                "User-Agent": "Treffa (calendar reader)",
                "Accept": "text/calendar, */*;q=0.1",
                "Accept-Encoding": "gzip",
                "Connection": "close",
            }
        )
