"""What is done to a body before it goes to the child process costs no more than its length, whatever it holds."""

import contextlib
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from appointments import ical

HEAD, TAIL = b"BEGIN:VCALENDAR\r\n", b"END:VCALENDAR\r\n"
PUMPED = {
    "spaces in a name": lambda n: b"BEGIN:x" + b" " * n + b"x\r\n",
    "tabs and spaces at an end": lambda n: b"BEGIN:VEVENT" + b"\t " * n + b"x\r\nEND:VEVENT\r\n",
    "carriage returns": lambda n: b"BEGIN:VEVENT" + b"\r" * n + b"\r\n",
    "carriage returns between letters": lambda n: b"BEGIN:" + b"x\r" * n + b"\r\n",
    "empty lines": lambda n: b"\r\n" * n,
    "folds": lambda n: b"X:" + b"\r\n " * n + b"\r\n",
    "folds of a stamp": lambda n: b"DTSTAMP:" + b"\r\n " * n + b"\r\n",
    "stamps": lambda n: b"DTSTAMP:x\r\n" * (n // 10),
    "stamps without end": lambda n: b"DTSTAMP;" * (n // 8),
    "folded boundaries": lambda n: b"BEGI\r\n N:VEVENT\r\n" * (n // 16),
    "half a boundary": lambda n: b"B\r\n " * (n // 4),
    "colons": lambda n: b"BEGIN" + b":" * n + b"\r\n",
    "begins": lambda n: b"BEGIN:A\r\n" * (n // 9),
    "begins of events": lambda n: b"BEGIN:VEVENT\r\nBEGIN:A\r\n" * (n // 23),
    "ends": lambda n: b"BEGIN:VEVENT\r\n" + b"END:A\r\n" * (n // 7) + b"END:VEVENT\r\n",
    "deep nests": lambda n: (
        b"BEGIN:VEVENT\r\n" + b"BEGIN:A\r\n" * (n // 16) + b"END:A\r\n" * (n // 16) + b"END:VEVENT\r\n"
    ),
    "ends of what never began": lambda n: (
        b"BEGIN:VEVENT\r\n" + b"BEGIN:A\r\n" * (n // 18) + b"END:B\r\n" * (n // 18) + b"END:VEVENT\r\n"
    ),
    "zero bytes": lambda n: b"\x00" * n,
}


@pytest.mark.parametrize("pump", PUMPED.values(), ids=PUMPED)
def test_a_body_of_a_megabyte_is_cut_and_hashed_in_a_second(pump) -> None:  # type: ignore[no-untyped-def]
    body = HEAD + pump(1_000_000) + TAIL
    before = time.process_time()
    whole = ical.Body(body)
    quick = whole.cut_quickly()
    if quick is not None:
        quick.sound(range(len(quick.events)))
    with contextlib.suppress(ical.CalendarRefusedError):
        whole.cut()
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    "piece",
    [
        b"B\n",
        b"BE:\n",
        b"e\n ",
        b"EN\n",
        b"BEGIN:VEVENT\nEND:VEVENT\n",
        b"DTSTAMP:1\n \n ",
        b"DTSTAMP:\n",
        b"\r\n ",
        b"BEGIN:X\nEND:X\n",
    ],
)
def test_a_body_of_many_megabytes_takes_no_more_memory_than_several_of_it(piece: bytes) -> None:
    """The worker cuts, not a child whose memory has a limit."""
    body = (
        HEAD
        + b"BEGIN:VEVENT\r\nDTSTAMP:1"
        + piece * (30_000_000 // len(piece))
        + b"\r\nEND:VEVENT\r\n"
        + TAIL
    )
    forked = os.fork()
    if forked == 0:
        within = _data_held() + 15 * len(body)
        resource.setrlimit(resource.RLIMIT_DATA, (within, within))
        signal.alarm(30)
        try:
            whole = ical.Body(body)
            quick = whole.cut_quickly()
            if quick is not None:
                quick.sound(range(len(quick.events)))
            whole.cut()
        except ical.CalendarRefusedError:
            os._exit(0)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0


def _data_held() -> int:
    """Bytes of data that this process has already, whatever other tests left."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmData:"))) << 10
