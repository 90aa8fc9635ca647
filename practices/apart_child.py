"""The other side of apart.py: a process of its own that runs one function a fork.

    python -I apart_child.py ROOT        stdin is a socket, for requests and answers

It holds no secret: it is started with an empty environment, knows neither database nor broker, and does not read what
it is given: a fork of it does, runs, answers and ends, so that nothing of one call is left for the next. A fork that
dies takes this process with it, which is how the other side learns of it.
"""

import contextlib
import gc
import importlib
import json
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from typing import Any

SIZE = struct.Struct("!Q")
HARDEST_MEMORY = 4 << 30


def serve(channel: socket.socket) -> None:
    """Until the other side is gone."""
    while (head := _receive(channel, SIZE.size)) is not None:
        order = json.loads(_receive(channel, SIZE.unpack(head)[0]) or b"")
        function: Any = importlib.import_module(order["module"])
        for name in order["name"].split("."):
            function = getattr(function, name)
        gc.freeze()
        child = os.fork()
        if child == 0:
            _run(channel, function, order)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)


def _run(channel: socket.socket, function: Any, order: dict[str, Any]) -> None:
    """In the fork: at its end comes the answer, or the end of the whole process."""
    signal.setitimer(signal.ITIMER_REAL, order["seconds"])
    hardest = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (order["memory_bytes"], hardest))
    # It ends with this call: what it leaves behind need not be looked for.
    gc.disable()
    status = 1
    with contextlib.suppress(BaseException):
        arguments, options = pickle.loads(_receive(channel, order["size"]) or b"")  # noqa: S301 - from our own side
        try:
            answer = ("done", function(*arguments, **options))
        except MemoryError:
            os._exit(1)
        except Exception as error:  # raised on the other side, where ids are known to log
            answer = ("raised", type(error).__name__)
        content = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        channel.sendall(bytes.fromhex(order["seal"]) + SIZE.pack(len(content)) + content)
        status = 0
    os._exit(status)


def _receive(channel: socket.socket, size: int) -> bytes | None:
    """So many bytes, or None if the other side is gone."""
    content = bytearray()
    while len(content) < size:
        piece = channel.recv(min(size - len(content), 1 << 20))
        if not piece:
            return None
        content += piece
    return bytes(content)


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (HARDEST_MEMORY, HARDEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # A Ctrl-C in the terminal is for the other side, which then hangs up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    _confine()
    serve(socket.socket(fileno=0))
