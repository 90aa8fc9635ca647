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
from treffa.bench import cases, dashboard, escalation, fleet, outbox, sync

Result = dict[str, Any]
OWN_GROUND = "python manage.py migrate --no-input -v 0; exec python manage.py bench"


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """`options` are how much to measure, small enough to try where nothing is said."""

    run: Callable[..., Result]
    options: dict[str, int]
    switches: tuple[str, ...] = ()


BENCHMARKS = {
    "sync": Benchmark(run=sync.run, options={"events": 2000}),
    "cases": Benchmark(run=cases.run, options={"cases": 2000}),
    "dashboard": Benchmark(
        run=dashboard.run, options={"practices": 4, "appointments": 2000}, switches=("reuse",)
    ),
    "escalation": Benchmark(run=escalation.run, options={"practices": 4, "cases": 400, "due": 40}),
    "fleet": Benchmark(run=fleet.run, options={"feeds": 50, "events": 1000}),
    "outbox": Benchmark(run=outbox.run, options={"messages": 500, "appointments": 40}),
}


class Command(BaseCommand):
    help = "Measures; without a name everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", choices=sorted(BENCHMARKS))
        parser.add_argument("--json", action="store_true", help="nothing but the JSON object")
        for option in sorted({name for benchmark in BENCHMARKS.values() for name in benchmark.options}):
            parser.add_argument(f"--{option}", type=int)
        for switch in sorted({name for benchmark in BENCHMARKS.values() for name in benchmark.switches}):
            parser.add_argument(f"--{switch}", action="store_true", help="what was made before is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        if not os.environ.get("DATABASE_URL"):
            _start_ground(sys.argv[2:])
        names = [options["name"]] if options["name"] else list(BENCHMARKS)
        results = {name: self._measure(name, options) for name in names}
        self.stdout.write(json.dumps(results[names[0]] if options["name"] else results))

    def _measure(self, name: str, options: dict[str, Any]) -> Result:
        benchmark = BENCHMARKS[name]
        asked = {option: options[option] or default for option, default in benchmark.options.items()}
        asked |= {switch: options[switch] for switch in benchmark.switches}
        result = benchmark.run(now=clock.now(), **asked)
        if not options["json"]:
            self.stdout.write(name)
            for key, value in result.items():
                self.stdout.write(
                    f"  {key:<24}{value:>12,}" if isinstance(value, int | float) else f"  {key:<12}{value}"
                )
        return result


def _start_ground(arguments: list[str]) -> None:
    """Becomes the supervisor that runs this very command with a database and a broker."""
    fresh = () if "--reuse" in arguments else ("--fresh",)
    stack = (sys.executable, "-m", "treffa.embedded", "with", "--name", "bench", *fresh)
    shell = ("sh", "-euc", f'{OWN_GROUND} "$@"', "bench", *arguments)
    os.execv(sys.executable, [*stack, "--", *shell])  # noqa: S606 - our own words
