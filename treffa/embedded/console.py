"""What the supervisor says, and the parts' log lines with a coloured name before each."""

import os
import sys
from collections.abc import Sequence

COLOURS = ("36", "33", "32", "35", "34", "31", "96", "93", "92")
WIDTH = 9


class Console:
    """Writes to standard error, so that a command's own output stays clean. `quiet` keeps the parts' lines back."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._colours: dict[str, str] = {}
        self._colourful = "NO_COLOR" not in os.environ and (
            sys.stderr.isatty() or "FORCE_COLOR" in os.environ
        )

    def _paint(self, text: str, *, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colourful else text

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        except OSError:  # the terminal is gone; the log files have it all
            return

    def log(self, *, part: str, line: str) -> None:
        """One log line of a part."""
        if not self.quiet:
            colour = self._colours.setdefault(part, COLOURS[len(self._colours) % len(COLOURS)])
            self._write(self._paint(f"{part:<{WIDTH}}|", colour=colour) + f" {line}")

    def say(self, text: str) -> None:
        """Progress; kept back when quiet."""
        if not self.quiet:
            self._write(self._paint(f"{'treffa':<{WIDTH}}|", colour="1") + f" {text}")

    def warn(self, text: str) -> None:
        """What somebody has to know, quiet or not."""
        self._write(self._paint(f"{'treffa':<{WIDTH}}|", colour="1;31") + f" {text}")

    def show(self, lines: Sequence[str]) -> None:
        """A command's own output, as it is, to standard output."""
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def quote(self, *, part: str, lines: Sequence[str]) -> None:
        """A part's last log lines, as the reason of a failure."""
        for line in lines:
            self._write(f"    {part}: {line}")
