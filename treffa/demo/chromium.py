"""A chromium for browser tests and pictures: found, else fetched, else named in one line. `python -m treffa.demo.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_DEADLINE = 300


def find() -> str | None:
    """The path of a browser that starts: one on the PATH, else playwright's own."""
    for name in NAMES:
        path = shutil.which(name)
        if path and _starts(path):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _starts(path) else None


def _starts(path: str) -> bool:
    try:
        return (
            subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def fetch() -> None:
    """Playwright's own download, else Debian's package when root."""
    _try(sys.executable, "-m", "playwright", "install", "chromium")
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _try("apt-get", "update", "-qq")
        _try("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def _try(*argv: str) -> None:
    try:
        subprocess.run(argv, stdout=sys.stderr, timeout=DOWNLOAD_DEADLINE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{' '.join(argv)}: {error}\n")


def main() -> int:
    if find() is None:
        fetch()
    if find() is None:
        sys.stderr.write(
            "The browser tests need chromium and it could not be fetched: install the package `chromium`.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
