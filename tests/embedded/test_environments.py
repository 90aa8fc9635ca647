"""What each part of a running stack gets to see: its own login and key, and nothing of the others'."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from treffa.embedded.environment import GUARDED, OWN
from treffa.embedded.folder import CHECKOUT

ROLES = {
    "postgres": "",
    "redis": "",
    "sandbox": "",
    "web": "app",
    "admin": "operator",
    "worker": "app",
    "beat": "app",
}
LOOK = """
import json, os, sys
from pathlib import Path
from treffa.embedded.launcher import descendants

def names(pid):
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return []
    return [line.partition("=")[0] for line in text.split("\\0") if line.partition("=")[2]]

parts = json.loads(Path("var", sys.argv[1], "parts.json").read_text())
del parts["supervisor"]
seen = {part: sorted({name for each in (pid, *descendants(pid)) for name in names(each)}) for part, pid in parts.items()}
print(json.dumps(seen))
"""


@pytest.fixture
def name() -> Iterator[str]:
    name = f"trial_{os.getpid()}"
    yield name
    shutil.rmtree(CHECKOUT / "var" / name, ignore_errors=True)


def test_no_part_sees_the_login_or_the_key_of_another(name: str) -> None:
    outer = (
        "DATABASE_URL",
        "REDIS_URL",
    )  # of the tests' own stack; what else is guarded must not come through
    done = subprocess.run(
        [
            *(sys.executable, "-m", "treffa.embedded", "up", "--name", name, "--quiet"),
            *("--", sys.executable, "-c", LOOK, name),
        ],
        cwd=CHECKOUT,
        env={key: value for key, value in os.environ.items() if key not in outer},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    assert set(seen) == set(ROLES)
    for part, role in ROLES.items():
        assert GUARDED & set(seen[part]) == set(OWN[role]), part
    assert not Path(CHECKOUT, "var", name, "postmaster.pid").exists()
