"""One line a log record: time, level, logger, message with ids only. Never a name, a number, an address or a text."""

import logging
import traceback
from types import TracebackType

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LineFormatter(logging.Formatter):
    """Short lines for people and machines alike; the supervisor puts the part's name in front."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S")

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - the name is logging's
        """Where it happened and of which kind; its own words may hold a row of the database."""
        kind, _, where = ei
        frames = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(where)]
        return "\n".join([*frames, f"  {kind.__qualname__ if kind else 'unknown'}"])
