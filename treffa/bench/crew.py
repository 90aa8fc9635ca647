"""Real worker processes for a benchmark, on the database and the broker at hand."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from treffa.bench.worker import QUEUE
from treffa.embedded import commands

START_S = 60.0


def database_url() -> str:
    """The database of this very process: in the tests, the one made for them."""
    own = connection.settings_dict
    login = f"{own['USER']}:{quote(own['PASSWORD'])}"
    return f"postgres://{login}@{own['HOST']}:{own['PORT']}/{own['NAME']}"


@contextmanager
def workers(*, queue: str, env: Mapping[str, str]) -> Iterator[None]:
    """The product's worker command, with the benchmark's tasks, on a queue of its own."""
    words = list(commands.WORKER)
    words[words.index("-A") + 1] = "treffa.bench.worker"
    words[words.index("-Q") + 1] = queue
    given = {**os.environ, **commands.WORKER_ENVIRONMENT, "DATABASE_URL": database_url(), QUEUE: queue, **env}
    with tempfile.TemporaryDirectory(prefix="treffa-bench-") as folder:
        log = Path(folder) / "worker.log"
        with log.open("wb") as lines:
            process = subprocess.Popen(
                [sys.executable, "-m", *words, "-n", queue], env=given, stdout=lines, stderr=lines
            )
        try:
            _wait(process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends = time.monotonic() + START_S
    while " ready." not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > ends:
            raise RuntimeError(f"the worker did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
