"""The only reader of the clock. Views and tasks call `now()` once and pass it on; nothing else asks what time it is.

Where the setting CLOCK_FILE names a file, time runs by it: {"real": s, "virtual": s, "speed": factor}, all in Unix
seconds. The demo's time-lapse and the tests turn it, and every process follows at its next call.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FILE = os.environ.get("CLOCK_FILE", "")
_seen: tuple[int, float, float, float] | None = None


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.fromtimestamp(_timestamp(), UTC)


def turn(*, to: datetime, speed: float = 1.0) -> None:
    """Sets the clock file to `to` and lets time run on at `speed`. Readers see either the old or the new state."""
    _write(real=time.time(), virtual=to.timestamp(), speed=speed)


def real(span: timedelta) -> timedelta:
    """A span that has to hold for the world outside, too: in a time-lapse it is longer by as much as time is faster."""
    return span * max(1.0, _parameters()[2])


def forward(*, to: datetime) -> None:
    """Sets the clock file to `to`; time goes on as fast as it did."""
    turn(to=to, speed=_parameters()[2])


@contextmanager
def borrowed() -> Iterator[None]:
    """For whoever turns the clock for a while: afterwards time is where it would have been without."""
    real, virtual, factor = _parameters()
    try:
        yield
    finally:
        _write(real=real, virtual=virtual, speed=factor)


def _write(*, real: float, virtual: float, speed: float) -> None:
    target = Path(_FILE)
    content = json.dumps({"real": real, "virtual": virtual, "speed": speed})
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".clock")
    with os.fdopen(handle, "w") as file:
        file.write(content)
    Path(name).replace(target)


def _timestamp() -> float:
    real, virtual, factor = _parameters()
    return virtual + (time.time() - real) * factor


def _parameters() -> tuple[float, float, float]:
    """The file's (real, virtual, speed), read anew when it was changed; without a file real time."""
    global _seen
    try:
        stamp = Path(_FILE).stat().st_mtime_ns if _FILE else 0
    except FileNotFoundError:
        stamp = 0
    if not stamp:
        return 0.0, 0.0, 1.0
    if _seen is None or _seen[0] != stamp:
        state = json.loads(Path(_FILE).read_text())
        _seen = (stamp, float(state["real"]), float(state["virtual"]), float(state["speed"]))
    return _seen[1:]
