"""The ways in which a calendar's answer goes wrong, one per fault."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from practices import clock
from treffa.sandbox.faults import Fault, Switchboard
from treffa.sandbox.web import HangUpError, Request, Response

LOGIN_PAGE = b"""<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>Anmelden</title></head>
<body><h1>Bitte melden Sie sich an</h1><form method="post" action="/login">
<label>E-Mail <input name="email"></label><button>Weiter</button></form></body></html>
"""


@dataclass(frozen=True)
class Feed:
    """A calendar as it is served."""

    body: bytes
    etag: str
    modified: datetime


class Doctolib(Protocol):
    """What goes wrong begins with what would have been right."""

    faults: Switchboard

    def feed(self, key: str, *, now: datetime, share: float = 1.0, churn: bool = False) -> Feed: ...

    def answer(self, request: Request, feed: Feed) -> Response: ...


Answer = Callable[[Doctolib, Fault, str, Request], Response]


def answer_with_fault(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    return _ANSWERS[fault.kind](doctolib, fault, key, request)


def _status(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    defaults = {"down": 503, "not_found": 404, "forbidden": 403, "too_many": 429}
    headers = {}
    if "retry_after" in fault.details or fault.kind == "too_many":
        headers["Retry-After"] = fault.text("retry_after", "120")
    return Response(b"Sorry.", status=fault.whole("status", defaults[fault.kind]), headers=headers)


def _reset(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    raise HangUpError


def _html(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    return Response(LOGIN_PAGE, content_type="text/html; charset=utf-8")


def _empty(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    return Response(b"", content_type="text/calendar; charset=utf-8")


def _cut(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """The body ends in the middle of an event, and its length says so too."""
    body = _body(doctolib, key)
    return Response(body[: len(body) // 2], content_type="text/calendar; charset=utf-8")


def _cut_connection(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """The connection ends in the middle of the body that was announced."""
    body = _body(doctolib, key)
    half = body[: len(body) // 2]
    return Response(half, content_type="text/calendar; charset=utf-8", declared_length=len(body))


def _slow(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """Nothing at all for `seconds`, then the answer."""
    doctolib.faults.wait(fault.number("seconds", 30))
    return doctolib.answer(request, doctolib.feed(key, now=clock.now()))


def _drip(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """A byte every `seconds`: each read of the client succeeds, the whole never ends."""
    body, pause = _body(doctolib, key), fault.number("seconds", 0.2)

    def bytes_one_by_one() -> Iterator[bytes]:
        for number in range(len(body)):
            if doctolib.faults.stopping.wait(pause):
                return
            yield body[number : number + 1]

    return Response(content_type="text/calendar; charset=utf-8", chunks=bytes_one_by_one())


def _bomb(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """A few bytes of gzip that would be `megabytes` of zeros."""
    zeros = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    parts = [zeros.compress(bytes(1_000_000)) for _ in range(fault.whole("megabytes", 1000))]
    body = b"".join([*parts, zeros.flush()])
    headers = {"Content-Encoding": "gzip"}
    return Response(body, content_type="text/calendar; charset=utf-8", headers=headers)


def _redirect(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """To `location`; without one to itself, for ever."""
    return Response(status=302, headers={"Location": fault.text("location", request.path)})


def _not_modified(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    return Response(status=304)


def _churn(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    return doctolib.answer(request, doctolib.feed(key, now=clock.now(), churn=True))


def _shrink(doctolib: Doctolib, fault: Fault, key: str, request: Request) -> Response:
    """A complete calendar with only the `share` of its events."""
    return doctolib.answer(request, doctolib.feed(key, now=clock.now(), share=fault.number("share", 0.3)))


def _body(doctolib: Doctolib, key: str) -> bytes:
    return doctolib.feed(key, now=clock.now()).body


_ANSWERS: dict[str, Answer] = {
    "down": _status,
    "not_found": _status,
    "forbidden": _status,
    "too_many": _status,
    "reset": _reset,
    "html": _html,
    "empty": _empty,
    "cut": _cut,
    "cut_connection": _cut_connection,
    "slow": _slow,
    "drip": _drip,
    "bomb": _bomb,
    "redirect": _redirect,
    "not_modified": _not_modified,
    "churn": _churn,
    "shrink": _shrink,
}
FAULTS = frozenset(_ANSWERS)
