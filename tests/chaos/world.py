"""A practice with messages to send, a crew that sends them, and the outside world that counts what arrives."""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import treffa.sandbox
from appointments.cancelling import cancel
from appointments.models import Appointment
from escalation.models import Task
from messaging import operations
from messaging.models import Message, MessageState
from practices import clock, record, tenancy
from prerequisites.models import Case
from tests import factories
from tests.chaos.numbers import Numbers
from tests.chaos.processes import Broker, Crew
from treffa.bench.crew import database_url
from treffa.sandbox import Sandbox

NOWHERE = "http://127.0.0.1:9"
PATIENCE_S = 600.0
# Held are messages for three minutes, and the provider's books are believed after five.
PAST_LEASES = timedelta(minutes=6)
STOPPED = 5


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of `n` messages: not sent, sent more than once, sent after the appointment was cancelled, and those
    of which nobody knows what became of them and nobody was told."""

    scenario: str
    n: int
    lost: int
    doubled: int
    after_stop: int
    unknown_open: int

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.after_stop or self.unknown_open)


class World:
    """Use `world(...)`. Callbacks lead nowhere: what is in doubt has to be looked up."""

    def __init__(
        self, *, sandbox: Sandbox, broker: Broker, folder: Path, numbers: Numbers, seed: int
    ) -> None:
        self.sandbox, self.broker, self.numbers = sandbox, broker, numbers
        self.chance = random.Random(seed)
        self._practice_id = factories.make_practice().pk
        self._expected: set[str] = set()
        self._stopped: set[str] = set()
        self._fill()
        env = {**_environment(sandbox, folder), "REDIS_URL": broker.url}
        self.crew = Crew(env=env, folder=folder, workers=numbers.workers, beats=numbers.beats)

    def arrived(self) -> int:
        """How many texts the provider has taken."""
        return len(self.sandbox.twilio.messages())

    def progress(self, *, quiet_s: float, seconds: float = 30.0) -> None:
        """Waits until another text has arrived, for a while; then a moment more or less."""
        before, end = self.arrived(), time.monotonic() + seconds
        watch = _Watch(quiet_s)
        while self.arrived() == before and time.monotonic() < end:
            if not self._look(watch):
                return
            time.sleep(0.05)
        time.sleep(self.chance.uniform(0.0, 0.3))

    def settle(self, *, quiet_s: float) -> None:
        """Until nothing is due or under way."""
        end = time.monotonic() + PATIENCE_S
        watch = _Watch(quiet_s)
        while time.monotonic() < end and self._look(watch):
            self.crew.restore()
            time.sleep(0.2)

    def _look(self, watch: "_Watch") -> bool:
        """Whether anything is due or under way. Where nothing moves for longer than any call of a living worker takes, the
        clock is turned past what the dead hold."""
        seen = self._standing()
        if seen and watch.stands_still(seen):
            clock.turn(to=clock.now() + PAST_LEASES)
        return bool(seen)

    def verdict(self, scenario: str) -> Verdict:
        texts = Counter(message.to for message in self.sandbox.twilio.messages())
        with tenancy.scope(self._practice_id):
            tasks = Task.objects.filter(case_id__isnull=False).values("case_id")
            handed_over = set(
                Message.objects.filter(state=MessageState.UNKNOWN, case__in=tasks).values_list(
                    "address", flat=True
                )
            )
            open_ends = Message.objects.filter(state__in=(MessageState.SENDING, MessageState.UNKNOWN))
            unknown_open = open_ends.exclude(address__in=handed_over).count()
        return Verdict(
            scenario=scenario,
            n=len(self._expected),
            lost=len(
                [number for number in self._expected if not texts[number] and number not in handed_over]
            ),
            doubled=sum(texts[number] - 1 for number in self._expected if texts[number] > 1),
            after_stop=sum(texts[number] for number in self._stopped),
            unknown_open=unknown_open,
        )

    def _standing(self) -> tuple[object, ...]:
        """What is due or under way; empty when there is nothing left to do."""
        now = clock.now()
        with tenancy.scope(self._practice_id):
            held = Message.objects.filter(
                state__in=(MessageState.SENDING, MessageState.UNKNOWN), due_at__isnull=False
            )
            held_now = tuple(held.order_by("pk").values_list("pk", "state", "attempt_id"))
            due = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now).count()
            cases = Case.objects.filter(requests_due_at__lte=now).count()
            return (*held_now, due, cases) if held_now or due or cases else ()

    def _fill(self) -> None:
        """Patients to be asked now, and some whose appointment was cancelled after the message was written down."""
        with tenancy.scope(self._practice_id):
            feed, plan = factories.FeedFactory(), factories.PlanFactory()
            prerequisite = factories.PrerequisiteFactory(plan=plan)

            def patient(number: int) -> str:
                phone = f"+49152545{number:05}"
                case = factories.CaseFactory(
                    appointment__feed=feed,
                    appointment__type=plan.type,
                    appointment__patient__phone=phone,
                    appointment__patient__email="",
                    plan=plan,
                    requests_due_at=clock.now(),
                )
                factories.RequirementFactory(case=case, prerequisite=prerequisite)
                return phone

            self._stopped = {patient(90_000 + number) for number in range(STOPPED)}
        operations.queue_requests(practice_id=self._practice_id, now=clock.now())
        with tenancy.scope(self._practice_id):
            cancelled = list(Appointment.objects.values_list("pk", flat=True))
            cancel(ids=cancelled, reason="said", actor=record.SYSTEM, now=clock.now())
            self._expected = {patient(number) for number in range(self.numbers.messages)}


class _Watch:
    """Notices that something has not changed for a while; then it begins anew."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s, self._since = quiet_s, time.monotonic()
        self._last: tuple[object, ...] = ()

    def stands_still(self, seen: tuple[object, ...]) -> bool:
        if seen != self._last:
            self._last, self._since = seen, time.monotonic()
        still = time.monotonic() - self._since > self._quiet_s
        if still:
            self._since = time.monotonic()
        return still


@contextmanager
def world(numbers: Numbers, *, seed: int) -> Iterator[World]:
    """A world of its own in the database at hand; nothing of it runs on afterwards."""
    kept = clock._FILE
    with tempfile.TemporaryDirectory(prefix="treffa-chaos-") as name, treffa.sandbox.start() as sandbox:
        folder = Path(name)
        clock._FILE = str(folder / "clock.json")
        clock.turn(to=factories.NOW)
        broker = Broker(folder)
        it = None
        try:
            it = World(sandbox=sandbox, broker=broker, folder=folder, numbers=numbers, seed=seed)
            yield it
        finally:
            clock._FILE = kept
            if it is not None:
                it.crew.stop()
            broker.kill_all()


def _environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url(),
        "CLOCK_FILE": clock._FILE,
        "DOCUMENT_ROOT": str(folder),
        "TICK_SECONDS": "1",
        "PUBLIC_URL": NOWHERE,
        "TWILIO_BASE_URL": sandbox.http_url,
        "TWILIO_ACCOUNT_SID": sandbox.twilio.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.twilio.auth_token,
        "EMAIL_URL": f"smtp://{sandbox.smtp_address}",
        "PYTHONPATH": os.getcwd(),
    }
