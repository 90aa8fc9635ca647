"""The locks: the demo installs what a server runs, development what the demo runs, and none says where it comes from."""

import itertools
import re
from pathlib import Path

import pytest

from treffa.embedded.folder import CHECKOUT

LOCKS = [CHECKOUT / "requirements" / f"{name}.txt" for name in ("base", "demo", "dev")]
PIN = re.compile(r"^(\S+==\S+)", re.MULTILINE)


def pins(lock: Path) -> set[str]:
    return set(PIN.findall(lock.read_text()))


@pytest.mark.parametrize(("smaller", "larger"), itertools.pairwise(LOCKS))
def test_the_larger_lock_has_the_versions_of_the_smaller(smaller: Path, larger: Path) -> None:
    assert pins(smaller) < pins(larger)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


def test_the_demo_needs_no_tool_of_development() -> None:
    assert not any(pin.startswith(("pytest", "ruff", "mypy", "playwright")) for pin in pins(LOCKS[1]))
