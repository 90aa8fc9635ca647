"""One GET, from the address to the expanded body; and one POST, of which the answer's status is all that counts."""

from __future__ import annotations

import contextlib
import email.utils
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests_hardened.ip_filter import InvalidIPAddress

from appointments.fetch import connection
from appointments.fetch.addresses import may_be_asked, normal
from appointments.fetch.connection import DeadlineError, Watch

DEADLINE = 30.0
MAX_REDIRECTS = 3
MAX_COMPRESSED = 30_000_000
MAX_EXPANDED = 100_000_000
MAX_RETRY_AFTER = 86_400
# Each piece of a gzip stream starts anew, which costs more than its few bytes.
MAX_MEMBERS = 1_000
CHUNK = 65_536


class Reason(StrEnum):
    """Why there is no body."""

    BAD_ADDRESS = "bad_address"
    FORBIDDEN_ADDRESS = "forbidden_address"
    UNREACHABLE = "unreachable"
    INSECURE = "insecure"
    DEADLINE = "deadline"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_LARGE = "too_large"
    CUT_OFF = "cut_off"
    BAD_ENCODING = "bad_encoding"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    UNEXPECTED_STATUS = "unexpected_status"


@dataclass(frozen=True)
class Validators:
    """What the server said of the body that we have; sent back so that it can answer 304."""

    etag: str = ""
    last_modified: str = ""


NONE = Validators()


@dataclass(frozen=True)
class NotModified:
    """The server says that nothing changed."""


@dataclass(frozen=True)
class Body:
    """A whole response of status 200, expanded."""

    content: bytes
    validators: Validators


@dataclass(frozen=True)
class Failed:
    """No answer that counts. `retry_after` is in seconds, where the server asked for a pause."""

    reason: Reason
    status: int | None = None
    retry_after: int | None = None


Response = NotModified | Body | Failed


class _RefusedError(Exception):
    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reason)
        self.failed = failed


def fetch(
    url: str,
    *,
    validators: Validators = NONE,
    allowed_addresses: Collection[str] = (),
    deadline: float = DEADLINE,
    max_compressed: int = MAX_COMPRESSED,
    max_expanded: int = MAX_EXPANDED,
    now: datetime | None = None,
) -> Response:
    """One GET. Never raises for what a server does; never runs longer than `deadline` seconds, name lookup included.

    `allowed_addresses` are exact host:port that may be private and speak http. `now` is needed only to read a
    Retry-After that is a date.
    """
    allowed = frozenset(address.lower() for address in allowed_addresses)
    limits = _Limits(compressed=max_compressed, expanded=max_expanded)
    with connection.watch(deadline) as watch:
        asking = _Asking(allowed=allowed, validators=validators, watch=watch, limits=limits)
        try:
            return _follow(normal(url), asking=asking, now=now)
        except _RefusedError as refused:
            return refused.failed
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Failed(Reason.DEADLINE if watch.expired else _reason(error))


def post(
    url: str, *, body: bytes, headers: dict[str, str], allowed_addresses: Collection[str], deadline: float
) -> int | Failed:
    """One POST to an address that a person gave, as safe as `fetch`: the status of the answer, whose body is not read.
    Redirects are not followed: what is sent was meant for this address."""
    allowed = frozenset(address.lower() for address in allowed_addresses)
    with connection.watch(deadline) as watch:
        if not may_be_asked(url, allowed=allowed):
            return Failed(Reason.BAD_ADDRESS)
        try:
            response = connection.post(url, body=body, headers=headers, allowed=allowed, watch=watch)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Failed(Reason.DEADLINE if watch.expired else _reason(error))
        with contextlib.closing(response):
            return response.status_code


@dataclass(frozen=True)
class _Limits:
    compressed: int
    expanded: int


@dataclass(frozen=True)
class _Asking:
    """What holds for all hops of one fetch."""

    allowed: frozenset[str]
    validators: Validators
    watch: Watch
    limits: _Limits


def _reason(error: Exception) -> Reason:
    """The reason's code for what went wrong on the way."""
    if isinstance(error, DeadlineError):
        return Reason.DEADLINE
    if isinstance(error, InvalidIPAddress):
        return Reason.FORBIDDEN_ADDRESS
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return Reason.INSECURE
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Reason.BAD_ADDRESS
    if isinstance(error, urllib3.exceptions.IncompleteRead | urllib3.exceptions.ProtocolError):
        return Reason.CUT_OFF
    return Reason.UNREACHABLE


def _follow(url: str, *, asking: _Asking, now: datetime | None) -> Response:
    for _hop in range(MAX_REDIRECTS + 1):
        if not may_be_asked(url, allowed=asking.allowed):
            return Failed(Reason.BAD_ADDRESS)
        response = connection.get(
            url, headers=_conditions(asking.validators), allowed=asking.allowed, watch=asking.watch
        )
        with contextlib.closing(response):
            target = response.headers.get("Location")
            if response.status_code not in {301, 302, 303, 307, 308} or not target:
                return _answer(response, asking=asking, now=now)
            url = _next(url, target)
    return Failed(Reason.TOO_MANY_REDIRECTS)


def _next(url: str, location: str) -> str:
    """Where a redirect leads. Empty, and so a bad address, if that is none."""
    try:
        return normal(urlunsplit(urlsplit(urljoin(url, location))._replace(fragment="")))
    except ValueError:
        return ""


def _conditions(validators: Validators) -> dict[str, str]:
    asked = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in asked.items() if value}


def _answer(response: requests.Response, *, asking: _Asking, now: datetime | None) -> Response:
    status, headers = response.status_code, response.headers
    if status == 304 and _conditions(asking.validators):
        return NotModified()
    if status == 200:
        content = _content(response, watch=asking.watch, limits=asking.limits)
        etag, modified = _header(headers.get("ETag", ""), 200), _header(headers.get("Last-Modified", ""), 80)
        return Body(content=content, validators=Validators(etag=etag, last_modified=modified))
    pause = retry_after(headers.get("Retry-After", ""), now=now)
    return Failed(_status_reason(status), status=status, retry_after=pause)


def _header(value: str, limit: int) -> str:
    """A header as it may be stored and sent back."""
    return value if len(value) <= limit and value.isascii() and value.isprintable() else ""


def _status_reason(status: int) -> Reason:
    if status in {401, 403}:
        return Reason.DENIED
    if status in {404, 410}:
        return Reason.NOT_FOUND
    if status in {429, 503}:
        return Reason.THROTTLED
    return Reason.SERVER_ERROR if status >= 500 else Reason.UNEXPECTED_STATUS


def retry_after(value: str, *, now: datetime | None) -> int | None:
    """Seconds from a Retry-After, which is a number or a date; at most a day."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(int(value[:9]), MAX_RETRY_AFTER)
    if not value or now is None:
        return None
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max(0, int((date - now).total_seconds())), MAX_RETRY_AFTER)


def _content(response: requests.Response, *, watch: Watch, limits: _Limits) -> bytes:
    """The whole body, expanded. Raises _RefusedError where it is too large, cut off, or in an unknown encoding."""
    if response.headers.get("Transfer-Encoding", "chunked").strip().lower() not in {"chunked", "identity"}:
        raise _RefusedError(Failed(Reason.BAD_ENCODING))
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    chunks = _chunks(response, watch=watch, limit=limits.compressed)
    if encoding in {"", "identity"}:
        parts = _capped(chunks, limit=limits.expanded)
    elif encoding in {"gzip", "x-gzip", "deflate"}:
        parts = _capped(_expand(chunks, limit=limits.expanded), limit=limits.expanded)
    else:
        raise _RefusedError(Failed(Reason.BAD_ENCODING))
    return b"".join(parts)


def _capped(parts: Iterator[bytes], *, limit: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > limit:
            raise _RefusedError(Failed(Reason.TOO_LARGE))
        yield part


def _chunks(response: requests.Response, *, watch: Watch, limit: int) -> Iterator[bytes]:
    """The bytes as sent. A body shorter than announced raises in urllib3."""
    size = 0
    while chunk := _read(response):
        watch.left()
        size += len(chunk)
        if size > limit:
            raise _RefusedError(Failed(Reason.TOO_LARGE))
        yield chunk
    watch.left()


def _read(response: requests.Response) -> bytes:
    try:
        return response.raw.read(CHUNK, decode_content=False)
    except ValueError as error:  # a chunk of less than nothing
        raise _RefusedError(Failed(Reason.CUT_OFF)) from error


def _expand(chunks: Iterator[bytes], *, limit: int) -> Iterator[bytes]:
    """gzip (also of several members) and zlib, never more than a piece at a time."""
    inflate, members = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32), 1
    try:
        for chunk in chunks:
            data = chunk
            while data:
                if inflate.eof:
                    members += 1
                    if members > MAX_MEMBERS:
                        raise _RefusedError(Failed(Reason.TOO_LARGE))
                    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
                yield inflate.decompress(data, min(limit, 1_000_000))
                data = inflate.unconsumed_tail or inflate.unused_data
    except zlib.error as error:
        raise _RefusedError(Failed(Reason.BAD_ENCODING)) from error
    if not inflate.eof:
        raise _RefusedError(Failed(Reason.CUT_OFF))
