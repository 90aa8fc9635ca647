"""`bench outbox`: messages a second from due to accepted, through real workers and over HTTP to the sandbox's Twilio;
beside the same workers posting the same texts by the official client without a database, and running tasks that do nothing.
Then how long it takes from the commit of a new appointment to the text that was taken, with idle queues.
"""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings

from appointments.fetch import Body, Validators
from appointments.models import Feed
from appointments.operations import sync_due_feeds
from messaging import operations
from messaging.models import Message, MessageState
from messaging.providers import registry
from practices import clock, record, tenancy
from practices.models import Practice
from practices.nudge import ADVANCE_TASK
from prerequisites.adoption import adopt_pack
from prerequisites.models import Case, Plan, PlanState
from treffa.bench import population
from treffa.bench.crew import workers
from treffa.bench.outside import outside_world
from treffa.bench.practice import DAYS, BenchPractice, Calendar, open_practice
from treffa.bench.worker import app, nothing, post, posted
from treffa.sandbox.client import SandboxClient
from treffa.sandbox.sandbox import ACCOUNT_SID, AUTH_TOKEN

Result = dict[str, float]

PRACTICES = 10
# The provider tells nothing afterwards: what comes back is measured by nobody here.
SILENT = ("--callback-delay", "86400")
NOWHERE = "http://127.0.0.1:9"
SENDER = "+4915235000001"
AT_ANY_HOUR: dict[str, Any] = {
    "sending": True,
    "channels": ["sms"],
    "sms_sender": SENDER,
    "quiet_from": "00:00",
    "quiet_until": "00:00",
    "days_of_rest": False,
    "doctolib_reminds": False,
    "weekly_cap": 0,
    "daily_cap": 1_000_000,
}
LONGEST_S = 300.0
# An appointment so many days ahead has everything to be asked for, and is not too far away.
ASKED_AT_ONCE = 10


class NotSentError(RuntimeError):
    """Something else happened than what is measured; the text says what."""


def run(*, messages: int, appointments: int, now: datetime) -> Result:
    """`messages` due messages of ten practices; `appointments` new ones, one after the other."""
    queue = f"bench-{os.getpid()}"
    each = messages // PRACTICES
    practices = [_practice(each, now=now) for _ in range(PRACTICES)]
    population.analyze()
    with outside_world(*SILENT) as url:
        account = {"url": url, "sid": ACCOUNT_SID, "token": AUTH_TOKEN}
        bench = _Bench(queue=queue, account=account)
        with workers(queue=queue, env=_environment(account)):
            noop = bench.nothing(messages)
            sent = bench.send(practices, each=each)
            client = bench.post(at_once=registry.capabilities("sms").at_once)
            latency = bench.arrive(appointments)
    return {
        "messages": each * PRACTICES,
        "messages_per_s": round(sent, 1),
        "client_per_s": round(client, 1),
        "noop_per_s": round(noop, 1),
        "ratio_client": round(sent / client, 3),
        "latency_p50_s": round(statistics.median(latency), 3),
        "latency_p95_s": round(statistics.quantiles(latency, n=20, method="inclusive")[-1], 3),
    }


class _Bench:
    """What is measured, one after the other, by the same workers."""

    def __init__(self, *, queue: str, account: Mapping[str, str]) -> None:
        self._queue, self._account = queue, account
        self._sandbox = SandboxClient(account["url"])
        self._broker = redis.Redis.from_url(settings.REDIS_URL)

    def nothing(self, number: int) -> float:
        """Tasks that do nothing, a second."""
        begun = time.perf_counter()
        for _ in range(number):
            nothing.apply_async(queue=self._queue)
        _until(lambda: not self._broker.llen(self._queue))
        return number / (time.perf_counter() - begun)

    def send(self, practices: Sequence[int], *, each: int) -> float:
        """Messages a second, by the product's own stage."""
        begun = time.perf_counter()
        for practice_id in practices:
            self._advance("deliver", practice_id)
        for practice_id in practices:
            _until(lambda practice_id=practice_id: _accepted(practice_id) == each)  # type: ignore[misc]
        taken = time.perf_counter() - begun
        arrived = len(self._sandbox.texts())
        if arrived != each * len(practices):
            raise NotSentError(f"{arrived} texts for {each * len(practices)} messages")
        return arrived / taken

    def post(self, *, at_once: int) -> float:
        """The very texts that the product has sent, a second, by the official client alone."""
        texts = [
            {
                "to": text["to"],
                "from_": text["from"],
                "body": text["body"],
                "status_callback": f"{NOWHERE}/hooks/twilio/{uuid4()}/",
                "validity_period": "14400",
            }
            for text in self._sandbox.texts()
        ]
        self._sandbox.reset()
        share = max(1, len(texts) // PRACTICES)
        shares = [texts[first : first + share] for first in range(0, len(texts), share)]
        begun = time.perf_counter()
        for one in shares:
            post.apply_async(args=(one, self._account, at_once), queue=self._queue)
        key = posted(self._queue)
        _until(lambda: self._broker.llen(key) == len(shares))
        taken = time.perf_counter() - begun
        self._broker.delete(key)
        return len(texts) / taken

    def arrive(self, appointments: int) -> list[float]:
        """Seconds from before a calendar with one appointment more is read, until the text about it was taken."""
        practice = BenchPractice(now=clock.now())
        practice.add_feed()
        with tenancy.scope(practice.id):
            Practice.objects.update(**AT_ANY_HOUR)
        return [self._arrives(practice, number) for number in range(1, appointments + 1)]

    def _arrives(self, practice: BenchPractice, number: int) -> float:
        now = clock.now()
        calendar = Calendar(events=number, begins=practice.begins, first=ASKED_AT_ONCE, step=DAYS)
        body = calendar.body(at=now)
        with tenancy.scope(practice.id):
            Feed.objects.update(next_poll_at=now)
        begun = time.perf_counter()
        sync_due_feeds(
            practice_id=practice.id, now=now, ask=lambda *_, **__: Body(content=body, validators=Validators())
        )
        self._advance("cases", practice.id)  # as the nudge does, which goes by the product's own queue
        _until(lambda: _accepted(practice.id) == number)
        return time.perf_counter() - begun

    def _advance(self, stage: str, practice_id: int) -> None:
        app.send_task(ADVANCE_TASK, args=[stage, practice_id], queue=self._queue)


def _accepted(practice_id: int) -> int:
    with tenancy.scope(practice_id):
        return Message.objects.filter(state=MessageState.ACCEPTED).count()


def _until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + LONGEST_S
    while not done():
        if time.monotonic() > ends:
            raise NotSentError(f"not done within {LONGEST_S:.0f} s")
        time.sleep(0.02)


def _practice(cases: int, *, now: datetime) -> int:
    """A practice that writes at any hour, with messages that are due."""
    practice_id = open_practice(now=now)
    with tenancy.scope(practice_id):
        Practice.objects.update(**AT_ANY_HOUR)
        adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)
        plan = Plan.objects.filter(state=PlanState.PUBLISHED).order_by("pk")[0]
        population.fill(practice_id, plan, cases=cases, days=10, now=now)
        Case.objects.update(requests_due_at=now)
    population.analyze()
    operations.queue_requests(practice_id=practice_id, now=now)
    with tenancy.scope(practice_id):
        due = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now).count()
    if due != cases:
        raise NotSentError(f"{due} messages due for {cases} cases")
    return practice_id


def _environment(account: Mapping[str, str]) -> dict[str, str]:
    return {
        "PUBLIC_URL": NOWHERE,
        "TWILIO_BASE_URL": account["url"],
        "TWILIO_ACCOUNT_SID": account["sid"],
        "TWILIO_AUTH_TOKEN": account["token"],
        "TICK_SECONDS": "60",
    }
