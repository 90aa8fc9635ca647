"""How long something takes, and how much memory was needed at most."""

import resource
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """The wall-clock seconds of one run."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak_mb() -> float:
    """The most memory that this process has held so far, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
