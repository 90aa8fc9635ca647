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
    "kills": Numbers(messages=2000, faults=200),
    "hangs": Numbers(messages=600, faults=300),
    "redis": Numbers(messages=1000, faults=6),
    "postgres": Numbers(messages=3000, faults=12),
    "rivals": Numbers(messages=1000, workers=4, beats=3),
    "races": Numbers(messages=500, workers=4, beats=3),
}
SAMPLE = {
    "kills": Numbers(messages=40, faults=2, workers=1),
    "redis": Numbers(messages=40, faults=2, workers=1),
}
STORIES = 3
