"""`manage.py bench [NAME] --json`: the benchmarks; the last line is one JSON object.

Where DATABASE_URL is not set it starts a database and a broker of its own, and leaves none running.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand

from practices import clock
from treffa.bench import cases, sync

Result = dict[str, float]
OWN_GROUND = "python manage.py migrate --no-input -v 0; exec python manage.py bench"


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """`option` is how much to measure, `default` small enough to try."""

    run: Callable[..., Result]
    option: str
    default: int


BENCHMARKS = {
    "sync": Benchmark(run=sync.run, option="events", default=2000),
    "cases": Benchmark(run=cases.run, option="cases", default=2000),
}


class Command(BaseCommand):
    help = "Measures; without a name everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", choices=sorted(BENCHMARKS))
        parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
        for benchmark in BENCHMARKS.values():
            parser.add_argument(f"--{benchmark.option}", type=int, default=benchmark.default)

    def handle(self, *args: Any, **options: Any) -> None:
        if not os.environ.get("DATABASE_URL"):
            _start_ground(sys.argv[2:])
        names = [options["name"]] if options["name"] else list(BENCHMARKS)
        results = {name: self._measure(name, options) for name in names}
        self.stdout.write(json.dumps(results[names[0]] if options["name"] else results))

    def _measure(self, name: str, options: dict[str, Any]) -> Result:
        benchmark = BENCHMARKS[name]
        result = benchmark.run(now=clock.now(), **{benchmark.option: options[benchmark.option]})
        if not options["json"]:
            self.stdout.write(name)
            for key, value in result.items():
                self.stdout.write(f"  {key:<24}{value:>12,}")
        return result


def _start_ground(arguments: list[str]) -> None:
    """Becomes the supervisor that runs this very command with a database and a broker."""
    stack = (sys.executable, "-m", "treffa.embedded", "with", "--name", "bench", "--fresh")
    shell = ("sh", "-euc", f'{OWN_GROUND} "$@"', "bench", *arguments)
    os.execv(sys.executable, [*stack, "--", *shell])  # noqa: S606 - our own words
