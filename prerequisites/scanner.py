"""A virus scanner over the network: clamd's VERSION and INSTREAM (man clamd: chunks of 4-byte length + data, a zero length,
one reply). Fails closed: whatever is not a clear OK or FOUND by fresh signatures is no verdict.
"""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SECONDS = 30
CHUNK = 1 << 16
LONGEST_REPLY = 4096
OLDEST_SIGNATURES = timedelta(days=7)


class Verdict(StrEnum):
    CLEAN = "clean"
    INFECTED = "infected"


class ScannerError(Exception):
    """No verdict: no scanner is configured, or it is down, slow, or says neither OK nor FOUND."""


def scan(content: bytes, *, address: str, now: datetime) -> Verdict:
    """What clamd at `address` (host:port) says about the bytes. ScannerError if there is no verdict."""
    deadline = time.monotonic() + SECONDS
    with _connection(address) as connection:
        connection.sendall(b"zVERSION\0")
        _check_age(_reply(connection, deadline), now)
    with _connection(address) as connection:
        _send(connection, content, deadline)
        return _verdict(_reply(connection, deadline))


@contextmanager
def _connection(address: str) -> Iterator[socket.socket]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ScannerError("not configured")
    try:
        with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
            yield connection
    except OSError as error:
        raise ScannerError(type(error).__name__) from error


def _check_age(reply: bytes, now: datetime) -> None:
    """`ClamAV 1.4.1/27482/Mon Dec  9 09:38:10 2024`: the last part is when the signatures were made."""
    said = reply.partition(b"\0")[0].decode("ascii", "replace").split("/")
    try:
        made = datetime.strptime(said[-1].strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        raise ScannerError("no version") from None
    if now - made > OLDEST_SIGNATURES:
        raise ScannerError("signatures are too old")


def _send(connection: socket.socket, content: bytes, deadline: float) -> None:
    connection.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), CHUNK):
        chunk = content[start : start + CHUNK]
        connection.settimeout(_left(deadline))
        connection.sendall(struct.pack("!L", len(chunk)) + chunk)
    connection.sendall(struct.pack("!L", 0))


def _reply(connection: socket.socket, deadline: float) -> bytes:
    reply = b""
    while b"\0" not in reply and len(reply) < LONGEST_REPLY:
        connection.settimeout(_left(deadline))
        received = connection.recv(LONGEST_REPLY)
        if not received:
            break
        reply += received
    return reply


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _verdict(reply: bytes) -> Verdict:
    """`stream: OK` or `stream: NAME FOUND`, each ended by a zero byte: a reply that was cut off is no verdict."""
    text, end, _ = reply.partition(b"\0")
    if end and text == b"stream: OK":
        return Verdict.CLEAN
    if end and text.startswith(b"stream: ") and text.endswith(b" FOUND"):
        return Verdict.INFECTED
    raise ScannerError("no verdict")
