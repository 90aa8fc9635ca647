"""`python -m treffa.sandbox`: all parts in one process, until it is told to stop."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from treffa.sandbox.sandbox import start


def main() -> int:
    options = _options()
    try:
        sandbox = start(
            http=options.http,
            smtp=options.smtp,
            clamd=options.clamd,
            public_url=options.public_url,
            state=options.state,
            seed=options.seed,
            density=options.density,
            callback_delay=options.callback_delay,
        )
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot start: {error}\n")
        return 1
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    addresses = {"http": sandbox.http_url, "smtp": sandbox.smtp_address, "clamd": sandbox.clamd_address}
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()
    with sandbox:
        stopped.wait()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m treffa.sandbox", description=__doc__)
    parser.add_argument(
        "--http", type=_address, default=("127.0.0.1", 8002), help="HOST:PORT, port 0 takes any"
    )
    parser.add_argument("--smtp", type=_address, default=("127.0.0.1", 2525), help="HOST:PORT")
    parser.add_argument("--clamd", type=_address, default=("127.0.0.1", 3310), help="HOST:PORT")
    parser.add_argument(
        "--public-url", default="http://127.0.0.1:8000", help="where Treffa is, for links on the pages"
    )
    parser.add_argument("--state", type=Path, default=None, help="a file that keeps messages over a restart")
    parser.add_argument("--seed", default="treffa", help="another seed, other calendars")
    parser.add_argument(
        "--density", type=float, default=1.0, help="1: about eight appointments a day and calendar"
    )
    parser.add_argument(
        "--callback-delay", type=float, default=1.0, help="seconds before each status of a text"
    )
    return parser.parse_args()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    sys.exit(main())
