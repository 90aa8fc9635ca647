"""`bench dashboard`: what the staff's pages cost in the largest of many practices, each against an empty view through
the same middleware. There is no page of reports to measure yet."""

import statistics
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from practices import tenancy
from practices.models import Membership, Role, User
from treffa.bench import crowd
from treffa.bench.timing import seconds

ROUNDS = 60
MAIL = "bench-dashboard@praxis.example"
Result = dict[str, Any]


class NotShownError(Exception):
    """A page did not show what was to be measured."""


def run(*, practices: int, appointments: int, reuse: bool, now: datetime) -> Result:
    """An object each for board, filtered, search, case, poll: p50_ms, p95_ms, queries, bytes, ratio_empty."""
    seeding = 0.0
    person = User.objects.filter(email=MAIL).first() if reuse else None
    if person is None:
        seeded: list[int] = []
        seeding = seconds(
            lambda: seeded.append(crowd.seed(practices=practices, appointments=appointments, now=now))
        )
        person = _member(seeded[0])
    client = Client(HTTP_HOST="localhost")
    client.force_login(person)
    with override_settings(ROOT_URLCONF="treffa.bench.urls"):
        measured = _measured(client)
    return {
        "practices": practices,
        "appointments": appointments,
        "seeded_s": round(seeding, 1),
        **measured,
    }


def _member(practice_id: int) -> User:
    person: User = User.objects.create_user(email=MAIL, password=None, name="Petra Erdmuster")
    with tenancy.scope(practice_id):
        Membership.objects.create(practice_id=practice_id, user=person, role=Role.STAFF)
    return person


def _measured(client: Client) -> Result:
    shown = client.get("/").content.decode()
    poll = "/" + shown.split('id="board" hx-get="')[1].split('"')[0].replace("&amp;", "&")
    case_id = shown.split('href="/cases/')[1].split("/")[0]
    practice = shown.split('X-Shown-Practice": "')[1].split('"')[0]
    found = client.post("/search/", {"q": "Muster17", "shown_practice": practice})["Location"]
    empty = _times(client, "/bench/empty/", 200)
    pages = {
        "board": ("/", 200),
        "filtered": ("/?is=overdue&when=all", 200),
        "search": (found, 200),
        "case": (f"/cases/{case_id}/", 200),
        "poll": (poll, 304),
    }
    return {name: _page(client, address, status, empty) for name, (address, status) in pages.items()}


@dataclass(frozen=True, kw_only=True)
class Times:
    """What one address cost: milliseconds of each round, statements and bytes of the last."""

    ms: list[float]
    queries: int
    bytes: int


def _times(client: Client, address: str, status: int) -> Times:
    """NotShownError where the answer is another than expected."""
    client.get(address)
    ms = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        response = client.get(address)
        ms.append((perf_counter() - begun) * 1000)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    if response.status_code != status:
        raise NotShownError(f"{address}: {response.status_code} instead of {status}")
    return Times(ms=ms, queries=len(captured), bytes=len(response.content))


def _p95(ms: list[float]) -> float:
    return statistics.quantiles(ms, n=20)[-1]


def _page(client: Client, address: str, status: int, empty: "Times") -> Result:
    times = _times(client, address, status)
    return {
        "p50_ms": round(statistics.median(times.ms), 2),
        "p95_ms": round(_p95(times.ms), 2),
        "queries": times.queries - empty.queries,
        "bytes": times.bytes,
        "ratio_empty": round(_p95(times.ms) / _p95(empty.ms), 2),
    }
