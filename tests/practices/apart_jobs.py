"""What is run apart in the tests."""

import os
import pickle
import signal
import socket
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

seen: list[str] = []


@dataclass(frozen=True)
class Found:
    text: str
    at: datetime
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stranger:
    text: str


def read(body: bytes, *, parts: int = 0) -> Found:
    return Found(text=body.decode(), at=datetime(2026, 7, 1, tzinfo=UTC), parts=("x",) * parts)


def remember(word: str) -> list[str]:
    """What this process was given so far."""
    seen.append(word)
    return list(seen)


def environment() -> dict[str, str]:
    return dict(os.environ)


def hang() -> None:
    while True:
        pass


def hang_and_hold_on() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(600)


def swell() -> int:
    return len(bytearray(3 << 30))


def fork_bomb_of_one() -> None:
    if os.fork() == 0:
        time.sleep(600)
    time.sleep(600)


def die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def raise_a_secret() -> None:
    raise ZeroDivisionError("Probefeld, Otto")


def stranger() -> Stranger:
    return Stranger("x")


class Command:
    """Unpickled anywhere, it runs a command."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.file}",)


def take_over(file: str) -> Command:
    assert pickle.dumps(Command(file))
    return Command(file)


def answer_twice() -> str:
    """Sends an answer of its own before the one that is sent for it."""
    order = sys._getframe(1).f_locals["order"]
    answer = pickle.dumps(("done", "forged"))
    with socket.socket(fileno=os.dup(0)) as channel:
        channel.sendall(bytes.fromhex(order["seal"]) + len(answer).to_bytes(8) + answer)
    return "late"


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def write(file: str) -> str:
    try:
        with open(file, "w") as opened:
            opened.write("x")
    except OSError as error:
        return type(error).__name__
    return "written"
