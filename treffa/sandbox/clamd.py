"""A clamd that knows one signature: PING, VERSION and INSTREAM, with commands that start with n or z."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from datetime import timedelta
from typing import Any

from practices import clock
from treffa.sandbox.faults import Switchboard
from treffa.sandbox.web import HangUpError

# In two halves, for a scanner on the way of this very file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
STREAM_LIMIT = 25 * 1024 * 1024
FAULTS = ("down", "slow", "error", "stale", "reset")
"""down: refuses connections. slow: answers after `seconds`. error: any stream is "size limit exceeded".
stale: the signatures are `days` old. reset: the connection ends in place of an answer."""
_SIGNATURE_AGE = timedelta(hours=5)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Clamd:
    """Listens from the moment it is made until `stop`; under the fault `down` it does not listen."""

    def __init__(self, *, host: str, port: int) -> None:
        self.faults = Switchboard(kinds=[kind for kind in FAULTS if kind != "down"])
        self._server: _Server | None = None
        self._open(host, port)

    @property
    def down(self) -> bool:
        return self._server is None

    def set_down(self, down: bool) -> None:
        """Refuse connections, or accept them again at the same port."""
        if down and self._server is not None:
            self._close()
        elif not down and self._server is None:
            self._open(*self.address)

    def set_fault(self, kind: str, *, count: int | None = None, **details: Any) -> None:
        if kind == "down":
            self.set_down(True)
        else:
            self.faults.set(kind, count=count, **details)

    def reset(self) -> None:
        self.faults.clear()
        self.set_down(False)

    def stop(self) -> None:
        self.faults.stopping.set()
        if self._server is not None:
            self._close()

    def answer(self, command: str, connection: _Handler) -> str:
        """The text of the answer to one command. HangUpError in place of one."""
        fault = self.faults.take("", kinds=("slow", "reset"))
        if fault is not None and fault.kind == "slow":
            self.faults.wait(fault.number("seconds", 60))
        if command == "PING":
            text = "PONG"
        elif command == "VERSION":
            text = self._version()
        elif command == "INSTREAM":
            text = self._scanned(connection.read_stream())
        else:
            text = "UNKNOWN COMMAND"
        if fault is not None and fault.kind == "reset":
            raise HangUpError
        return text

    def _scanned(self, data: bytes | None) -> str:
        if data is None or self.faults.take("", kinds=("error",)) is not None:
            return "INSTREAM size limit exceeded. ERROR"
        return "stream: Eicar-Signature FOUND" if EICAR in data else "stream: OK"

    def _version(self) -> str:
        stale = self.faults.take("", kinds=("stale",))
        age = _SIGNATURE_AGE if stale is None else timedelta(days=stale.number("days", 14))
        made = clock.now() - age
        # As asctime has it, and never in the words of a locale.
        day = _DAYS[made.weekday()]
        month = _MONTHS[made.month - 1]
        return f"ClamAV 1.4.3/27801/{day} {month} {made.day:2d} {made:%H:%M:%S %Y}"

    def _open(self, host: str, port: int) -> None:
        self._server = _Server((host, port), self)
        bound_host, bound_port = self._server.server_address[:2]
        self.address: tuple[str, int] = (str(bound_host), int(bound_port))
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sandbox-clamd", daemon=True
        ).start()

    def _close(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], clamd: Clamd) -> None:
        self.clamd = clamd
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 60

    def handle(self) -> None:
        """One command a connection, as clamd has it outside of IDSESSION."""
        prefix = self.rfile.read(1)
        end = {b"n": b"\n", b"z": b"\0"}.get(prefix, b"\n")
        command = b"" if prefix in (b"n", b"z") else prefix
        while not command.endswith(end):
            byte = self.rfile.read(1)
            if not byte or len(command) > 100:
                return
            command += byte
        try:
            text = self.server.clamd.answer(command.rstrip(b"\r\n\0").decode("ascii", "replace"), self)
        except HangUpError:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.rfile.close()
            return
        self.wfile.write(text.encode() + end)

    def read_stream(self) -> bytes | None:
        """The chunks of an INSTREAM up to the empty one; None if they exceed the limit or end too early."""
        data = bytearray()
        while True:
            header = self.rfile.read(4)
            if len(header) < 4:
                return None
            (length,) = struct.unpack("!I", header)
            if length == 0:
                return bytes(data)
            if len(data) + length > STREAM_LIMIT:
                return None
            data += self.rfile.read(length)
