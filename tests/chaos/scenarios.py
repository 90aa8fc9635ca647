"""What goes wrong. Each scenario plays in a world of its own and returns what became of the messages."""

import time
from collections.abc import Callable

from tests.chaos.numbers import Numbers
from tests.chaos.processes import crash_database
from tests.chaos.races import Race
from tests.chaos.world import Verdict, world

Scenario = Callable[[Numbers, int], Verdict]

CALLS_S = 4.0  # longer than a call to a sandbox that answers
RESTART_EVERY_S = 10.0
HANGING_S = 15.0  # longer than the product waits for one that does not


def kills(numbers: Numbers, seed: int) -> Verdict:
    """Workers get SIGKILL, parent or child, and beats, while messages go out."""
    with world(numbers, seed=seed) as it:
        it.sandbox.twilio.faults.set("slow", seconds=0.15)
        for _ in range(numbers.faults):
            it.progress(quiet_s=CALLS_S)
            it.crew.hit(it.chance)
            it.crew.restore()
        it.settle(quiet_s=CALLS_S)
        return it.verdict("kills")


def hangs(numbers: Numbers, seed: int) -> Verdict:
    """The provider takes a message, or does not, and then hangs or hangs up."""
    with world(numbers, seed=seed) as it:
        for number in range(numbers.faults):
            kind, stored = ("hang", "reset")[number % 2], number % 4 < 2
            it.sandbox.twilio.faults.set(kind, count=1, stored=stored)
        it.settle(quiet_s=HANGING_S)
        return it.verdict("hangs")


def redis(numbers: Numbers, seed: int) -> Verdict:
    """The broker forgets everything, or dies and comes back empty, with things due."""
    with world(numbers, seed=seed) as it:
        it.sandbox.twilio.faults.set("slow", seconds=0.15)
        for number in range(numbers.faults):
            it.progress(quiet_s=CALLS_S)
            if number % 2:
                it.broker.kill()
                time.sleep(it.chance.uniform(0.2, 1.5))
                it.broker.start()
            else:
                it.broker.flush()
        it.settle(quiet_s=CALLS_S)
        return it.verdict("redis")


def postgres(numbers: Numbers, seed: int) -> Verdict:
    """The database crashes and starts anew every ten seconds, under load."""
    with world(numbers, seed=seed) as it:
        it.sandbox.twilio.faults.set("slow", seconds=2.0)
        for _ in range(numbers.faults):
            time.sleep(RESTART_EVERY_S)
            crash_database()
            it.crew.restore()
        it.sandbox.twilio.faults.clear()
        it.settle(quiet_s=CALLS_S)
        return it.verdict("postgres")


def rivals(numbers: Numbers, seed: int) -> Verdict:
    """Several workers and beats over the same rows."""
    with world(numbers, seed=seed) as it:
        it.sandbox.twilio.faults.set("slow", seconds=0.05)
        it.settle(quiet_s=CALLS_S)
        return it.verdict("rivals")


def races(numbers: Numbers, seed: int) -> Verdict:
    """Acknowledgements and cancellations race the sweep of the escalation."""
    race = Race(cases=numbers.messages)
    race.run()
    return race.verdict()


SCENARIOS: dict[str, Scenario] = {
    "kills": kills,
    "hangs": hangs,
    "redis": redis,
    "postgres": postgres,
    "rivals": rivals,
    "races": races,
}
