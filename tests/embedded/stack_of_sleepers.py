"""A stack of small fake parts, run as a process of its own: `stack_of_sleepers.py ROOT SCENARIO`."""

import asyncio
import sys
from pathlib import Path

from treffa.embedded.console import Console
from treffa.embedded.folder import AlreadyRunningError, Folder
from treffa.embedded.lifetime import supervise
from treffa.embedded.part import Part
from treffa.embedded.supervisor import Supervisor

FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else signal.SIG_DFL)
child = "import time; time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child, "treffa-grandchild"], start_new_session=True)
print("family is ready", flush=True)
time.sleep(600)
"""
MORTAL = "import sys; print('no luck today'); sys.exit(7)"


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]


async def family(supervisor: Supervisor) -> int:
    """A part with a grandchild in a session of its own, and one that ignores SIGTERM."""
    await supervisor.start(
        Part(name="family", argv=python(FAMILY), says="ready"),
        Part(name="stubborn", argv=python(FAMILY, "stubborn"), says="ready", grace=0.3),
    )
    sys.stdout.write("all up\n")
    sys.stdout.flush()
    return await asyncio.Event().wait() and 0


async def mortal(supervisor: Supervisor) -> int:
    await supervisor.start(Part(name="family", argv=python(FAMILY), says="ready"))
    await supervisor.start(Part(name="mortal", argv=python(MORTAL), says="never said"))
    return 0


async def command(supervisor: Supervisor) -> int:
    await supervisor.start(Part(name="family", argv=python(FAMILY), says="ready"))
    return await supervisor.foreground(python("import sys; sys.exit(5)"), env={})


async def one_off(supervisor: Supervisor) -> int:
    await supervisor.run(Part(name="migrate", argv=python(MORTAL)))
    return 0


def main(root: str, scenario: str) -> int:
    folder = Folder(name="sleepers", root=Path(root))
    try:
        folder.claim()
    except AlreadyRunningError as running:
        sys.stderr.write(f"{running}\n")
        return 1
    flow = {"family": family, "mortal": mortal, "command": command, "one_off": one_off}[scenario]
    return asyncio.run(
        supervise(
            flow,
            folder=folder,
            console=Console(quiet=False),
            endless=scenario == "family",
        )
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
