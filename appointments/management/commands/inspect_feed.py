"""`manage.py inspect_feed PATH_OR_URL --json`: what Treffa reads in a calendar. Needs neither database nor broker.

The file may be anybody's: it is read in a child process of limited memory that is killed at its time's end, and what
that found is shown only when it is complete, for a calendar is read as a whole or refused.
"""

import io
import json
import multiprocessing
import os
import resource
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments import fetch, ical
from appointments.ical.zones import named
from practices import clock

REFUSED = 3
SECONDS = 12
FETCH_SECONDS = 7
MEMORY_BYTES = 1_000_000_000
FORK = multiprocessing.get_context("fork")

Line = dict[str, object]
# The calendar's bytes, and why there are none.
Body = tuple[bytes, str]


class Command(BaseCommand):
    help = "Shows what Treffa reads in a calendar: one line an event, the verdict last. Exit 3: refused."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="PATH_OR_URL")
        parser.add_argument("--zone", default="Europe/Berlin", help="the practice's time zone")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *, source: str, zone: str, json: bool, **options: Any) -> None:
        if named(zone) is None:
            raise CommandError(f"--zone: {zone} is no time zone")
        shown = _as_json if json else _as_text
        with tempfile.TemporaryFile("w+", encoding="utf-8") as written:
            code = _inspect_within_limits(source, zone=zone, shown=shown, written=written)
            written.seek(0)
            self._show(written)
        if code:
            raise SystemExit(code)

    def _show(self, written: IO[str]) -> None:
        if sys.stdout is None:  # closed before we came
            return
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        try:
            for line in written:
                self.stdout.write(line, ending="")
            self.stdout.flush()
        except OSError as error:
            # What is left in the buffer must not fail at the interpreter's end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):  # nobody reads on (`| head`)
                raise CommandError(f"the output can't be written: {error.strerror}") from None


def _inspect_within_limits(source: str, *, zone: str, shown: Callable[[Line], str], written: IO[str]) -> int:
    """The exit code; the lines are in the file."""
    ends = time.monotonic() + SECONDS - _started_for()
    fetched = _fetch(source) if "://" in source else None
    # What is fetched is there twice, here and there.
    memory = MEMORY_BYTES - (len(fetched[0]) if fetched else 0)
    seconds = max(1, ends - time.monotonic())
    child = FORK.Process(
        target=_inspect, args=(fetched or partial(_read, source), zone, shown, written, seconds, memory)
    )
    child.start()
    child.join(seconds)
    child.kill()
    child.join()
    if child.exitcode in (0, REFUSED):
        return child.exitcode
    written.seek(0)
    written.truncate()
    written.write(shown(_verdict("too_costly")))
    return REFUSED


def _started_for() -> float:
    """Seconds that this process took to get here, which on a busy machine may be many; a test that calls the command
    has no such start."""
    if sys.argv[1:2] != ["inspect_feed"]:
        return 0
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return max(0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def _inspect(
    source: Body | Callable[[], Body],
    zone: str,
    shown: Callable[[Line], str],
    written: IO[str],
    seconds: float,
    memory: int,
) -> None:
    """The child's work. Whatever ends it but these two codes is the parent's to tell."""
    # Who ends the parent leaves nothing that goes on.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        verdict: Line = {}
        for verdict in lines_of(source() if callable(source) else source, zone=zone):
            written.write(shown(verdict))
        written.flush()
    except MemoryError:
        os._exit(1)
    os._exit(REFUSED if verdict["verdict"] == "refused" else 0)


def lines_of(source: Body, *, zone: str) -> Iterator[Line]:
    """What is shown, the verdict last."""
    body, reason = source
    calendar = ical.Calendar(refused=None) if reason else ical.read(body, zone=zone, window=None)
    reason = reason or (calendar.refused.value if calendar.refused else "")
    yield from map(_event, calendar.events)
    for lost in calendar.quarantined:
        yield {"quarantined": lost.reason, "uid": lost.uid, "excerpt": lost.excerpt}
    yield _verdict(reason, events=len(calendar.events), quarantined=len(calendar.quarantined))


def _verdict(reason: str, *, events: int = 0, quarantined: int = 0) -> Line:
    return {
        "verdict": "refused" if reason else "ok",
        "reason": reason,
        "events": events,
        "quarantined": quarantined,
    }


def _as_json(line: Line) -> str:
    # ASCII, whatever the terminal's encoding; and nothing in it that some take for the end of a line.
    return f"{json.dumps(line)}\n"


def _as_text(line: Line) -> str:
    said = (f"{name}={value}" for name, value in line.items() if value not in ("", []))
    return f"{' '.join('  '.join(said).splitlines())}\n"


def _fetch(url: str) -> Body:
    """Before the child is made, which has none of the threads that a name is looked up in."""
    allowed = settings.FEED_ALLOWED_ADDRESSES
    response = fetch.fetch(url, allowed_addresses=allowed, deadline=FETCH_SECONDS, now=clock.now())
    if isinstance(response, fetch.Body):
        return response.content, ""
    return b"", response.reason.value if isinstance(response, fetch.Failed) else "unexpected_status"


def _read(name: str) -> Body:
    path = Path(name)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return b"", "not_a_file"
        if found.st_size > ical.MAX_BYTES:
            return b"", ical.Refusal.TOO_LARGE.value
        return path.read_bytes(), ""
    except (OSError, ValueError):
        return b"", "unreadable_file"


def _event(event: ical.Event) -> Line:
    return {
        "uid": event.uid,
        "recurrence_id": event.recurrence_id,
        "start": event.day.isoformat() if event.day else _utc(event.start),
        "end": event.last_day.isoformat() if event.last_day else _utc(event.end),
        "all_day": event.all_day,
        "status": event.status,
        "sequence": event.sequence,
        "summary": event.summary,
        "problems": list(event.problems),
    }


def _utc(moment: datetime) -> str:
    return f"{moment.year:04d}{moment.astimezone(UTC):-%m-%dT%H:%M:%SZ}"
