"""A stack's lifetime: the flow that starts it, the signals that end it, the failure that stops it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import psycopg

from treffa.embedded.console import Console
from treffa.embedded.folder import CHECKOUT, Folder
from treffa.embedded.supervisor import (
    StoppedError,
    Supervisor,
    terminal_interrupts_children,
)

Flow = Callable[[Supervisor], Awaitable[int]]


async def supervise(flow: Flow, *, folder: Folder, console: Console, endless: bool) -> int:
    """Runs the flow until it ends, a part cannot be kept, or a signal comes; then stops everything.

    Returns the flow's exit code. A signal gives 128 + N, or 0 where it is the ordinary end (`endless`).
    """
    supervisor = Supervisor(folder=folder, console=console, cwd=CHECKOUT)
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if supervisor.stopping():
            supervisor.kill()
        signals.put_nowait(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal, number)
    work = asyncio.ensure_future(flow(supervisor))
    signalled = asyncio.create_task(signals.get())
    ends: set[asyncio.Future[int] | asyncio.Future[StoppedError]] = {
        work,
        signalled,
        supervisor.failure,
    }
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    ended_by = signalled.result() if signalled.done() else 0
    if ended_by:
        console.say("stopping")
    if not work.done():
        work.cancel()
    try:
        code = await outcome(work, supervisor=supervisor, console=console)
    finally:
        signalled.cancel()
        await supervisor.stop(interrupted=ended_by == signal.SIGINT and terminal_interrupts_children())
        if supervisor.failure.done():  # once more, below what the other parts said while they stopped
            console.warn(f"that is why everything stopped: {supervisor.failure.result()}")
    if ended_by:
        return 0 if endless else 128 + ended_by
    return code


async def outcome(work: asyncio.Future[int], *, supervisor: Supervisor, console: Console) -> int:
    """The flow's exit code; a failure is told in one line, with the part's last log lines below."""
    try:
        if supervisor.failure.done():
            raise supervisor.failure.result()
        return await work
    except asyncio.CancelledError:
        return 1
    except StoppedError as stopped:
        console.warn(f"{stopped}; stopping everything" + (", its last lines:" if stopped.log else ""))
        console.quote(part=stopped.part, lines=stopped.log)
    except (OSError, RuntimeError, psycopg.Error) as error:
        console.warn(f"{type(error).__name__}: {error}; stopping everything")
    return 1
