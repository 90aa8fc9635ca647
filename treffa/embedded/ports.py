"""Ports on 127.0.0.1: the preferred one if it is free, else another, and who has it."""

import os
import socket
from pathlib import Path

HOST = "127.0.0.1"
LISTENING = "0A"


def _bind(port: int) -> socket.socket | None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        return None
    return listener


def answers(port: int) -> bool:
    """Something accepts connections there."""
    try:
        with socket.create_connection((HOST, port), timeout=0.5):
            return True
    except OSError:
        return False


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def holder(port: int) -> str:
    """Who listens there, as `COMMAND (pid N)`; `another process` where /proc does not say."""
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) in wanted for fd in (process / "fd").iterdir()):
                command = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
                return f"{command[:60]} (pid {process.name})"
        except OSError:
            continue
    return "another process"


def _claim(port: int) -> socket.socket | None:
    """Says to other stacks that the port is ours as long as this process holds the socket; None if it is theirs. A name
    in the kernel, without a file, gone with the process: parts listen only seconds after their ports were chosen."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0treffa/port/{port}")
    except OSError:
        claim.close()
        return None
    return claim


class Ports:
    """Hands out ports, each one once. Held until `release`, so that no other program gets them; other stacks keep off
    as long as this object lives."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._claims: list[socket.socket] = []
        self.notes: list[str] = []

    def take(self, *, part: str, preferred: int | None = None) -> int:
        """The preferred port, or a free one; `notes` says in one line who has the preferred one."""
        if preferred and self._hold(_bind(preferred)):
            return preferred
        port = self._any()
        if preferred:
            self.notes.append(f"port {preferred} is in use by {holder(preferred)}; {part} takes {port}")
        return port

    def _any(self) -> int:
        while True:
            listener = _bind(0)
            if listener is None:
                raise OSError(f"no free port on {HOST}")
            port = int(listener.getsockname()[1])
            if self._hold(listener):
                return port

    def _hold(self, listener: socket.socket | None) -> bool:
        """Whether the port could be bound and is no other stack's; if so, it is ours."""
        if listener is None:
            return False
        claim = _claim(listener.getsockname()[1])
        if claim is None:
            listener.close()
            return False
        self._held.append(listener)
        self._claims.append(claim)
        return True

    def release(self) -> None:
        """Just before the parts start."""
        for listener in self._held:
            listener.close()
        self._held.clear()
