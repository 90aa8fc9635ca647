"""The supervisor over small fake parts: what it restarts, when it gives up, and that nothing outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from treffa.embedded.folder import CHECKOUT
from treffa.embedded.launcher import descendants

SCRIPT = Path(__file__).with_name("stack_of_sleepers.py")
Stack = subprocess.Popen[str]


@contextmanager
def stack(root: Path, scenario: str) -> Iterator[Stack]:
    running = subprocess.Popen(
        [sys.executable, SCRIPT, root, scenario],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def is_up(running: Stack) -> None:
    assert running.stdout
    assert running.stdout.readline() == "all up\n"


def pids(root: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((root / "sleepers" / "parts.json").read_text())
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def gone_within(seconds: float, processes: list[int]) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in processes if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_is_left_after_the_supervisor_is_told_to_go(
    tmp_path: Path, number: signal.Signals
) -> None:
    with stack(tmp_path, "family") as running:
        is_up(running)
        below = descendants(running.pid)
        assert len(below) == 6  # two launchers, two parts, two grandchildren
        running.send_signal(number)
        code = running.wait(timeout=10)
        assert gone_within(3, below) == []
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)


def test_a_killed_part_is_started_again_and_its_children_go_with_it(
    tmp_path: Path,
) -> None:
    with stack(tmp_path, "family") as running:
        is_up(running)
        first = pids(tmp_path)["family"]
        below = descendants(first)
        os.kill(first, signal.SIGKILL)
        assert gone_within(3, [first, *below]) == []
        assert running.stderr
        said = ""
        while "starting it again" not in said:
            said = running.stderr.readline()
        assert "family died (SIGKILL)" in said
        while "family is ready" not in said:
            said = running.stderr.readline()
        assert pids(tmp_path)["family"] != first


def test_a_killed_launcher_leaves_nothing_of_its_part(tmp_path: Path) -> None:
    with stack(tmp_path, "family") as running:
        is_up(running)
        part = pids(tmp_path)["family"]
        below = descendants(part)
        launcher = int(Path(f"/proc/{part}/stat").read_bytes().rpartition(b")")[2].split()[1])
        os.kill(launcher, signal.SIGKILL)
        assert gone_within(3, [part, *below]) == []


def test_three_deaths_within_a_minute_stop_all_and_say_why(tmp_path: Path) -> None:
    with stack(tmp_path, "mortal") as running:
        _, said = running.communicate(timeout=15)
        assert running.returncode == 1
        below = [pid for pid in pids(tmp_path).values() if alive(pid)]
    reason = [line for line in said.splitlines() if "stopping everything" in line]
    assert len(reason) == 1
    assert "mortal died 3 times within a minute (last: exit code 7)" in reason[0]
    assert "mortal: no luck today" in said
    assert below == []


def test_a_step_that_fails_stops_all_and_shows_its_last_lines(tmp_path: Path) -> None:
    with stack(tmp_path, "one_off") as running:
        _, said = running.communicate(timeout=15)
        assert running.returncode == 1
    assert "migrate failed (exit code 7)" in said
    assert "migrate: no luck today" in said


def test_a_commands_exit_code_is_handed_through_and_the_parts_stop(
    tmp_path: Path,
) -> None:
    with stack(tmp_path, "command") as running:
        running.communicate(timeout=15)
        assert running.returncode == 5
    assert [pid for pid in pids(tmp_path).values() if alive(pid)] == []


def test_a_second_start_of_the_same_name_says_who_runs_and_a_stale_lock_heals(
    tmp_path: Path,
) -> None:
    with stack(tmp_path, "family") as running:
        is_up(running)
        with stack(tmp_path, "family") as second:
            _, said = second.communicate(timeout=10)
            assert second.returncode == 1
        assert f"sleepers is running already (pid {running.pid})" in said
    with stack(tmp_path, "family") as third:
        is_up(third)
