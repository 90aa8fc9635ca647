"""20 seconds and 1 GiB are the ceiling of `inspect_feed`, whatever it is given. As a process of its own, measured."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from appointments.management.commands import inspect_feed
from tests.appointments.feeds import Calendar
from tests.appointments.zoo import evil

SECONDS, KIBIBYTES = 20, 1024 * 1024


@dataclass
class Ran:
    code: int
    seconds: float
    kibibytes: int
    lines: list[dict[str, object]]
    errors: str

    @property
    def verdict(self) -> dict[str, object]:
        return self.lines[-1]


def run(source: str, folder: Path, **environment: str) -> Ran:
    """`inspect_feed --json` without a database or broker, its greatest memory the children's included."""
    nowhere = {
        name: "postgres://nobody@127.0.0.1:1/none"
        for name in os.environ
        if name.startswith("DATABASE_") and name.endswith("URL")
    }
    nowhere |= {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    before = time.monotonic()
    with (folder / "out").open("w+b") as out, (folder / "err").open("w+b") as err:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "inspect_feed", source, "--json"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **nowhere, **environment},
            stdout=out,
            stderr=err,
        )
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = [json.loads(line) for line in (folder / "out").read_text().splitlines()]
    errors = (folder / "err").read_text()
    return Ran(process.returncode, seconds, used.ru_maxrss, lines, errors)


def check(ran: Ran) -> None:
    assert ran.seconds < SECONDS
    assert ran.kibibytes < KIBIBYTES
    assert ran.errors == ""
    assert (ran.code, len(ran.lines) == 1) == (3, True) or ran.verdict["verdict"] == "ok"


def test_it_needs_neither_database_nor_broker(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    path.write_bytes(evil.HEAD + evil.event(1, "SUMMARY:Müller") + evil.TAIL)
    ran = run(str(path), tmp_path, PYTHONIOENCODING="ascii")
    assert (ran.code, ran.errors, ran.lines[0]["summary"]) == (0, "", "Müller")
    assert ran.verdict == {"verdict": "ok", "reason": "", "events": 1, "quarantined": 0}


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in ("/dev/zero", "/dev/stdin", str(tmp_path / "pipe"), str(tmp_path)):
        ran = run(source, tmp_path)
        check(ran)
        assert (ran.code, ran.verdict["reason"]) == (3, "not_a_file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    path.touch(mode=0)
    assert run(str(path), tmp_path).verdict["reason"] == "unreadable_file"


def test_who_reads_the_first_line_only_sees_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    path.write_bytes(b"".join(evil.bombs("SUMMARY:MRT", count=3000)))
    command = f"{sys.executable} manage.py inspect_feed {path} --json | head -n 1"
    ran = subprocess.run(
        ["/bin/sh", "-c", command], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["summary"] == "MRT"
    assert ran.stderr == ""


@pytest.mark.parametrize(
    ("redirected", "code", "said"), [(">&-", 0, ""), ("> /dev/full", 1, "the output can't be written")]
)
def test_an_output_that_takes_nothing_is_said_in_a_line(
    tmp_path: Path, redirected: str, code: int, said: str
) -> None:
    path = tmp_path / "feed.ics"
    path.write_bytes(evil.HEAD + evil.event(1) + evil.TAIL)
    command = f"{sys.executable} manage.py inspect_feed {path} --json {redirected}"
    ran = subprocess.run(["/bin/sh", "-c", command], cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert (ran.returncode, said in ran.stderr) == (code, True)
    assert "Traceback" not in ran.stderr


def test_who_ends_it_leaves_nothing_that_goes_on_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **__: object) -> None:
        while True:
            pass

    monkeypatch.setattr(inspect_feed, "lines_of", hang)
    forked = os.fork()
    if forked == 0:
        with contextlib.suppress(BaseException), (tmp_path / "out").open("w") as written:
            inspect_feed._inspect((b"", ""), "UTC", str, written, 0.3, 1 << 33)
        os._exit(1)
    before = time.monotonic()
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == -signal.SIGALRM
    assert time.monotonic() - before < 5


@pytest.mark.chaos
@pytest.mark.parametrize("kind", list(evil.FILES))
def test_no_file_of_100_megabytes_hangs_or_fills_the_memory(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    evil.write(kind, path)
    ran = run(str(path), tmp_path)
    path.unlink()
    check(ran)


@pytest.mark.chaos
def test_a_slow_address_ends_in_time(tmp_path: Path, calendar: Calendar) -> None:
    calendar.delay = 60
    ran = run(calendar.url, tmp_path, FEED_ALLOWED_ADDRESSES=calendar.address)
    check(ran)
    assert (ran.code, ran.verdict["reason"]) == (3, "deadline")
