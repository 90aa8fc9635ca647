"""`make chaos`: every scenario in full, one JSON line each; exit 0 only if nothing was lost and nothing came twice.

`python -m tests.chaos [NAME ...] [--seed N]` in a migrated database.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "treffa.settings")
django.setup()

from tests.chaos.numbers import FULL  # noqa: E402 - the models need Django
from tests.chaos.scenarios import SCENARIOS  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(SCENARIOS)}; none: all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    verdicts = []
    for name in options.names or SCENARIOS:
        begun = time.monotonic()
        verdict = SCENARIOS[name](FULL[name], options.seed)
        seconds = round(time.monotonic() - begun, 1)
        sys.stdout.write(json.dumps({**asdict(verdict), "seconds": seconds}) + "\n")
        sys.stdout.flush()
        verdicts.append(verdict)
    return 0 if all(verdict.holds for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
