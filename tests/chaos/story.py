"""The smoke story with a worker that is killed in its middle: `python -m tests.chaos.story NAME SEED` below
`python -m treffa.embedded up --name NAME`. Hands on the story's lines and its exit code."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

from treffa.embedded.folder import Folder
from treffa.embedded.launcher import descendants

# Before the last ones, so that the worker still has something to do.
STEPS = ("booked", "assigned", "sent", "opened", "submitted", "accepted", "ready", "overdue")


def main(name: str, seed: str) -> int:
    chance = random.Random(int(seed))
    step, delay = chance.choice(STEPS), chance.uniform(0.0, 0.6)
    story = subprocess.Popen(
        [sys.executable, "manage.py", "smoke"], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert story.stdout
    for line in story.stdout:
        _say(line)
        if json.loads(line)["step"] == step:
            threading.Timer(delay, _kill_worker, (name, chance.random() < 0.5)).start()
    return story.wait()


def _kill_worker(name: str, parent: bool) -> None:
    """The worker's parent, or both of its children."""
    pid: int = json.loads(Folder(name=name).parts.read_text())["worker"]
    victims: Sequence[int] = [pid] if parent else descendants(pid)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    _say(json.dumps({"step": "killed", "parent": parent, "processes": len(victims)}) + "\n")


def _say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
