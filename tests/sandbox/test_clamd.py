from __future__ import annotations

import socket
import struct
from datetime import datetime, timedelta

import pytest

from practices import clock
from treffa.sandbox import Sandbox
from treffa.sandbox.clamd import EICAR, STREAM_LIMIT
from treffa.sandbox.client import SandboxClient


def ask(sandbox: Sandbox, command: bytes, *chunks: bytes, timeout: float = 2) -> bytes:
    """One command as clamd has it, the chunks each with their length before them."""
    with socket.create_connection(sandbox.clamd.address, timeout=timeout) as connection:
        connection.sendall(command)
        for chunk in chunks:
            connection.sendall(struct.pack("!I", len(chunk)) + chunk)
        answer = b""
        while received := connection.recv(1024):
            answer += received
    return answer


def scan(sandbox: Sandbox, *chunks: bytes) -> bytes:
    return ask(sandbox, b"zINSTREAM\0", *chunks, b"")


def test_commands_end_as_they_began(sandbox: Sandbox) -> None:
    assert ask(sandbox, b"zPING\0") == b"PONG\0"
    assert ask(sandbox, b"nPING\n") == b"PONG\n"
    assert ask(sandbox, b"PING\n") == b"PONG\n"
    assert ask(sandbox, b"zNONSENSE\0") == b"UNKNOWN COMMAND\0"


def test_the_test_virus_is_found_even_across_chunks(sandbox: Sandbox) -> None:
    assert scan(sandbox, b"a harmless file") == b"stream: OK\0"
    assert scan(sandbox, b"%PDF-1.7 " + EICAR[:20], EICAR[20:]) == b"stream: Eicar-Signature FOUND\0"
    assert ask(sandbox, b"nINSTREAM\n", EICAR, b"") == b"stream: Eicar-Signature FOUND\n"


def test_a_stream_that_is_too_large_is_an_error(sandbox: Sandbox) -> None:
    half = b"x" * (STREAM_LIMIT // 2 + 1)
    try:
        answer = scan(sandbox, half, half)
    except (BrokenPipeError, ConnectionResetError):
        return
    assert answer == b"INSTREAM size limit exceeded. ERROR\0"


def test_signatures_are_fresh_or_stale(sandbox: Sandbox, client: SandboxClient) -> None:
    def age() -> timedelta:
        made = ask(sandbox, b"zVERSION\0").decode().rstrip("\0").rsplit("/", 1)[1]
        return clock.now().replace(tzinfo=None) - datetime.strptime(made, "%a %b %d %H:%M:%S %Y")

    assert age() < timedelta(days=1)
    client.set_fault("clamd", "stale", days=20)
    assert age() > timedelta(days=19)


def test_it_is_down_and_comes_up_again_at_the_same_port(sandbox: Sandbox, client: SandboxClient) -> None:
    client.set_fault("clamd", "down")
    with pytest.raises(ConnectionRefusedError):
        ask(sandbox, b"zPING\0")
    client.clear_faults("clamd")
    assert ask(sandbox, b"zPING\0") == b"PONG\0"


def test_it_is_slow_resets_and_reports_errors(sandbox: Sandbox, client: SandboxClient) -> None:
    client.set_fault("clamd", "slow", count=1, seconds=1)
    with pytest.raises(TimeoutError):
        ask(sandbox, b"zPING\0", timeout=0.2)
    client.set_fault("clamd", "error", count=1)
    assert scan(sandbox, b"x") == b"INSTREAM size limit exceeded. ERROR\0"
    client.set_fault("clamd", "reset", count=1)
    with pytest.raises(ConnectionResetError):
        scan(sandbox, b"x")
    assert scan(sandbox, b"x") == b"stream: OK\0"
