"""A function in a child process: what it may take, what it may leave behind, and what comes back."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from practices import apart
from tests.practices import apart_jobs as jobs


def run(function: Any, *args: Any, seconds: float = 5, memory_bytes: int = 1 << 30, **options: Any) -> Any:
    work = partial(function, *args, **options)
    return apart.run(work, seconds=seconds, memory_bytes=memory_bytes, returns=[jobs.Found])


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    apart.end()


def processes(group: int) -> list[int]:
    """Those of a group that still run."""
    listed = subprocess.run(["ps", "-o", "stat=,pid=", "-g", str(group)], capture_output=True, text=True)
    found = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for state, pid in found if not state.startswith("Z")]


def pid_of_child() -> int:
    assert apart._child is not None
    return apart._child.process.pid


def test_a_result_comes_back_as_it_is() -> None:
    assert run(jobs.read, b"text", parts=3) == jobs.Found(
        text="text", at=datetime(2026, 7, 1, tzinfo=UTC), parts=("x", "x", "x")
    )


def test_a_hundred_megabytes_go_there_and_back() -> None:
    body = b"x" * 100_000_000
    assert len(run(jobs.read, body, seconds=20).text) == 100_000_000


def test_what_hangs_is_ended_and_the_next_call_goes_on() -> None:
    run(jobs.read, b"warm")
    before = time.monotonic()
    with pytest.raises(apart.TooCostlyError):
        run(jobs.hang, seconds=0.5)
    assert time.monotonic() - before < 2
    assert run(jobs.read, b"next").text == "next"


def test_what_does_not_hear_its_alarm_is_killed_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "GRACE", 1.0)
    for job in (jobs.hang_and_hold_on, jobs.fork_bomb_of_one):
        run(jobs.read, b"warm")
        group = pid_of_child()
        with pytest.raises(apart.TooCostlyError):
            run(job, seconds=0.3)
        time.sleep(0.2)
        assert processes(group) == []


def test_what_swells_up_is_ended_and_the_next_call_goes_on() -> None:
    with pytest.raises(apart.TooCostlyError):
        run(jobs.swell, memory_bytes=1 << 29)
    assert run(jobs.read, b"next").text == "next"


def test_what_breaks_its_process_costs_that_call_alone() -> None:
    with pytest.raises(apart.TooCostlyError):
        run(jobs.die)
    assert run(jobs.read, b"next").text == "next"


def test_an_error_comes_back_by_its_name_alone(caplog: Any) -> None:
    with pytest.raises(apart.RaisedError, match=r"^ZeroDivisionError$"):
        run(jobs.raise_a_secret)
    assert "Probefeld" not in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_nothing_of_one_call_is_there_in_the_next() -> None:
    assert run(jobs.remember, "a") == ["a"]
    child = pid_of_child()
    assert run(jobs.remember, "b") == ["b"]
    assert pid_of_child() == child


def test_it_knows_none_of_our_secrets_and_writes_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MASTER_KEYS", "secret")
    assert "MASTER_KEYS" not in run(jobs.environment)
    assert run(jobs.write, str(tmp_path / "file")) == "OSError"


def test_an_answer_can_not_run_code_here(tmp_path: Path) -> None:
    file = tmp_path / "owned"
    with pytest.raises(apart.TooCostlyError):
        run(jobs.take_over, str(file))
    assert not file.exists()
    with pytest.raises(apart.TooCostlyError):
        run(jobs.stranger)


def test_an_answer_too_many_is_not_the_next_calls() -> None:
    assert run(jobs.answer_twice) == "forged"
    with pytest.raises(apart.TooCostlyError):
        run(jobs.read, b"next")
    assert run(jobs.read, b"third").text == "third"


class TimeIsOverError(Exception):
    """As Celery raises one in a task whose time is over, wherever it is."""


def test_the_answer_to_a_call_that_was_interrupted_is_not_the_next_ones() -> None:
    def interrupt(*_: object) -> None:
        raise TimeIsOverError

    run(jobs.read, b"warm")
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeIsOverError):
            run(jobs.sleep, 0.6)
    finally:
        signal.signal(signal.SIGALRM, before)
    time.sleep(0.6)
    assert run(jobs.read, b"next").text == "next"


def test_a_process_that_was_forked_during_a_call_does_not_wait_for_it() -> None:
    with ThreadPoolExecutor(1) as caller:
        calling = caller.submit(run, jobs.sleep, 1.5)
        time.sleep(0.3)
        forked = os.fork()
        if forked == 0:
            signal.alarm(20)
            good = run(jobs.read, b"forked", seconds=1).text == "forked"
            apart.end()
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
        assert calling.result() == "slept"


def test_calls_at_once_wait_for_each_other() -> None:
    with ThreadPoolExecutor(8) as callers:
        found = list(callers.map(lambda n: run(jobs.read, str(n).encode()).text, range(24)))
    assert found == [str(n) for n in range(24)]


def test_a_child_that_was_killed_meanwhile_is_replaced() -> None:
    run(jobs.read, b"warm")
    os.kill(pid_of_child(), 9)
    time.sleep(0.2)
    assert run(jobs.read, b"next").text == "next"


def test_a_forked_process_has_a_child_of_its_own() -> None:
    run(jobs.read, b"warm")
    before = pid_of_child()
    forked = os.fork()
    if forked == 0:
        good = run(jobs.read, b"forked").text == "forked" and pid_of_child() != before
        apart.end()
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    assert run(jobs.read, b"next").text == "next"
    assert pid_of_child() == before


def test_it_goes_when_its_owner_does() -> None:
    code = (
        "import os, signal, functools; from practices import apart; from tests.practices import apart_jobs as jobs;"
        "apart.run(functools.partial(jobs.read, b''), seconds=5, memory_bytes=1<<30, returns=[jobs.Found]);"
        "print(apart._child.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    time.sleep(0.3)
    assert processes(int(owner.stdout)) == []


def test_a_warm_call_costs_a_few_milliseconds() -> None:
    """Held loosely, as machines differ; `bench fleet` has the figure."""

    def cpu() -> float:
        spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in spent)

    run(jobs.read, b"warm")
    apart.end()
    run(jobs.read, b"warm")
    before = cpu()
    for _ in range(50):
        run(jobs.read, b"x" * 10_000)
    apart.end()
    assert (cpu() - before) / 50 < 0.05
