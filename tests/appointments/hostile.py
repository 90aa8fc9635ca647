"""Servers that do their worst, byte by byte over real sockets."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\n"


class Hostile:
    """Plays `script` to whoever connects. `sent` counts the bytes that went out, `asked` holds the requests."""

    def __init__(self, script: Script, *, tls: bool) -> None:
        self.script, self.tls = script, tls
        self.asked: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.address}/kalender.ics"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            self.asked.append(b"" if self.tls else connection.recv(65_536))
            self.script(connection)
            # Let what was sent arrive: closing over unread bytes would be a reset.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)


@contextmanager
def hostile(script: Script, *, tls: bool = False) -> Iterator[Hostile]:
    server = Hostile(script, tls=tls)
    try:
        yield server
    finally:
        server.listener.close()


def says(*parts: bytes) -> Script:
    """Sends these bytes, then ends."""

    def play(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return play


def for_ever(begin: bytes, again: bytes, *, pause: float = 0) -> Script:
    """Sends the beginning, then the same again until nobody listens."""

    def play(connection: socket.socket) -> None:
        connection.sendall(begin)
        waiting = threading.Event()
        while True:
            waiting.wait(pause)
            connection.sendall(again)

    return play
