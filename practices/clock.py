"""The only reader of the clock. Views and tasks call `now()` once and pass it on; nothing else asks what time it is.

Where the setting CLOCK_FILE names a file, time runs by it: {"real": s, "virtual": s, "speed": factor}, all in Unix
seconds. The demo's time-lapse and the tests turn it, and every process follows at its next call.
"""

import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

_FILE = os.environ.get("CLOCK_FILE", "")
_seen: tuple[int, float, float, float] | None = None


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.fromtimestamp(_timestamp(), UTC)


def turn(*, to: datetime, speed: float = 1.0, path: str = "") -> None:
    """Sets the clock file to `to` and lets time run on at `speed`. Readers see either the old or the new state."""
    target = Path(path or _FILE)
    content = json.dumps({"real": time.time(), "virtual": to.timestamp(), "speed": speed})
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".clock")
    with os.fdopen(handle, "w") as file:
        file.write(content)
    Path(name).replace(target)


def _timestamp() -> float:
    if not _FILE:
        return time.time()
    try:
        stamp = Path(_FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return time.time()
    real, virtual, speed = _parameters(stamp)
    return virtual + (time.time() - real) * speed


def _parameters(stamp: int) -> tuple[float, float, float]:
    global _seen
    if _seen is None or _seen[0] != stamp:
        state = json.loads(Path(_FILE).read_text())
        _seen = (stamp, float(state["real"]), float(state["virtual"]), float(state["speed"]))
    return _seen[1:]
