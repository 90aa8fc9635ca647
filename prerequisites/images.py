"""Pictures and PDFs, taken apart in a child process that has limits of its own: a file can break the child, never us."""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

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
    """A file written anew from what could be read of it."""

    content: bytes
    content_type: str
    pages: int


def rebuild(content: bytes, *, order: str) -> Rebuilt:
    """`order` is image, logo (a small PNG) or pdf. UnreadableError for what can't be taken. Takes up to a second or two: call it outside of a scope."""
    return _ask(content, order)


def draw_page(content: bytes, *, page: int) -> bytes:
    """A page (from 1) of a PDF, or a picture, as PNG of at most 2,000 pixels. UnreadableError where there is none."""
    return _ask(content, "page", str(page)).content


def _ask(content: bytes, *order: str) -> Rebuilt:
    if not AT_ONCE.acquire(timeout=WAIT_SECONDS):
        raise UnreadableError("busy")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(DECODER), *order],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            env={"MALLOC_ARENA_MAX": "2"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        logger.warning("decoder took too long at an order %s", order[0])
        raise UnreadableError("broken") from None
    finally:
        AT_ONCE.release()
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode or not head:
        logger.info("decoder gave up on an order %s, exit code %s", order[0], done.returncode)
        raise UnreadableError("broken")
    said = json.loads(head)
    if "refused" in said:
        raise UnreadableError(said["refused"] if said["refused"] in REFUSALS else "broken")
    return Rebuilt(content=body, content_type=said["content_type"], pages=said["pages"])
