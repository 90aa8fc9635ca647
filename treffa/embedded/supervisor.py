"""Keeps parts running: starts them, restarts what dies, stops all when one cannot be kept, leaves nothing behind."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from treffa.embedded.console import Console
from treffa.embedded.folder import Folder, write_private
from treffa.embedded.launcher import become_subreaper, descendants
from treffa.embedded.part import Part, Process, launch, lines

DEATHS = 3
WITHIN = 60.0
START_DEADLINE = 60.0
KEPT_LINES, LAST_LINES = 100, 15
INTERRUPT_GRACE = 15.0
INTERRUPTED = 128


class StoppedError(Exception):
    """The stack cannot go on; the text says why in one line, `log` has the part's last lines."""

    def __init__(self, reason: str, *, part: str = "", log: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.part = part
        self.log = tuple(log)


class Watch:
    """What the supervisor knows of one part."""

    def __init__(self, part: Part, *, shown: bool = True) -> None:
        self.part = part
        self.shown = shown
        self.process: Process | None = None
        self.ready = asyncio.Event()
        self.tail: deque[str] = deque(maxlen=KEPT_LINES)
        self.deaths: deque[float] = deque(maxlen=DEATHS)
        self.task: asyncio.Task[None] | None = None

    def last(self) -> Sequence[str]:
        """The lines to show with a failure."""
        return list(self.tail)[-LAST_LINES:]

    def too_often(self, *, now: float) -> bool:
        """Notes a death; the part died DEATHS times within WITHIN seconds."""
        self.deaths.append(now)
        return len(self.deaths) == DEATHS and now - self.deaths[0] < WITHIN


class Supervisor:
    """Use inside a running loop: `start` parts, `run` commands, `stop` in the end. `failure` is set when one fails."""

    def __init__(self, *, folder: Folder, console: Console, cwd: Path) -> None:
        self.folder = folder
        self.console = console
        self.cwd = cwd
        self._stopping = asyncio.Event()
        self.failure: asyncio.Future[StoppedError] = asyncio.get_running_loop().create_future()
        self._groups: list[list[Watch]] = []
        self._commands: set[Process] = set()
        become_subreaper()

    async def start(self, *parts: Part) -> None:
        """Starts the parts side by side, as one group, and waits until each answers."""
        group = [Watch(part) for part in parts]
        self._groups.append(group)
        for watch in group:
            watch.task = asyncio.create_task(self._keep(watch))
            watch.task.add_done_callback(partial(self._kept, watch))
        await asyncio.gather(*(self._until_ready(watch) for watch in group))

    async def run(self, part: Part, *, shown: bool = True) -> Sequence[str]:
        """Runs a one-off part to its end, its lines in the log; returns the last ones. StoppedError if it fails."""
        watch = Watch(part, shown=shown)
        watch.process = await launch(part, cwd=self.cwd, keep=self._keep_open())
        self._commands.add(watch.process)
        await self._read(watch)
        code = await watch.process.wait()
        self._commands.discard(watch.process)
        if code:
            raise StoppedError(f"{part.name} failed ({describe(code)})", part=part.name, log=watch.last())
        return list(watch.tail)

    async def foreground(self, argv: Sequence[str], *, env: Mapping[str, str]) -> int:
        """Runs a command on the caller's terminal; its exit code."""
        part = Part(name="command", argv=argv, env=env)
        process = await launch(part, cwd=self.cwd, keep=self._keep_open(), foreground=True)
        self._commands.add(process)
        code = await process.wait()
        self._commands.discard(process)
        return code

    async def stop(self, *, interrupted: bool = False) -> None:
        """Stops the commands, then the parts, latest group first. `interrupted`: commands had a Ctrl-C of their own."""
        self._stopping.set()
        ends = [process.wait() for process in self._commands]
        if interrupted:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*ends), INTERRUPT_GRACE)
            ends = [process.wait() for process in self._commands]
        for process in self._commands:
            process.tell("stop")
        await asyncio.gather(*ends)
        for group in reversed(self._groups):
            for watch in group:
                if watch.process:
                    watch.process.tell("stop")
            await asyncio.gather(*(watch.task for watch in group if watch.task), return_exceptions=True)

    def stopping(self) -> bool:
        return self._stopping.is_set()

    def kill(self) -> None:
        """Ends everything at once (a second Ctrl-C)."""
        for process in self._processes():
            process.tell("kill")

    def _watches(self) -> list[Watch]:
        return [watch for group in self._groups for watch in group]

    def _processes(self) -> list[Process]:
        return [watch.process for watch in self._watches() if watch.process] + list(self._commands)

    def _keep_open(self) -> Sequence[int]:
        return (self.folder.lock,) if self.folder.lock >= 0 else ()

    async def _until_ready(self, watch: Watch) -> None:
        part, began = watch.part, time.monotonic()
        while not watch.ready.is_set():
            if time.monotonic() - began > START_DEADLINE:
                raise StoppedError(f"{part.name} does not answer", part=part.name, log=watch.last())
            if await _answers(part):
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(watch.ready.wait(), 0.05)
        self.console.say(f"{part.name} is up ({time.monotonic() - began:.1f} s)")

    async def _keep(self, watch: Watch) -> None:
        """One part's life: run, and again when it dies; too often, and the whole stack fails."""
        name = watch.part.name
        while not self.stopping():
            watch.process = await launch(watch.part, cwd=self.cwd, keep=self._keep_open())
            if self.stopping():
                watch.process.tell("stop")
            self._write_pids()
            reading = asyncio.create_task(self._read(watch))
            if await watch.process.killed():
                self._sweep()
            await reading
            how = describe(await watch.process.wait())
            if self.stopping():
                return
            if watch.too_often(now=time.monotonic()):
                self._fail(
                    watch,
                    reason=f"{name} died {DEATHS} times within a minute (last: {how})",
                )
                return
            self.console.warn(f"{name} died ({how}), starting it again")

    def _fail(self, watch: Watch, *, reason: str) -> None:
        if not self.failure.done():
            self.failure.set_result(StoppedError(reason, part=watch.part.name, log=watch.last()))

    def _kept(self, watch: Watch, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error:
            self._fail(
                watch,
                reason=f"{watch.part.name} cannot be kept ({type(error).__name__}: {error})",
            )

    async def _read(self, watch: Watch) -> None:
        """Copies a process's lines to its log file and the console until all of it is gone."""
        part = watch.part
        assert watch.process and watch.process.launcher.stdout
        with (self.folder.logs / f"{part.name}.log").open("a", encoding="utf-8") as log:
            async for line in lines(watch.process.launcher.stdout):
                log.write(line + "\n")
                log.flush()
                watch.tail.append(line)
                if part.says and part.says in line:
                    watch.ready.set()
                if watch.shown:
                    self.console.log(part=part.name, line=line)

    def _write_pids(self) -> None:
        running = {watch.part.name: watch.process.pid for watch in self._watches() if watch.process}
        write_private(self.folder.parts, json.dumps({"supervisor": os.getpid(), **running}))

    def _sweep(self) -> None:
        """Kills what a killed launcher left: orphans become the supervisor's children."""
        known = {process.launcher.pid for process in self._processes()}
        for pid in descendants(os.getpid()):
            if pid not in known and parent_of(pid) == os.getpid():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


async def _answers(part: Part) -> bool:
    return part.answers is not None and await asyncio.to_thread(part.answers)


def parent_of(pid: int) -> int:
    """0 where there is no such process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def describe(code: int) -> str:
    """An exit code in words."""
    if code > INTERRUPTED:
        with contextlib.suppress(ValueError):
            return signal.Signals(code - INTERRUPTED).name
    return f"exit code {code}"


def terminal_interrupts_children() -> bool:
    """A Ctrl-C reaches the foreground command by itself."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False
