"""The whole story comes to its end although the worker is killed in the middle of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.chaos.numbers import STORIES
from treffa.embedded.folder import CHECKOUT

OWN = ("DATABASE_", "REDIS_URL")
ENDS = {"ready", "overdue", "escalated", "once", "untouched", "sealed", "killed"}


@pytest.fixture
def name() -> Iterator[str]:
    name = f"story_{os.getpid()}"
    yield name
    shutil.rmtree(CHECKOUT / "var" / name, ignore_errors=True)


@pytest.mark.chaos
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, STORIES + 1))
def test_the_story_ends_well_although_a_worker_is_killed(name: str, seed: int) -> None:
    stack = (
        sys.executable,
        "-m",
        "treffa.embedded",
        "up",
        "--name",
        name,
        "--fresh",
        "--quiet",
        "--tick",
        "1",
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith(OWN)}
    done = subprocess.run(
        [*stack, "--", sys.executable, "-m", "tests.chaos.story", name, str(seed)],
        cwd=CHECKOUT,
        env=clean,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    steps = {json.loads(line)["step"] for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stdout + done.stderr
    assert steps >= ENDS
