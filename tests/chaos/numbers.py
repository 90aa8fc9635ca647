"""How much of what goes wrong: FULL for `make chaos`, SAMPLE for `make test`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """`messages` have to arrive while `faults` happen; `workers` send them, `beats` tick."""

    messages: int
    faults: int = 0
    workers: int = 2
    beats: int = 1


FULL = {
    "kills": Numbers(messages=60, faults=8),
    "hangs": Numbers(messages=40, faults=10),
    "redis": Numbers(messages=40, faults=4),
    "rivals": Numbers(messages=60, workers=4, beats=2),
    "races": Numbers(messages=500, workers=4, beats=3),
}
SAMPLE = {
    "kills": Numbers(messages=12, faults=2, workers=1),
    "redis": Numbers(messages=12, faults=2, workers=1),
}
STORIES = 3
