"""A calendar's server for the tests: what it serves is set by the test."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Entry:
    """An event as a practice's calendar writes it."""

    uid: str
    start: datetime
    name: str = "Probefeld, Otto"
    type: str = "MRT Knie"
    born: str = "14.03.1947"
    phone: str = "01525 4599371"
    email: str = ""
    status: str = "CONFIRMED"
    extra: str = ""

    def lines(self, stamp: int) -> list[str]:
        end = self.start + timedelta(minutes=30)
        texts = {"Geburtsdatum": self.born, "Telefon": self.phone, "E-Mail": self.email}
        description = "\\n".join(f"{label}: {value}" for label, value in texts.items() if value)
        summary = " - ".join(filter(None, (self.name.replace(",", "\\,"), self.type)))
        return [
            "BEGIN:VEVENT",
            f"UID:{self.uid}",
            f"DTSTAMP:20260302T{stamp:06}Z",
            f"DTSTART:{self.start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{end:%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{summary}",
            f"DESCRIPTION:{description}",
            f"STATUS:{self.status}",
            *filter(None, [self.extra]),
            "END:VEVENT",
        ]


@dataclass
class Calendar:
    """`entries` are served unless `body` is set; `status` other than 200 has no body."""

    address: str = ""
    entries: list[Entry] = field(default_factory=list)
    body: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    delay: float = 0

    @property
    def url(self) -> str:
        return f"http://{self.address}/geheim/kalender.ics"

    def add(self, uid: str, start: datetime, **details: str) -> Entry:
        entry = Entry(uid=uid, start=start, **details)
        self.entries.append(entry)
        return entry

    def content(self) -> bytes:
        if self.body is not None:
            return self.body
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//DE"]
        for entry in self.entries:
            lines += entry.lines(len(self.asked))
        return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


@contextmanager
def serve() -> Iterator[Calendar]:
    """A calendar under an address of this machine."""
    calendar = Calendar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calendar.asked.append(dict(self.headers))
            body = calendar.content() if calendar.status == 200 else b""
            self.send_response(calendar.status)
            for name, value in {"Content-Length": str(len(body)), **calendar.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            time.sleep(calendar.delay)
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    calendar.address = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield calendar
    finally:
        server.shutdown()
        server.server_close()
