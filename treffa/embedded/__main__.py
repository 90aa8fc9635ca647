"""The command line: `with --name NAME -- CMD ...` and `up --name NAME [--speed N] [--tick S] [--quiet] [-- CMD ...]`."""

import argparse
import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

import psycopg

from treffa.embedded import postgres
from treffa.embedded.console import Console
from treffa.embedded.folder import CHECKOUT, AlreadyRunningError, Folder
from treffa.embedded.stack import Order, run_up, run_with
from treffa.embedded.supervisor import StoppedError, Supervisor, terminal_interrupts_children

TICK = 60.0
LONGEST_TICK, SHORTEST_TICK = 5.0, 1.0
Flow = Callable[[Supervisor, Order], Awaitable[int]]


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The words after `--` are the command."""
    before, command = list(argv), []
    if "--" in before:
        at = before.index("--")
        before, command = before[:at], before[at + 1 :]
    parser = argparse.ArgumentParser(prog="python -m treffa.embedded", description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode, text in (("with", "database and broker for one command"), ("up", "everything")):
        sub = modes.add_parser(mode, help=text)
        sub.add_argument("--name", required=True, help="the stack's name: its folder is var/NAME")
        sub.add_argument("--fresh", action="store_true", help="throw the folder's data away first")
        sub.add_argument("--quiet", action="store_true", help="the parts' lines go to var/NAME/log only")
        if mode == "up":
            sub.add_argument(
                "--speed", type=float, default=1, help="the clock's speed (60: an hour a minute)"
            )
            sub.add_argument("--tick", type=float, help="seconds between the worker's ticks")
    options = parser.parse_args(before)
    options.command = command
    if options.mode == "with" and not command:
        parser.error("with needs a command after --")
    if not options.name.isidentifier():
        parser.error("--name: letters, digits and underscores only")
    return options


def main(argv: Sequence[str]) -> int:
    options = parse(argv)
    with_command = options.mode == "with"
    console = Console(quiet=options.quiet or with_command)
    folder = Folder(name=options.name)
    try:
        folder.claim()
    except AlreadyRunningError as running:
        console.warn(str(running))
        return 1
    if options.fresh:
        clear(folder)
    tick = SHORTEST_TICK if with_command else options.tick
    if tick is None:
        tick = max(SHORTEST_TICK, min(LONGEST_TICK, TICK / options.speed))
    speed = 1 if with_command else options.speed
    order = Order(name=options.name, command=options.command, speed=speed, tick=tick)
    return asyncio.run(supervise(run_with if with_command else run_up, order, folder=folder, console=console))


def clear(folder: Folder) -> None:
    """Empties the folder, but for the lock that is held."""
    postgres.forget(folder)
    for path in folder.path.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    folder.make()


async def supervise(flow: Flow, order: Order, *, folder: Folder, console: Console) -> int:
    """Runs the flow until it ends, a part cannot be kept, or a signal comes; then stops everything."""
    supervisor = Supervisor(folder=folder, console=console, cwd=CHECKOUT)
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if supervisor.stopping:
            supervisor.kill()
        signals.put_nowait(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal, number)
    work = asyncio.ensure_future(flow(supervisor, order))
    signalled = asyncio.create_task(signals.get())
    ends: set[asyncio.Future[int] | asyncio.Future[None]] = {work, signalled, supervisor.failure}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    interrupted = signalled.done() and signalled.result() == signal.SIGINT and terminal_interrupts_children()
    if signalled.done():
        console.say("stopping")
    if not work.done():
        work.cancel()
    try:
        code = await outcome(work, supervisor=supervisor, console=console)
    finally:
        await supervisor.stop(interrupted=interrupted)
    if signalled.done():
        return 128 + signalled.result() if order.command else 0
    signalled.cancel()
    return code


async def outcome(work: asyncio.Future[int], *, supervisor: Supervisor, console: Console) -> int:
    """The flow's exit code; a failure is told in one line, with the part's last log lines below."""
    try:
        if supervisor.failure.done():
            await supervisor.failure
        return await work
    except asyncio.CancelledError:
        return 1
    except StoppedError as stopped:
        console.warn(f"{stopped}; stopping everything" + (", its last lines:" if stopped.log else ""))
        console.quote(part=stopped.part, lines=stopped.log)
    except (OSError, RuntimeError, psycopg.Error) as error:
        console.warn(f"{type(error).__name__}: {error}; stopping everything")
    return 1


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    sys.exit(main(sys.argv[1:]))
