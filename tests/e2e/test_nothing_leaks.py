"""A whole story, booked to ready, and then a look at what it left behind: no log line and nothing in the broker names anybody."""

import logging
import re

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from appointments.models import Feed
from practices import clock, tenancy
from prerequisites.models import Readiness, RequirementState
from tests.e2e.conftest import PASSWORD, World
from treffa.embedded import commands

pytestmark = pytest.mark.e2e
NAMES = ("Probefeld", "Otto", "4599371", "1947-03-14", "14.03.1947", "14.3.1947", "Erdmuster", "petra@praxis")


def in_redis() -> str:
    """All keys and values, the broker's queues included."""
    broker = redis.Redis.from_url(django_settings.REDIS_URL)
    found = []
    for key in broker.scan_iter():
        kind = broker.type(key)
        found.append(repr(key))
        if kind == b"list":
            found.append(repr(broker.lrange(key, 0, -1)))
        elif kind == b"string":
            found.append(repr(broker.get(key)))
        elif kind == b"hash":
            found.append(repr(broker.hgetall(key)))
        elif kind == b"zset":
            found.append(repr(broker.zrange(key, 0, -1)))
    broker.close()
    return " ".join(found)


def tell(world: World, patient: Client, staff: Client) -> str:
    """Booked, told, opened with a wrong and the right date of birth, handed in, searched for, accepted."""
    world.book(days=2)
    world.run()
    link = world.link()
    patient.get("/" + link.split("/", 3)[3], follow=True)
    for day in ("15", "14"):
        token = re.search(r'name="form" value="([^"]+)"', patient.get("/p/").content.decode())
        assert token
        patient.post("/p/", {"form": token[1], "born-day": day, "born-month": "3", "born-year": "1947"})
    world.hand_in()
    assert (
        staff.post("/accounts/login/", {"login": world.user.email, "password": "falsch"}).status_code == 200
    )
    assert (
        staff.post("/accounts/login/", {"login": world.user.email, "password": PASSWORD}).status_code == 302
    )
    staff.defaults["HTTP_X_SHOWN_PRACTICE"] = str(world.practice.pk)
    assert "Probefeld" in staff.post("/search/", {"q": "Probefeld"}, follow=True).content.decode()
    for _ in range(10):
        page = staff.get(f"/cases/{world.case().pk}/").content.decode()
        act = re.search(r'action="([^"]+/(?:accept|check)/)".*?name="seen" value="([^"]*)"', page)
        if act is None:
            break
        staff.post(act[1], {"seen": act[2], "document_date": timezone.localdate(clock.now()).isoformat()})
    world.run()
    staff.post("/accounts/password/reset/", {"email": world.user.email})
    return link


def test_no_log_line_and_nothing_in_the_broker_names_anybody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    link = tell(world, Client(), Client())
    assert world.case().readiness == Readiness.READY
    with tenancy.scope(world.practice.pk):
        assert not world.case().requirements.filter(state=RequirementState.SUBMITTED).exists()
        feed = Feed.objects.get().url()
    secret = (link.rpartition("/")[2], feed.rpartition("/")[2], PASSWORD)
    logged = "\n".join(
        logging.Formatter("%(name)s %(message)s").format(line)
        for line in caplog.records
        if not line.name.startswith("treffa.sandbox")
    )
    assert "synced feed=" in logged
    kept = in_redis()
    for word in (*NAMES, *secret):
        assert word not in logged, [line for line in logged.splitlines() if word in line]
        assert word not in kept


def test_no_process_writes_an_access_log() -> None:
    """Addresses hold a token once: where an access log is kept, it is the proxy's to leave them out."""
    for argv in (commands.web(bind="x"), commands.admin(bind="x")):
        assert not [word for word in argv if word.startswith("--access")]


def test_what_a_page_passes_on_to_other_sites_is_nothing(world: World) -> None:
    world.book()
    world.run()
    assert Client().get("/accounts/login/")["Referrer-Policy"] == "same-origin"
    assert Client().get("/" + world.link().split("/", 3)[3])["Referrer-Policy"] == "no-referrer"
