"""One GET that is safe to point anywhere, against servers that do their worst."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from appointments import fetch
from appointments.fetch import Body, Failed, NotModified, Reason, Validators

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A feed's server on this machine; `paths` says what it does."""

    def __init__(self) -> None:
        self.paths: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.command, self.path, dict(self.headers)))
                self.close_connection = True
                outer.paths[self.path](self)

            def log_message(self, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                """Clients that hang up are what is tested."""

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def get(self, path: str, **limits: object) -> fetch.Response:
        return fetch.fetch(self.url(path), allowed_addresses=[self.address], now=NOW, **limits)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


class TestAnswers:
    def test_a_body_comes_whole_with_its_validators(self, server: Server) -> None:
        server.paths["/feed"] = answer(
            body=b"BEGIN", ETag='"1"', Last_Modified="Wed, 01 Jul 2026 08:00:00 GMT"
        )
        assert server.get("/feed") == Body(
            content=b"BEGIN",
            validators=Validators(etag='"1"', last_modified="Wed, 01 Jul 2026 08:00:00 GMT"),
        )

    def test_validators_are_sent_back_and_304_changes_nothing(self, server: Server) -> None:
        server.paths["/feed"] = answer(304)
        validators = Validators(etag='"1"', last_modified="Wed, 01 Jul 2026 08:00:00 GMT")
        assert server.get("/feed", validators=validators) == NotModified()
        ((method, _, headers),) = server.asked
        assert method == "GET"
        assert headers["If-None-Match"] == '"1"'
        assert headers["If-Modified-Since"] == "Wed, 01 Jul 2026 08:00:00 GMT"

    def test_a_304_that_nobody_asked_for_is_a_failure(self, server: Server) -> None:
        server.paths["/feed"] = answer(304)
        assert server.get("/feed") == Failed(Reason.UNEXPECTED_STATUS, status=304)

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (401, Reason.DENIED),
            (403, Reason.DENIED),
            (404, Reason.NOT_FOUND),
            (410, Reason.NOT_FOUND),
            (429, Reason.THROTTLED),
            (503, Reason.THROTTLED),
            (500, Reason.SERVER_ERROR),
            (204, Reason.UNEXPECTED_STATUS),
            (206, Reason.UNEXPECTED_STATUS),
        ],
    )
    def test_any_other_status_is_a_failure_with_its_reason(
        self, server: Server, status: int, reason: Reason
    ) -> None:
        server.paths["/feed"] = answer(status, Retry_After="120")
        assert server.get("/feed") == Failed(reason, status=status, retry_after=120)

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("120", 120),
            ("999999999", 86_400),
            ("Wed, 01 Jul 2026 08:05:00 GMT", 300),
            ("Wed, 01 Jul 2026 07:05:00 GMT", 0),
            ("soon", None),
            ("-3", None),
            ("", None),
        ],
    )
    def test_a_pause_is_understood_as_seconds_or_as_a_date(self, value: str, seconds: int | None) -> None:
        assert fetch.retry_after(value, now=NOW) == seconds


class TestBodies:
    def test_gzip_is_expanded_also_in_several_members(self, server: Server) -> None:
        body = gzip.compress(b"BEGIN:") + gzip.compress(b"VCALENDAR")
        server.paths["/feed"] = answer(body=body, Content_Encoding="gzip")
        found = server.get("/feed")
        assert isinstance(found, Body)
        assert found.content == b"BEGIN:VCALENDAR"

    def test_a_bomb_is_given_up_before_it_is_expanded(self, server: Server) -> None:
        bomb = gzip.compress(b"\0" * 50_000_000)
        server.paths["/feed"] = answer(body=bomb, Content_Encoding="gzip")
        assert server.get("/feed", max_expanded=1_000_000) == Failed(Reason.TOO_LARGE)

    def test_too_many_bytes_are_not_read(self, server: Server) -> None:
        server.paths["/feed"] = answer(body=b"x" * 300_000)
        assert server.get("/feed", max_compressed=100_000) == Failed(Reason.TOO_LARGE)

    def test_a_body_shorter_than_announced_is_cut_off(self, server: Server) -> None:
        server.paths["/feed"] = answer(body=b"BEGIN", length="5000")
        assert server.get("/feed") == Failed(Reason.CUT_OFF)

    def test_gzip_that_stops_in_the_middle_is_cut_off(self, server: Server) -> None:
        server.paths["/feed"] = answer(body=gzip.compress(b"x" * 5000)[:-9], Content_Encoding="gzip")
        assert server.get("/feed") == Failed(Reason.CUT_OFF)

    @pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip"])
    def test_an_encoding_that_is_none_is_a_failure(self, server: Server, encoding: str) -> None:
        server.paths["/feed"] = answer(body=b"plain", Content_Encoding=encoding)
        assert server.get("/feed") == Failed(Reason.BAD_ENCODING)


class TestDeadline:
    def drip(self, handler: BaseHTTPRequestHandler, *, headers: bool) -> None:
        if headers:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        else:
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    @pytest.mark.parametrize("headers", [True, False], ids=["in its headers", "in its body"])
    def test_a_server_that_drips_is_left_at_the_deadline(self, server: Server, headers: bool) -> None:
        server.paths["/feed"] = lambda handler: self.drip(handler, headers=headers)
        before = time.monotonic()
        assert server.get("/feed", deadline=0.5) == Failed(Reason.DEADLINE)
        assert time.monotonic() - before < 2


class TestRedirects:
    def test_three_are_followed_and_a_fourth_is_not(self, server: Server) -> None:
        for hop in range(4):
            server.paths[f"/{hop}"] = answer(302, Location=f"/{hop + 1}")
        server.paths["/4"] = answer(body=b"BEGIN")
        assert isinstance(server.get("/1"), Body)
        assert server.get("/0") == Failed(Reason.TOO_MANY_REDIRECTS)

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("https://127.0.0.1/", Reason.FORBIDDEN_ADDRESS),
            ("https://169.254.169.254/latest/meta-data", Reason.FORBIDDEN_ADDRESS),
            ("http://127.0.0.1:1/", Reason.BAD_ADDRESS),
            ("file:///etc/passwd", Reason.BAD_ADDRESS),
            ("https://user:secret@example.org/", Reason.BAD_ADDRESS),
        ],
    )
    def test_each_is_judged_again(self, server: Server, target: str, reason: Reason) -> None:
        server.paths["/feed"] = answer(302, Location=target)
        assert server.get("/feed") == Failed(reason)


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "168.63.129.16",
            "224.0.0.1",
            "192.88.99.1",
            "192.0.0.8",
            "240.0.0.1",
            "::",
            "::1",
            "::127.0.0.1",
            "::10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fec0::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "2606:4700::5efe:7f00:1",
            "2606:4700::200:5efe:127.0.0.1",
            "2606:4700::100:5efe:127.0.0.1",
            "2606:4700::300:5efe:127.0.0.1",
            "5f00::1",
            "3fff::1",
        ],
    )
    def test_what_is_not_the_public_internet_is_forbidden(self, address: str) -> None:
        assert not fetch.is_public(address)
        literal = f"[{address}]" if ":" in address else address
        assert fetch.fetch(f"https://{literal}/feed.ics", deadline=2) == Failed(Reason.FORBIDDEN_ADDRESS)

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700:4700::1111", "::ffff:93.184.215.14"])
    def test_the_public_internet_is_allowed(self, address: str) -> None:
        assert fetch.is_public(address)

    @pytest.mark.parametrize(
        "host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "[::ffff:7f00:1]", "0"]
    )
    def test_other_ways_to_write_this_machine_are_forbidden(self, host: str) -> None:
        assert fetch.fetch(f"https://{host}/", deadline=2) == Failed(Reason.FORBIDDEN_ADDRESS)

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.org/feed.ics",
            "https://example.org:8443/feed.ics",
            "https://user@example.org/feed.ics",
            "ftp://example.org/feed.ics",
            "https:///feed.ics",
            "https://exa mple.org/",
            "https://example.org:99999/",
            "",
            "feed.ics",
        ],
    )
    def test_an_address_that_may_not_be_asked_is_not_asked(self, url: str) -> None:
        assert fetch.fetch(url, deadline=2) == Failed(Reason.BAD_ADDRESS)

    def test_an_allowed_address_is_allowed_by_its_exact_port_only(self, server: Server) -> None:
        found = fetch.fetch(server.url("/feed"), allowed_addresses=["127.0.0.1:1"])
        assert found == Failed(Reason.BAD_ADDRESS)
        assert server.asked == []

    def test_webcal_is_https(self) -> None:
        assert fetch.normal(" webcal://example.org/feed.ics ") == "https://example.org/feed.ics"

    def test_a_name_is_resolved_once_and_connected_to_as_judged(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A name server that answers publicly first and privately the second time gains nothing."""
        answers = iter(["203.0.113.9", "93.184.215.14", "127.0.0.1"])
        connected: list[str] = []

        def resolve(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
            given = host if host[0].isdigit() else next(answers)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (given, port or 443))]

        def connect(self: socket.socket, address: tuple[str, int]) -> None:
            connected.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(socket.socket, "connect", connect)
        assert fetch.fetch("https://rebind.example/") == Failed(Reason.FORBIDDEN_ADDRESS)
        assert fetch.fetch("https://rebind.example/") == Failed(Reason.UNREACHABLE)
        assert connected == ["93.184.215.14"]

    def test_a_server_that_is_down_is_unreachable(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        found = fetch.fetch(f"http://{address}/", allowed_addresses=[address])
        assert found == Failed(Reason.UNREACHABLE)
