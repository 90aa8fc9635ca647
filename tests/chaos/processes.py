"""The processes of a world at work: workers, beats and a broker of their own, to be killed at any moment."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.db import OperationalError, connection

from treffa.embedded import commands
from treffa.embedded.launcher import descendants
from treffa.embedded.ports import HOST, Ports
from treffa.embedded.redis import pong, redis_part, redis_url

START_S = 40.0
PASSWORD = "chaos"


class Running:
    """A process in a session of its own, its lines in a file."""

    def __init__(
        self, argv: list[str], *, env: Mapping[str, str], log: Path, stdin: bytes | None = None
    ) -> None:
        self._log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                argv,
                env={**os.environ, **env},
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if self._process.stdin is not None:
            self._process.stdin.write(stdin or b"")
            self._process.stdin.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def says(self, text: str) -> bool:
        """Whether its log holds the text."""
        return text in self._log.read_text(errors="replace")

    def kill(self) -> None:
        """The process alone; its children find out by themselves."""
        self._process.kill()
        self._process.wait()

    def kill_child(self, chance: random.Random) -> None:
        """One of its children, if it has any yet."""
        children = descendants(self.pid)
        if children:
            _kill(chance.choice(children))

    def kill_all(self) -> None:
        """The process and whatever is left of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Broker(Running):
    """A Redis of the world's own, so that worlds side by side do not take each other's tasks."""

    def __init__(self, folder: Path) -> None:
        ports = Ports()
        self._port, self._folder = ports.take(part="redis"), folder
        ports.release()
        self.url = redis_url(port=self._port, password=PASSWORD)
        self.start()

    def start(self) -> None:
        """Empty, as it keeps nothing on disk."""
        part = redis_part(folder=self._folder, port=self._port, password=PASSWORD)
        super().__init__(list(part.argv), env={}, log=self._folder / "redis.log", stdin=part.stdin)
        until("Redis", lambda: pong(port=self._port, password=PASSWORD))

    def flush(self) -> None:
        """Forgets every task."""
        with socket.create_connection((HOST, self._port), timeout=5) as connection:
            connection.sendall(f"AUTH {PASSWORD}\r\nFLUSHALL\r\n".encode())
            connection.recv(64)


class Crew:
    """So many workers and beats. `restore` replaces those that died, as a supervisor would."""

    def __init__(self, *, env: Mapping[str, str], folder: Path, workers: int, beats: int) -> None:
        self._env = {**env, **commands.WORKER_ENVIRONMENT}
        self._folder = folder
        self._started = 0
        self._gone: list[Running] = []
        self.beats = [self._beat() for _ in range(beats)]
        self.workers = [self._worker() for _ in range(workers)]
        until("workers", lambda: all(worker.says(" ready.") for worker in self.workers))

    def restore(self) -> None:
        """Starts anew what died; does not wait for it."""
        self._gone += [worker for worker in self.workers if not worker.alive()]
        self.workers = [worker if worker.alive() else self._worker() for worker in self.workers]
        self.beats = [beat if beat.alive() else self._beat() for beat in self.beats]

    def hit(self, chance: random.Random) -> None:
        """A SIGKILL for a worker's parent, for one of its children, for all of them at once, or for a beat."""
        worker = chance.choice(self.workers)
        how = chance.choice(("parent", "child", "all", "beat"))
        if how == "child":
            worker.kill_child(chance)
        elif how == "parent":
            worker.kill()
        elif how == "all":
            worker.kill_all()
        else:
            chance.choice(self.beats).kill()

    def stop(self) -> None:
        for one in (*self.workers, *self.beats, *self._gone):
            one.kill_all()

    def _worker(self) -> Running:
        name = ("-n", f"worker{self._number()}@{os.getpid()}")
        return self._run("worker", [*_python(commands.WORKER), *name])

    def _beat(self) -> Running:
        schedule = str(self._folder / f"beat{self._number()}")
        return self._run("beat", _python(commands.beat(schedule=schedule)))

    def _run(self, kind: str, argv: list[str]) -> Running:
        return Running(argv, env=self._env, log=self._folder / f"{kind}{self._started}.log")

    def _number(self) -> int:
        self._started += 1
        return self._started


def crash_database() -> None:
    """One of Postgres' own processes gets SIGKILL: it ends all sessions, recovers from its log and starts anew. Waits until
    it answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    _kill(backend)
    until("Postgres", _answers)


def _answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


def until(what: str, done: Callable[[], bool]) -> None:
    """Waits for what has just been started."""
    end = time.monotonic() + START_S
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not up within {START_S:.0f} s")
        time.sleep(0.05)


def _python(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", *command]


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
