"""Runs one part, so that nothing of it outlives the supervisor. A script of its own (`python -I -S launcher.py FD`).

The launcher reads one JSON line (see `Spec` in part.py) from the socket FD, starts the part as its only child and then
waits. `stop` on the socket sends the part its stop signal, `kill` ends it at once. The end of the socket means that
the supervisor is gone. Whatever the part started becomes the launcher's own child when its parent dies (it is a
subreaper), so the launcher can kill all of it before it goes itself.

`launcher.py probe HOW UID GID PATH ...` and `launcher.py run HOW UID GID ARGV ...` do one thing as a part's user.
Exit codes: the part's own, 128 + N when signal N ended it, REFUSED when it could not be started as the user it needs.
"""

import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence

REFUSED = 125
NOT_FOUND = 127
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWUSER = 0x10000000


def become_subreaper() -> None:
    """Descendants that lose their parent become this process's children."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """SIGKILL for this process when its parent ends; asked for anew after a change of user."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """Every process below `root`, from /proc; zombies included."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as stat:
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found: list[int] = []
    queue = [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def kill_descendants() -> None:
    """Kills and reaps until this process has no child left."""
    while True:
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def enter_namespace(uid: int) -> None:
    """Makes root look like `uid` to itself: files keep their owner, the process no longer runs as root."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are refused")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} 0 1"),
        ("gid_map", f"{uid} 0 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def change_user(*, how: str, uid: int, gid: int) -> None:
    """`namespace` maps root to `uid`, `drop` becomes it for good, `same` changes nothing."""
    if how != "same":
        os.chdir("/")  # the supervisor's folder may be closed to that user
    if how == "namespace":
        enter_namespace(uid)
    elif how == "drop":
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def probe(*, how: str, uid: int, gid: int, paths: Sequence[str]) -> int:
    """0 if every path could be entered or executed by a part of that user."""
    try:
        change_user(how=how, uid=uid, gid=gid)
    except OSError:
        return REFUSED
    return 0 if all(os.access(path, os.R_OK | os.X_OK) for path in paths) else REFUSED


def start(spec: dict[str, object], *, fds: Sequence[int]) -> int:
    """Forks and executes the part; returns its pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGHUP,
            signal.SIGCHLD,
            signal.SIGPIPE,
        ):
            signal.signal(number, signal.SIG_DFL)
        for fd in fds:
            os.close(fd)
        if not spec["foreground"]:
            os.setsid()
        change_user(how=str(spec["how"]), uid=int(str(spec["uid"])), gid=int(str(spec["gid"])))
        die_with_parent()
        if os.getppid() != parent:
            os._exit(REFUSED)
    except OSError as error:
        os.write(2, f"cannot start as the user it needs: {error}\n".encode())
        os._exit(REFUSED)
    argv = [str(word) for word in spec["argv"]]  # type: ignore[attr-defined]
    try:
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    os._exit(NOT_FOUND)


def watch(control: socket.socket, *, pid: int, stop_signal: int, grace: float) -> int:
    """Waits for the part's end or the supervisor's; returns the exit code."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    stopping = {"asked": False}

    def ask(_number: int, _frame: object) -> None:
        stopping["asked"] = True

    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, ask)
    deadline: float | None = None
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if stopping["asked"] and deadline is None:
            os.kill(pid, stop_signal)
            deadline = time.monotonic() + grace
        if deadline is not None and time.monotonic() > deadline:
            return 128 + signal.SIGKILL
        ready, _, _ = select.select([control.fileno(), wake_read], [], [], 0.2 if deadline else None)
        if wake_read in ready:
            os.read(wake_read, 512)
        if control.fileno() in ready:
            word = control.recv(64)
            if not word or b"kill" in word:
                return 128 + signal.SIGKILL
            stopping["asked"] = True


def main() -> int:
    if sys.argv[1] == "probe":
        how, uid, gid, *paths = sys.argv[2:]
        return probe(how=how, uid=int(uid), gid=int(gid), paths=paths)
    if sys.argv[1] == "run":
        how, uid, gid, *argv = sys.argv[2:]
        change_user(how=how, uid=int(uid), gid=int(gid))
        die_with_parent()
        os.execv(argv[0], argv)  # noqa: S606
    fds = [int(word) for word in sys.argv[1:]]
    for fd in fds:
        os.set_inheritable(fd, False)
    control = socket.socket(fileno=fds[0])
    with control.makefile("rb") as reader:
        line = reader.readline()
    if not line:
        return REFUSED
    spec = json.loads(line)
    become_subreaper()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    pid = start(spec, fds=fds)
    control.sendall(f"{pid}\n".encode())
    code = watch(control, pid=pid, stop_signal=spec["stop_signal"], grace=spec["grace"])
    kill_descendants()
    return code


if __name__ == "__main__":
    sys.exit(main())
