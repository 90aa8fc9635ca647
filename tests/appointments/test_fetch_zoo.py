"""A zoo of hostile servers over real sockets, and of hostile addresses: what each must lead to."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appointments import fetch
from appointments.fetch import Body, Failed, Reason, connection
from tests.appointments.hostile import OK, Hostile, Script, for_ever, hostile, says

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\n"
BOMB = gzip.compress(b"\0" * 200_000_000, 9)
NOT_READ = gzip.compress(b"\0" * 20_000_000)


def fetched(server: Hostile, **limits: float) -> fetch.Response:
    return fetch.fetch(server.url, allowed_addresses=[server.address], **limits)  # type: ignore[arg-type]


SLOW: dict[str, Script] = {
    "says nothing": lambda connection: threading.Event().wait(5),  # type: ignore[dict-item]
    "drips its status": for_ever(b"HTTP/1.1 2", b"0", pause=0.05),
    "drips a header": for_ever(OK + b"X: ", b"y", pause=0.05),
    "continues for ever": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01),
    "drips its body": for_ever(OK + b"Content-Length: 100000\r\n\r\n", b"x", pause=0.05),
    "drips a body of no length": for_ever(OK + b"\r\n", b"x", pause=0.05),
    "drips chunks": for_ever(CHUNKED, b"1\r\nx\r\n", pause=0.05),
    "drips a chunk's size": for_ever(CHUNKED, b"0", pause=0.05),
    "drips trailers": for_ever(CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n", pause=0.05),
    "drips gzip": for_ever(GZIP + b"\r\n" + NOT_READ[:10], NOT_READ[10:11], pause=0.05),
}


class TestSlowServers:
    @pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
    def test_a_server_that_takes_its_time_is_left_at_the_deadline(self, script: Script) -> None:
        with hostile(script) as server:
            before = time.monotonic()
            assert fetched(server, deadline=0.5) == Failed(Reason.DEADLINE)
            assert time.monotonic() - before < 1.5

    def test_one_that_drips_its_handshake_too(self) -> None:
        with hostile(for_ever(b"\x16\x03\x03\x40\x00", b"\x02", pause=0.05), tls=True) as server:
            before = time.monotonic()
            assert fetched(server, deadline=0.5) == Failed(Reason.DEADLINE)
            assert time.monotonic() - before < 1.5

    def test_the_deadline_holds_over_all_redirects_together(self) -> None:
        def slow_redirect(connection: socket.socket) -> None:
            time.sleep(0.3)
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")

        with hostile(slow_redirect) as server:
            assert fetched(server, deadline=0.5) == Failed(Reason.DEADLINE)


BAD: dict[str, tuple[Script, Reason]] = {
    "hangs up": (says(), Reason.UNREACHABLE),
    "answers in no protocol": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), Reason.UNREACHABLE),
    "answers without a head": (says(CALENDAR), Reason.UNREACHABLE),
    "has a header without end": (for_ever(OK + b"X: ", b"y" * 4096), Reason.UNREACHABLE),
    "has headers without end": (for_ever(OK, b"X: y\r\n" * 50), Reason.UNREACHABLE),
    "has a body without end": (for_ever(OK + b"\r\n", b"x" * 65_536), Reason.TOO_LARGE),
    "has chunks without end": (for_ever(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), Reason.TOO_LARGE),
    "has a chunk of endless size": (
        for_ever(CHUNKED + b"FFFFFFFFFFFFFFFF\r\n", b"x" * 65_536),
        Reason.TOO_LARGE,
    ),
    "has a chunk of no size": (says(CHUNKED, b"zzz\r\n", CALENDAR), Reason.CUT_OFF),
    "has a chunk of less than nothing": (says(CHUNKED, b"-5\r\n", CALENDAR), Reason.CUT_OFF),
    "ends in the middle of a chunk": (says(CHUNKED, b"100\r\nBEGIN"), Reason.CUT_OFF),
    "ends before the last chunk": (says(CHUNKED, b"5\r\nBEGIN\r\n"), Reason.CUT_OFF),
    "announces more than it sends": (says(OK, b"Content-Length: 99\r\n\r\nBEGIN"), Reason.CUT_OFF),
    "announces a petabyte": (
        for_ever(OK + b"Content-Length: 1000000000000000\r\n\r\n", b"x" * 65_536),
        Reason.TOO_LARGE,
    ),
    "announces two lengths": (
        says(OK, b"Content-Length: 5\r\nContent-Length: 30\r\n\r\n", CALENDAR),
        Reason.UNREACHABLE,
    ),
    "wraps its chunks": (
        says(OK, b"Transfer-Encoding: gzip, chunked\r\n\r\n", CALENDAR),
        Reason.BAD_ENCODING,
    ),
    "chunks in a spelling of its own": (
        says(OK, b"Transfer-Encoding: xchunked\r\n\r\n", CALENDAR),
        Reason.BAD_ENCODING,
    ),
    "sends a bomb": (says(GZIP, b"\r\n", BOMB), Reason.TOO_LARGE),
    "sends a bomb after a good part": (
        says(GZIP, b"\r\n", gzip.compress(CALENDAR), BOMB),
        Reason.TOO_LARGE,
    ),
    "sends a bomb in chunks": (
        says(GZIP, b"Transfer-Encoding: chunked\r\n\r\n", b"%X\r\n%s\r\n0\r\n\r\n" % (len(BOMB), BOMB)),
        Reason.TOO_LARGE,
    ),
    "sends a hundred thousand parts": (
        for_ever(GZIP + b"\r\n", gzip.compress(b"") * 1000),
        Reason.TOO_LARGE,
    ),
    "sends gzip with something behind it": (
        says(GZIP, b"\r\n", gzip.compress(CALENDAR), b"more"),
        Reason.BAD_ENCODING,
    ),
}


class TestBadAnswers:
    @pytest.mark.parametrize(("script", "reason"), BAD.values(), ids=BAD)
    def test_a_server_that_does_its_worst_costs_one_failure(self, script: Script, reason: Reason) -> None:
        with hostile(script) as server:
            before = time.monotonic()
            found = fetched(server, deadline=10, max_compressed=5_000_000, max_expanded=20_000_000)
            assert isinstance(found, Failed)
            assert found.reason == reason
            assert time.monotonic() - before < 5

    def test_a_length_too_short_gives_no_whole_calendar(self) -> None:
        with hostile(says(OK, b"Content-Length: 20\r\n\r\n", CALENDAR)) as server:
            found = fetched(server)
            assert isinstance(found, Body)
            assert found.content == CALENDAR[:20]

    def test_chunks_beat_a_length_beside_them(self) -> None:
        chunks = b"%X\r\n%s\r\n0\r\n\r\n" % (len(CALENDAR), CALENDAR)
        both = OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        with hostile(says(both, chunks)) as server:
            found = fetched(server)
            assert isinstance(found, Body)
            assert found.content == CALENDAR

    def test_gzip_in_gzip_is_expanded_once(self) -> None:
        """What comes out is no calendar, and is told so by the reader."""
        with hostile(says(GZIP, b"\r\n", gzip.compress(BOMB))) as server:
            found = fetched(server)
            assert isinstance(found, Body)
            assert found.content == BOMB

    @pytest.mark.parametrize("status", [b"302 Found", b"500 Oops", b"429 Later", b"204 Nothing"])
    def test_a_body_that_does_not_count_is_not_even_read(self, status: bytes) -> None:
        """A library would expand a redirect's body in memory, whatever it is."""
        head = b"HTTP/1.1 " + status + b"\r\nLocation: /again\r\nContent-Encoding: gzip\r\n"
        script = says(head, b"Content-Length: %d\r\n\r\n" % len(NOT_READ), NOT_READ)
        with hostile(script) as server:
            tracemalloc.start()
            try:
                assert isinstance(fetched(server), Failed)
                assert tracemalloc.get_traced_memory()[1] < 5_000_000
            finally:
                tracemalloc.stop()

    def test_validators_that_could_carry_more_than_themselves_are_not_kept(self) -> None:
        head = b'ETag: "a"\r\n X-Forged: yes\r\nLast-Modified: ' + b"x" * 100 + b"\r\n\r\n"
        with hostile(says(OK, head, CALENDAR)) as server:
            found = fetched(server)
            assert isinstance(found, Body)
            assert found.validators == fetch.Validators(etag='"a" X-Forged: yes')


LOCATIONS = {
    "another scheme": ("file:///etc/passwd", Reason.BAD_ADDRESS),
    "gopher": ("gopher://127.0.0.1:6379/_FLUSHALL", Reason.BAD_ADDRESS),
    "data": ("data:text/calendar,BEGIN:VCALENDAR", Reason.BAD_ADDRESS),
    "plain http": ("http://example.org/feed.ics", Reason.BAD_ADDRESS),
    "another port of this machine": ("http://127.0.0.1:6379/", Reason.BAD_ADDRESS),
    "a database's port": ("https://example.org:5432/", Reason.BAD_ADDRESS),
    "credentials": ("https://user:secret@example.org/", Reason.BAD_ADDRESS),
    "a metadata service": ("https://169.254.169.254/latest/meta-data", Reason.FORBIDDEN_ADDRESS),
    "another metadata service": ("https://168.63.129.16/machine", Reason.FORBIDDEN_ADDRESS),
    "this machine": ("https://localhost/", Reason.FORBIDDEN_ADDRESS),
    "this machine without a scheme": ("//127.0.0.1/", Reason.BAD_ADDRESS),
    "the house": ("https://10.0.0.1/", Reason.FORBIDDEN_ADDRESS),
    "a mapped address": ("https://[::ffff:10.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
    "webcal to this machine": ("webcal://127.0.0.1/", Reason.FORBIDDEN_ADDRESS),
    "a line break": ("https://127.0.0.1/\r\n X-Forged: yes", Reason.FORBIDDEN_ADDRESS),
    "a backslash": ("https://example.org\\@127.0.0.1/", Reason.BAD_ADDRESS),
    "no address": ("https://", Reason.BAD_ADDRESS),
    "an open bracket": ("https://[::1/", Reason.BAD_ADDRESS),
    "bytes that are no text": ("https://ex\xffample.org/", Reason.BAD_ADDRESS),
}


class TestRedirects:
    @pytest.mark.parametrize(("target", "reason"), LOCATIONS.values(), ids=LOCATIONS)
    def test_each_is_judged_as_if_it_had_been_pasted(self, target: str, reason: Reason) -> None:
        head = b"HTTP/1.1 302 Found\r\nLocation: " + target.encode("latin-1") + b"\r\n\r\n"
        with hostile(says(head)) as server:
            assert fetched(server, deadline=5) == Failed(reason)
            assert len(server.asked) == 1

    def test_a_chain_ends(self) -> None:
        with hostile(says(b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")) as server:
            assert fetched(server) == Failed(Reason.TOO_MANY_REDIRECTS)
            assert len(server.asked) == 4

    def test_what_a_location_smuggles_is_no_header_of_ours(self) -> None:
        target = b"/next%0D%0AX-Forged:%20yes"
        head = b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\n\r\n"
        with hostile(says(head)) as server:
            assert fetched(server) == Failed(Reason.TOO_MANY_REDIRECTS)
            assert b"GET " + target + b" HTTP/1.1\r\n" in server.asked[1]
            assert all(b"\r\nX-Forged" not in asked for asked in server.asked)

    def test_no_cookie_is_taken_along(self) -> None:
        with hostile(says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: who=you\r\n\r\n")) as server:
            fetched(server)
            assert all(b"cookie" not in asked.lower() for asked in server.asked)


ADDRESSES = {
    # Other ways to write an address of this machine or of the house
    "decimal": ("https://2130706433/", Reason.FORBIDDEN_ADDRESS),
    "octal": ("https://0177.0.0.1/", Reason.FORBIDDEN_ADDRESS),
    "hexadecimal": ("https://0x7f000001/", Reason.FORBIDDEN_ADDRESS),
    "mixed": ("https://0x0a.0.01/", Reason.FORBIDDEN_ADDRESS),
    "short": ("https://127.1/", Reason.FORBIDDEN_ADDRESS),
    "nothing": ("https://0/", Reason.FORBIDDEN_ADDRESS),
    "an address with a trailing dot": ("https://127.0.0.1./", Reason.UNREACHABLE),
    "wide digits": ("https://\uff11\uff12\uff17.0.0.1/", Reason.BAD_ADDRESS),
    "a wide dot": ("https://127。0。0。1/", Reason.BAD_ADDRESS),
    "a wide letter": ("https://prax\u0131\u017f.example/", Reason.BAD_ADDRESS),
    "mapped": ("https://[::ffff:127.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
    "mapped in hexadecimal": ("https://[::ffff:a9fe:a9fe]/", Reason.FORBIDDEN_ADDRESS),
    "translated": ("https://[::ffff:0:127.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
    "compatible": ("https://[::10.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
    "NAT64": ("https://[64:ff9b::10.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
    "6to4": ("https://[2002:a00:1::]/", Reason.FORBIDDEN_ADDRESS),
    "Teredo": ("https://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/", Reason.FORBIDDEN_ADDRESS),
    "ISATAP": ("https://[2606:4700::5efe:10.0.0.1]/", Reason.FORBIDDEN_ADDRESS),
    "site-local": ("https://[fec0::1]/", Reason.FORBIDDEN_ADDRESS),
    "a zone": ("https://[fe80::1%25eth0]/", Reason.BAD_ADDRESS),
    "a zone unescaped": ("https://[fe80::1%eth0]/", Reason.BAD_ADDRESS),
    "a future version": ("https://[v1.fe80::1]/", Reason.BAD_ADDRESS),
    # Services that give away what a machine may do
    "AWS": ("https://169.254.169.254/latest/meta-data/", Reason.FORBIDDEN_ADDRESS),
    "AWS over IPv6": ("https://[fd00:ec2::254]/", Reason.FORBIDDEN_ADDRESS),
    "Azure": ("https://168.63.129.16/", Reason.FORBIDDEN_ADDRESS),
    "Oracle": ("https://192.0.0.192/", Reason.FORBIDDEN_ADDRESS),
    "Alibaba": ("https://100.100.100.200/", Reason.FORBIDDEN_ADDRESS),
    # What is no address of a calendar
    "credentials": ("https://user:secret@example.org/", Reason.BAD_ADDRESS),
    "an empty user": ("https://@example.org/", Reason.BAD_ADDRESS),
    "a host behind a host": ("https://example.org@127.0.0.1/", Reason.BAD_ADDRESS),
    "a backslash": ("https://127.0.0.1\\.example.org/", Reason.BAD_ADDRESS),
    "an escaped host": ("https://%6c%6f%63%61%6c%68%6f%73%74/", Reason.BAD_ADDRESS),
    "a mail server's port": ("https://example.org:25/", Reason.BAD_ADDRESS),
    "port nought": ("https://example.org:0/", Reason.BAD_ADDRESS),
    "a port that is none": ("https://example.org:44e2/", Reason.BAD_ADDRESS),
    "plain http": ("http://example.org/", Reason.BAD_ADDRESS),
    "a file": ("file:///etc/passwd", Reason.BAD_ADDRESS),
    "a relative address": ("//example.org/", Reason.BAD_ADDRESS),
    "a space": ("https://exam ple.org/", Reason.BAD_ADDRESS),
    "a zero byte": ("https://127.0.0.1\x00.example.org/", Reason.BAD_ADDRESS),
    "a host too long": (f"https://{'a.' * 130}example/", Reason.BAD_ADDRESS),
    "a label too long": (f"https://{'a' * 70}.example/", Reason.BAD_ADDRESS),
}


class TestAddresses:
    @pytest.mark.parametrize(("url", "reason"), ADDRESSES.values(), ids=ADDRESSES)
    def test_none_is_connected_to(self, monkeypatch: pytest.MonkeyPatch, url: str, reason: Reason) -> None:
        connected: list[object] = []
        monkeypatch.setattr(socket.socket, "connect", lambda self, address: connected.append(address))
        assert fetch.fetch(url, deadline=20) == Failed(reason)
        assert connected == []

    @pytest.mark.parametrize("name", ["xn--mller-kva.example", "kalender.example", "a--b.example"])
    def test_a_name_is_judged_by_where_it_leads(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.leads_to(monkeypatch, "10.1.2.3")
        assert fetch.fetch(f"https://{name}/") == Failed(Reason.FORBIDDEN_ADDRESS)

    def leads_to(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
        """All names lead to these, the first time to the first."""
        asked: list[str] = []

        def resolve(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
            asked.append(host)
            given = addresses[min(len(asked), len(addresses)) - 1]
            family = socket.AF_INET6 if ":" in given else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (given, port or 443))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return asked

    def test_a_name_that_answers_differently_the_second_time_gains_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connected: list[str] = []

        def connect(self: socket.socket, address: tuple[str, int]) -> None:
            connected.append(address[0])
            raise ConnectionRefusedError

        asked = self.leads_to(monkeypatch, "93.184.215.14", "93.184.215.14", "127.0.0.1")
        monkeypatch.setattr(socket.socket, "connect", connect)
        assert fetch.fetch("https://rebind.example/") == Failed(Reason.UNREACHABLE)
        assert connected == ["93.184.215.14"]
        # Once for the name; what is asked afterwards is the address itself.
        assert asked == ["rebind.example", "93.184.215.14"]

    @pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "public"])
    def test_a_name_lookup_that_hangs_is_left_at_the_deadline(
        self, monkeypatch: pytest.MonkeyPatch, allowed: bool
    ) -> None:
        hanging = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: hanging.wait(30))
        before = time.monotonic()
        names = ["slow.example:443"] if allowed else []
        found = fetch.fetch("https://slow.example/", allowed_addresses=names, deadline=0.3)
        hanging.set()
        assert found == Failed(Reason.DEADLINE)
        assert time.monotonic() - before < 1

    def test_a_server_that_never_takes_the_call_is_left_at_the_deadline(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            host, port = full.getsockname()
            waiting = [socket.create_connection((host, port))]
            before = time.monotonic()
            address = f"{host}:{port}"
            found = fetch.fetch(f"http://{address}/", allowed_addresses=[address], deadline=0.5)
            assert found == Failed(Reason.DEADLINE)
            assert time.monotonic() - before < 1.5
            waiting[0].close()


def certificate(name: str, folder: Path) -> Path:
    """A certificate that signs itself, for a name or an address of this machine; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    known = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


def over_tls(file: Path) -> Script:
    def play(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(65_536)
            wrapped.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(CALENDAR) + CALENDAR)
            wrapped.recv(1)

    return play


class TestTrust:
    @pytest.fixture(autouse=True)
    def fresh(self) -> Iterator[None]:
        connection.trust.cache_clear()
        yield
        connection.trust.cache_clear()

    def test_a_certificate_that_nobody_vouches_for_is_insecure(self, tmp_path: Path) -> None:
        with hostile(over_tls(certificate("127.0.0.1", tmp_path)), tls=True) as server:
            assert fetched(server) == Failed(Reason.INSECURE)

    @pytest.mark.parametrize(("name", "good"), [("127.0.0.1", True), ("other.example", False)])
    def test_a_certificate_has_to_be_for_the_name_that_was_asked(
        self, tmp_path: Path, name: str, good: bool
    ) -> None:
        file = certificate(name, tmp_path)
        connection.trust().load_verify_locations(file)
        with hostile(over_tls(file), tls=True) as server:
            found = fetched(server)
        assert isinstance(found, Body) if good else found == Failed(Reason.INSECURE)


def test_nothing_of_a_fetch_is_left_behind(count_of_threads: Callable[[], int]) -> None:
    with hostile(says(OK, b"\r\n", CALENDAR)) as server:
        fetched(server)
        before = count_of_threads()
        for _ in range(20):
            fetched(server)
        assert count_of_threads() <= before


@pytest.fixture
def count_of_threads() -> Callable[[], int]:
    def count() -> int:
        time.sleep(0.2)
        ours = [one for one in threading.enumerate() if one.name.startswith(("name-lookup", "Thread-"))]
        return sum("_serve" not in one.name and "_listen" not in one.name for one in ours)

    return count
