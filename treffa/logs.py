"""One line a log record: time, level, logger, message with ids only. Never a name, a number, an address or a text.

What is bound for the time of a request or a task (request, practice, stage) is added to each of its lines. As LOG_FORMAT
says, lines are for people or JSON for machines.
"""

import logging
import traceback
from types import TracebackType

import structlog
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.typing import EventDict, WrappedLogger

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LineFormatter(logging.Formatter):
    """Short lines for people and machines alike; the supervisor puts the part's name in front."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Behind the message what is bound and not said by it already."""
        line = super().formatMessage(record)
        bound = (f"{name}={value}" for name, value in sorted(get_contextvars().items()))
        return " ".join([line, *(each for each in bound if each not in line.split())])

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - the name is logging's
        """Where it happened and of which kind; its own words may hold a row of the database."""
        return "\n".join([*(f"  {frame}" for frame in _frames(ei)), f"  {_kind(ei)}"])


def json_formatter() -> structlog.stdlib.ProcessorFormatter:
    """A JSON object a line: timestamp (UTC, ISO 8601), level, logger, event, what is bound, and of an error its kind and
    where it happened."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            _say_where,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )


def _say_where(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    if isinstance(found, tuple) and found[0] is not None:
        event["error"], event["where"] = _kind(found), _frames(found)
    return event


def _frames(ei: ExceptionInfo) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(ei[2])]


def _kind(ei: ExceptionInfo) -> str:
    return ei[0].__qualname__ if ei[0] else "unknown"
