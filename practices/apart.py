"""Runs a function in a child process that can be killed: for what takes apart what strangers sent.

    work = functools.partial(ical.read, body, zone=zone, window=window)
    calendar = apart.run(work, seconds=20, memory_bytes=1 << 30, returns=ical.RETURNED)

One child a process stays warm, and each call is a fork of it, bounded in time and memory. What hangs or swells up
costs that call, never the process that asked; and nothing of one call, in a cache or otherwise, is there in the next.
The child has none of our environment, hence none of our keys. Its answer is believed to be data at most: only the
classes that the caller names come out of it, as a pickle of anything else could run code here.
"""

import contextlib
import io
import json
import logging
import os
import pickle
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from datetime import date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

CHILD = Path(__file__).with_name("apart_child.py")
SIZE = struct.Struct("!Q")
MAX_ANSWER = 512 << 20
SEAL_BYTES = 16
# To start the child, and for its own alarm to be first.
GRACE = 5.0
PLAIN: tuple[type, ...] = (date, datetime, timedelta, timezone, frozenset, set)


class TooCostlyError(Exception):
    """The call took more time or memory than it may, or broke its child."""


class RaisedError(Exception):
    """The function raised; the argument is the class's name, without the text, which may say something of somebody."""


def run(work: "partial[T]", *, seconds: float, memory_bytes: int, returns: Collection[type] = ()) -> T:
    """What the function returns, run in a child. It must be found by its module and name, its arguments be picklable.

    `returns` are the classes of which its result consists, beside numbers, texts, tuples, dates and the like.
    TooCostlyError, RaisedError.
    """
    global _child
    deadline = time.monotonic() + seconds + GRACE
    content = pickle.dumps((work.args, work.keywords), protocol=pickle.HIGHEST_PROTOCOL)
    order = {
        "module": work.func.__module__,
        "name": work.func.__qualname__,
        "size": len(content),
        "seconds": seconds,
        "memory_bytes": memory_bytes,
        "seal": secrets.token_hex(SEAL_BYTES),
    }
    if not _one_at_a_time.acquire(timeout=seconds + GRACE):
        raise TooCostlyError(order["name"])
    try:
        if _child is None or not _child.usable():
            end()
            _child = _Child()
        answer = _child.ask(order, content, deadline=deadline)
    except OSError as error:
        logger.warning("a child that ran %s was ended: %s", order["name"], type(error).__name__)
        end()
        raise TooCostlyError(order["name"]) from None
    except BaseException:
        # Whoever is interrupted here (a task's time is over) leaves an answer on the way, which is not the next call's.
        end()
        raise
    finally:
        _one_at_a_time.release()
    result: T = _opened(answer, name=str(order["name"]), returns=returns)
    return result


def end() -> None:
    """Ends this process's child. The next call starts another."""
    global _child
    if _child is not None:
        _child.end()
        _child = None


def spent() -> float:
    """CPU seconds of this process's child and its forks so far; 0 while there is none."""
    if _child is None or not _child.usable():
        return 0.0
    fields = Path(f"/proc/{_child.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _opened(answer: bytes, *, name: str, returns: Collection[type]) -> Any:
    try:
        kind, value = _Data(answer, (*PLAIN, *returns)).load()
    except (pickle.UnpicklingError, ValueError, TypeError, AttributeError, EOFError, IndexError, KeyError):
        logger.error("a child that ran %s answered with what it may not", name)
        raise TooCostlyError(name) from None
    if kind == "done":
        return value
    logger.error("a child that ran %s raised %s", name, str(value)[:60])
    raise RaisedError(str(value)[:60])


class _Data(pickle.Unpickler):
    """Opens pickles that hold nothing but data of known classes."""

    def __init__(self, content: bytes, classes: Collection[type]) -> None:
        super().__init__(io.BytesIO(content))
        self._classes = {(one.__module__, one.__qualname__): one for one in classes}

    def find_class(self, module: str, name: str) -> type:
        try:
            return self._classes[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name}") from None


class _Child:
    """The warm process."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.channel, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-IB", str(CHILD), str(CHILD.parents[1])],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,
            )

    def usable(self) -> bool:
        """Alive, and not that of the process that this one was forked from."""
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, order: dict[str, Any], content: bytes, *, deadline: float) -> bytes:
        """The answer to this order and no other: it begins with the order's seal, which was not known before."""
        written = json.dumps(order).encode()
        self.channel.settimeout(max(deadline - time.monotonic(), 0.001))
        self.channel.sendall(SIZE.pack(len(written)) + written)
        self.channel.sendall(content)
        if self._receive(SEAL_BYTES, deadline) != bytes.fromhex(order["seal"]):
            raise ConnectionError("an answer to something else")
        size = SIZE.unpack(self._receive(SIZE.size, deadline))[0]
        if size > MAX_ANSWER:
            raise ConnectionError("the answer is too large")
        return self._receive(size, deadline)

    def _receive(self, size: int, deadline: float) -> bytes:
        content = bytearray()
        while len(content) < size:
            self.channel.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = self.channel.recv(min(size - len(content), 1 << 20))
            if not piece:
                raise ConnectionError("the child is gone")
            content += piece
        return bytes(content)

    def end(self) -> None:
        """Kills it and its fork. Of another process's child only our handle is let go."""
        self.channel.close()
        if self.owner == os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


_child: _Child | None = None
_one_at_a_time = threading.Lock()


def _forked() -> None:
    """In a fork of this process: a thread that held the lock is not there to let it go."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()


os.register_at_fork(after_in_child=_forked)
