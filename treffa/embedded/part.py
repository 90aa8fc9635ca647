"""One supervised part: what it is (Part), and one run of it (Process)."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from treffa.embedded.environment import surroundings

LAUNCHER = Path(__file__).with_name("launcher.py")
CHUNK = 65536


@dataclass(frozen=True, kw_only=True)
class User:
    """As whom a part runs: `same` as the supervisor, in a user `namespace`, or `drop`ped to another user."""

    how: str = "same"
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, kw_only=True)
class Part:
    """`answers` is asked from a thread until it says yes; `says` is a text in the log that means ready."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    answers: Callable[[], bool] | None = None
    says: str | None = None
    stop_signal: int = SIGTERM
    grace: float = 8
    user: User = field(default_factory=User)
    stdin: bytes | None = None

    def spec(self, *, foreground: bool) -> bytes:
        """The launcher's line: argv, the user, the stop signal and its grace in seconds."""
        user = {"how": self.user.how, "uid": self.user.uid, "gid": self.user.gid}
        stop = {"stop_signal": int(self.stop_signal), "grace": self.grace}
        return (
            json.dumps({"argv": list(self.argv), "foreground": foreground, **user, **stop}).encode() + b"\n"
        )


class Process:
    """A part's run below its launcher."""

    def __init__(
        self,
        *,
        part: Part,
        launcher: asyncio.subprocess.Process,
        control: socket.socket,
        pid: int,
    ) -> None:
        self.part = part
        self.pid = pid
        self.launcher = launcher
        self._control = control

    def tell(self, word: str) -> None:
        """`stop` (with the part's grace) or `kill`."""
        try:
            self._control.send(word.encode())
        except OSError:  # gone already
            return

    async def killed(self) -> bool:
        """Waits for the launcher's end; true if a signal ended it, so that it could not clean up."""
        await asyncio.get_running_loop().sock_recv(self._control, 1)
        while self.launcher.returncode is None:  # wait() would wait for whoever still holds the pipe, too
            await asyncio.sleep(0.01)
        return self.launcher.returncode < 0

    async def wait(self) -> int:
        """The part's exit code; 128 + N after signal N."""
        code = await self.launcher.wait()
        self._control.close()
        return code if code >= 0 else 128 - code


async def launch(part: Part, *, cwd: Path, keep: Sequence[int] = (), foreground: bool = False) -> Process:
    """Starts a part. `keep` are descriptors that the launcher (not the part) holds open until all of it is gone."""
    ours, theirs = socket.socketpair()
    pipe = asyncio.subprocess.PIPE
    launcher = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-I",
            "-S",
            str(LAUNCHER),
            str(theirs.fileno()),
            *map(str, keep),
        ),
        stdin=None if foreground else (pipe if part.stdin is not None else asyncio.subprocess.DEVNULL),
        stdout=None if foreground else pipe,
        stderr=None if foreground else asyncio.subprocess.STDOUT,
        env={**surroundings(), **part.env},
        cwd=cwd,
        pass_fds=(theirs.fileno(), *keep),
        start_new_session=not foreground,
    )
    theirs.close()
    ours.sendall(part.spec(foreground=foreground))
    ours.setblocking(False)
    reply = await asyncio.get_running_loop().sock_recv(ours, 32)
    if part.stdin is not None and launcher.stdin is not None:
        launcher.stdin.write(part.stdin)
        launcher.stdin.close()
    return Process(part=part, launcher=launcher, control=ours, pid=int(reply or b"0"))


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The stream's lines, whatever their length or encoding; ends when every process that holds it is gone."""
    rest = b""
    while chunk := await stream.read(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").rstrip("\r")
    if rest:
        yield rest.decode(errors="replace")
