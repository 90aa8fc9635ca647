"""A stack's own folder, var/NAME: data, logs, secrets, and the lock that keeps a second start of the same name out."""

import base64
import fcntl
import json
import os
import secrets
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VAR = CHECKOUT / "var"
LOCK_WAIT = 5.0


class AlreadyRunningError(Exception):
    """A supervisor of this name is alive; the text says which."""


class Folder:
    """Paths below var/NAME."""

    def __init__(self, *, name: str, root: Path = VAR) -> None:
        self.name = name
        self.path = root / name
        self.logs = self.path / "log"
        self.documents = self.path / "documents"
        self.clock = self.path / "clock.json"
        self.parts = self.path / "parts.json"
        self.migrated = self.path / "migrated"
        self.lock = -1

    def claim(self) -> None:
        """Makes the folder and holds its lock as long as this process or one of its launchers lives."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + LOCK_WAIT
        while not self._lock():
            holder = os.pread(self.lock, 32, 0).decode() or "0"
            if Path(f"/proc/{holder}").exists():
                raise AlreadyRunningError(f"{self.name} is running already (pid {holder})")
            if time.monotonic() > deadline:  # launchers of a killed supervisor clean up within moments
                raise AlreadyRunningError(f"{self.name}: parts of an earlier run are still ending; try again")
            time.sleep(0.05)
        self.make()
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)

    def make(self) -> None:
        """The folders, the logs of the last run emptied."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.documents.mkdir(exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.unlink()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def secrets(self) -> dict[str, str]:
        """The passwords and keys of this stack, generated once (var/NAME/secrets.json, mode 0600)."""
        path = self.path / "secrets.json"
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        made = {**_fresh_secrets(), **known}
        if made != known:
            write_private(path, json.dumps(made, indent=1))
        return made


def _fresh_secrets() -> dict[str, str]:
    names = (
        "postgres",
        "treffa_owner",
        "treffa_app",
        "treffa_operator",
        "treffa_backup",
        "redis",
    )
    master_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    return {
        **{name: secrets.token_urlsafe(24) for name in names},
        "SECRET_KEY": secrets.token_urlsafe(48),
        "OPERATOR_SECRET_KEY": secrets.token_urlsafe(48),
        "LINK_KEY": secrets.token_urlsafe(32),
        "MASTER_KEYS": master_key,
        "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
    }


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.rename(path)
