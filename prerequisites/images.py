"""Pictures and PDFs, taken apart in a child process that has limits of its own: a file can break the child, never us."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Thread, Timer
from typing import IO, cast

DECODER = Path(__file__).with_name("decoder.py")
SECONDS = 40
WAIT_SECONDS = 60
AT_ONCE = BoundedSemaphore(2)

REFUSALS = frozenset({"broken", "encrypted_pdf", "too_many_pages", "too_many_pixels", "busy"})

logger = logging.getLogger(__name__)


class UnreadableError(Exception):
    """The file can't be taken; `code` is one of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A file written anew from what could be read of it. `findings`: why a photo is hard to read."""

    content: bytes
    content_type: str
    pages: int
    findings: tuple[str, ...] = ()


def rebuild(content: Iterable[bytes], *, order: str, wait: float = WAIT_SECONDS) -> Rebuilt:
    """`content` in pieces, `order` is image, logo (a small PNG) or pdf, `wait` are the seconds to wait for a turn. UnreadableError for what
    can't be taken. Takes up to a second or two: call it outside of a scope."""
    return _ask(content, order, wait=wait)


def join(pictures: Iterable[bytes], *, parts: Sequence[tuple[int, int]]) -> Rebuilt:
    """Rebuilt pictures as one PDF; `parts` are (bytes, degrees clockwise) of each. As slow as `rebuild`."""
    return _ask(pictures, "join", json.dumps(parts))


def draw_page(content: bytes, *, page: int) -> bytes:
    """A page (from 1) of a PDF, or a picture, as PNG of at most 2,000 pixels. UnreadableError where there is none."""
    return _ask([content], "page", str(page)).content


def _ask(content: Iterable[bytes], *order: str, wait: float = WAIT_SECONDS) -> Rebuilt:
    if not AT_ONCE.acquire(timeout=wait):
        raise UnreadableError("busy")
    try:
        head, body, code = _run(content, order)
    finally:
        AT_ONCE.release()
    if code or not head:
        logger.info("decoder gave up on an order %s, exit code %s", order[0], code)
        raise UnreadableError("broken")
    said = json.loads(head)
    if "refused" in said:
        raise UnreadableError(said["refused"] if said["refused"] in REFUSALS else "broken")
    findings = tuple(said.get("findings", ()))
    return Rebuilt(content=body, content_type=said["content_type"], pages=said["pages"], findings=findings)


def _run(content: Iterable[bytes], order: Sequence[str]) -> tuple[bytes, bytes, int]:
    """What the child says, and how it ended. It is given the content piece by piece, so that we never hold a large file
    twice, and is killed when its time is over."""
    with subprocess.Popen(
        [sys.executable, "-I", str(DECODER), *order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"MALLOC_ARENA_MAX": "2"},
    ) as child:
        ear, mouth = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
        deadline = Timer(SECONDS, child.kill)
        deadline.start()
        feeder = Thread(target=_feed, args=(ear, content), daemon=True)
        feeder.start()
        try:
            head, body = mouth.readline(), mouth.read()
        finally:
            feeder.join()
            code = child.wait()
            deadline.cancel()
    return head, body, code


def _feed(pipe: IO[bytes], content: Iterable[bytes]) -> None:
    """A child that has heard enough closes its ear: what it says counts."""
    with suppress(BrokenPipeError), pipe:
        for piece in content:
            pipe.write(piece)
