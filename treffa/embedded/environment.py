"""The variables that the parts and commands of a stack run with (`.env.example` lists them all)."""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from practices.roles import VARIABLES
from treffa.embedded.folder import Folder
from treffa.embedded.ports import HOST, Ports

KEYS = (
    "SECRET_KEY",
    "OPERATOR_SECRET_KEY",
    "MASTER_KEYS",
    "LINK_KEY",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
)
QUIET_WARNINGS = (
    "ignore:No directory at:UserWarning,ignore:You're running the worker with superuser:RuntimeWarning"
)
# What a part of each role is given of the logins and signing keys; no other part gets to see it
OWN = {
    "app": ("DATABASE_URL", "SECRET_KEY"),
    "owner": ("DATABASE_OWNER_URL", "SECRET_KEY"),
    "operator": ("DATABASE_OPERATOR_URL", "OPERATOR_SECRET_KEY"),
    "": (),
}
GUARDED = frozenset(
    (*VARIABLES, "DATABASE_SUPERUSER_URL", *(name for names in OWN.values() for name in names))
)
PREFERRED = {"web": 8000, "admin": 8001, "sandbox": 8002, "smtp": None, "clamd": None}


def foundation(folder: Folder) -> dict[str, str]:
    """What holds without any other process: the kind, this stack's own keys, where documents go, and the PATH."""
    made = folder.secrets()
    return {
        "TREFFA_ENV": "development",
        **{name: made[name] for name in KEYS},
        "DOCUMENT_ROOT": str(folder.documents),
        "PATH": os.pathsep.join((str(scripts()), os.environ.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": QUIET_WARNINGS,
        "PYTHONDONTWRITEBYTECODE": "",  # the next start is twice as fast
    }


def surroundings() -> dict[str, str]:
    """The caller's environment without what is guarded: each part is given its own."""
    return {name: value for name, value in os.environ.items() if name not in GUARDED}


def seen_by(role: str, env: Mapping[str, str]) -> dict[str, str]:
    """What a part of this role gets to see of the stack's variables; "" for what needs no database."""
    return {name: value for name, value in env.items() if name not in GUARDED or name in OWN[role]}


def scripts() -> Path:
    """Where the commands of this Python's packages are."""
    return Path(sys.prefix) / "bin"


def addresses(*, ports: Ports, prefer: bool) -> dict[str, int]:
    """A port for everything that listens."""
    return {
        part: ports.take(part=part, preferred=port if prefer else None) for part, port in PREFERRED.items()
    }


def outside_world(*, at: Mapping[str, int], tick: float) -> dict[str, str]:
    """The product's addresses, and the sandbox in the place of the outside world."""
    sandbox = f"{HOST}:{at['sandbox']}"
    return {
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "PUBLIC_URL": f"http://{HOST}:{at['web']}",
        "OPERATOR_URL": f"http://{HOST}:{at['admin']}",
        "SANDBOX_URL": f"http://{sandbox}",
        "TWILIO_BASE_URL": f"http://{sandbox}",
        "FEED_ALLOWED_ADDRESSES": sandbox,
        "EMAIL_URL": f"smtp://{HOST}:{at['smtp']}",
        "DEFAULT_FROM_EMAIL": "nachricht@treffa.example",
        "CLAMD_ADDRESS": f"{HOST}:{at['clamd']}",
        "TICK_SECONDS": f"{tick:g}",
    }


def start_clock(path: Path, *, speed: float, at: datetime | None = None) -> None:
    """The clock's first reading: `at` or now, at this speed (practices/clock.py reads it)."""
    now = time.time()
    virtual = now if at is None else at.timestamp()
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"real": now, "virtual": virtual, "speed": speed}))
    part.rename(path)
