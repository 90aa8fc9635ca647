"""The Celery app of the benchmarks' workers: the product's, with two tasks to measure it by, on a queue of their own."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import redis
from celery import Celery
from twilio.rest import Client

from messaging.providers.twilio.http import HttpClient
from treffa.celery import app as product

QUEUE = "BENCH_QUEUE"
DEADLINE_S = 10.0

app: Celery = product
if QUEUE in os.environ:  # in a worker; the benchmark itself names the queue with every task
    app.conf.task_default_queue = os.environ[QUEUE]


@app.task(name="treffa.bench.nothing")
def nothing() -> None:
    """What a task costs that does nothing."""


@app.task(name="treffa.bench.post")
def post(texts: Sequence[Mapping[str, str]], account: Mapping[str, str], at_once: int) -> None:
    """Posts texts by the official client, so many side by side, and says at the end how many were taken."""
    http = HttpClient(base_url=account["url"], timeout=DEADLINE_S)
    client = Client(account["sid"], account["token"], http_client=http)

    def create(text: Mapping[str, str]) -> str:
        return str(client.messages.create(**text).sid)

    with ThreadPoolExecutor(at_once) as pool:
        taken = len(list(pool.map(create, texts)))
    redis.Redis.from_url(app.conf.broker_url).rpush(posted(os.environ[QUEUE]), taken)


def posted(queue: str) -> str:
    """The list in Redis to which `post` adds."""
    return f"{queue}-posted"
