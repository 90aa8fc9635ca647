"""The command line: `with --name NAME -- CMD ...`, `clean` and `up --name NAME [--speed N] [--tick S] [--quiet] [-- CMD ...]`."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from treffa.embedded import postgres
from treffa.embedded.console import Console
from treffa.embedded.folder import CHECKOUT, VAR, AlreadyRunningError, Folder
from treffa.embedded.lifetime import supervise
from treffa.embedded.stack import DEMO, Order, run_up, run_with

TICK = 60.0
LONGEST_TICK, SHORTEST_TICK = 5.0, 1.0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The words after `--` are the command."""
    before, command = list(argv), []
    if "--" in before:
        at = before.index("--")
        before, command = before[:at], before[at + 1 :]
    parser = argparse.ArgumentParser(prog="python -m treffa.embedded", description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode, text in (
        ("with", "database and broker for one command"),
        ("up", "everything"),
    ):
        sub = modes.add_parser(mode, help=text)
        sub.add_argument("--name", required=True, help="the stack's name: its folder is var/NAME")
        sub.add_argument("--fresh", action="store_true", help="throw the folder's data away first")
        sub.add_argument(
            "--quiet",
            action="store_true",
            help="the parts' lines go to var/NAME/log only",
        )
        if mode == "up":
            sub.add_argument(
                "--speed",
                type=float,
                default=1,
                help="the clock's speed (60: an hour a minute)",
            )
            sub.add_argument("--tick", type=float, help="seconds between the worker's ticks")
            sub.add_argument(
                "--seed",
                action="store_true",
                help="with the demo's practices (the stack named demo has them always)",
            )
            sub.add_argument("--at", type=datetime.fromisoformat, help="the time to begin at (else: now)")
    modes.add_parser("clean", help="throw away every stack's data, but for those that run")
    options = parser.parse_args(before)
    options.command = command
    if options.mode == "clean":
        return options
    if options.mode == "with" and not command:
        parser.error("with needs a command after --")
    if not options.name.isidentifier():
        parser.error("--name: letters, digits and underscores only")
    return options


def main(argv: Sequence[str]) -> int:
    options = parse(argv)
    if options.mode == "clean":
        return clean(VAR)
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
    order = Order(
        name=options.name,
        command=options.command,
        speed=speed,
        tick=tick,
        seeded=not with_command and (options.seed or options.name == DEMO),
        at=None if with_command else options.at,
    )
    run = run_with if with_command else run_up
    return asyncio.run(
        supervise(
            lambda it: run(it, order),
            folder=folder,
            console=console,
            endless=not order.command,
        )
    )


def clean(root: Path) -> int:
    """Removes the folders below `root`; 1 if a stack that runs keeps its own."""
    kept = 0
    for path in sorted(root.glob("*/lock")):
        folder = Folder(name=path.parent.name, root=root)
        try:
            folder.claim()
        except AlreadyRunningError as running:
            Console(quiet=False).warn(f"{running}; its data stays")
            kept = 1
            continue
        postgres.forget(folder)
        shutil.rmtree(folder.path)
    return kept


def clear(folder: Folder) -> None:
    """Empties the folder, but for the lock that is held."""
    postgres.forget(folder)
    for path in folder.path.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    folder.make()


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    sys.exit(main(sys.argv[1:]))
