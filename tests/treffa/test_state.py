"""What operators and their Prometheus see of the whole, and what log lines say."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from prometheus_client.parser import text_string_to_metric_families
from structlog.contextvars import bound_contextvars, clear_contextvars

from appointments.models import Feed
from practices import clock, tenancy
from practices.models import User
from tests import factories, operators
from treffa import errors, logs, state
from treffa.request_ids import RequestIdMiddleware

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a-token-of-this-test"


@pytest.fixture
def operator(now: datetime, settings: Any, client: Client) -> Iterator[Client]:
    """A signed-in operator; two practices, one of them with a calendar that was last read two hours ago."""
    for name in ("Praxis Eins", "Praxis Zwei"):
        practice = factories.make_practice(name=name)
        with tenancy.scope(practice.pk):
            factories.RequirementFactory()
            feed = Feed.objects.get()
            gone = timedelta(hours=2 if name == "Praxis Zwei" else 0)
            Feed.objects.filter(pk=feed.pk).update(last_good_at=clock.now() - gone, watched_from=None)
    operators.make_operator()
    settings.ROOT_URLCONF = "treffa.urls_operator"
    settings.DATABASE_ROLE = "operator"
    settings.SESSION_ENGINE = "practices.operator_sessions"
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    settings.METRICS_TOKEN = TOKEN
    with operators.operators_role():
        client.force_login(User.objects.get(email=operators.EMAIL))
        yield client


def test_prometheus_is_told_of_all_practices_and_of_none_by_name(operator: Client) -> None:
    answer = operator.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    text = answer.content.decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {measure.name for measure in state.MEASURES} <= set(families)
    cases = {sample.labels["readiness"]: sample.value for sample in families["treffa_cases"].samples}
    assert sum(cases.values()) == 2
    assert families["treffa_feeds_in_outage"].samples[0].value == 1
    assert 7000 < families["treffa_sync_age_seconds"].samples[0].value < 7600
    assert "Praxis" not in text and "Probefeld" not in text


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}"])
def test_who_does_not_know_the_token_finds_no_figures(operator: Client, given: str) -> None:
    assert operator.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_without_a_token_of_the_operators_own_nobody_is_answered(operator: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert operator.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_operators_page_shows_the_same_to_operators_alone(operator: Client) -> None:
    html = operator.get("/state/").content.decode()
    assert all(measure.name in html for measure in state.MEASURES)
    assert "/state/" in operator.get("/").content.decode()
    operator.logout()
    assert operator.get("/state/").status_code == 302


def test_the_product_has_neither_figures_nor_page(client: Client) -> None:
    for address in ("/metrics", "/state/"):
        assert client.get(address).status_code == 404


def test_ready_means_that_the_schema_is_there(client: Client) -> None:
    parts = client.get("/readyz").json()
    assert parts["migrations"] is True


def test_a_request_has_an_id_in_its_answer_and_keeps_its_proxys(client: Client) -> None:
    assert len(client.get("/healthz")["X-Request-ID"]) == 16
    assert client.get("/healthz", headers={"X-Request-ID": "abc-12345"})["X-Request-ID"] == "abc-12345"
    forged = client.get("/healthz", headers={"X-Request-ID": "a b<script>"})["X-Request-ID"]
    assert "<" not in forged and len(forged) == 16


def _break(request: HttpRequest) -> HttpResponse:
    raise ValueError("Otto Probefeld")


urlpatterns = [path("broken/", _break)]
handler500 = errors.server_error


@pytest.mark.urls(__name__)
def test_a_page_that_fails_shows_the_id_of_its_log_line_and_no_data(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.raise_request_exception = False
    caplog.handler.setFormatter(logs.LineFormatter())
    answer = client.get("/broken/")
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "Probefeld" not in answer.content.decode()
    assert f"request={answer['X-Request-ID']}" in caplog.text and "Probefeld" not in caplog.text


def test_what_a_thread_was_bound_to_before_is_not_said_of_its_next_request() -> None:
    seen: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(_line("x"))
        return HttpResponse()

    with bound_contextvars(practice=7):
        RequestIdMiddleware(answer)(RequestFactory().get("/"))
    clear_contextvars()
    assert "practice=7" not in seen[0] and "request=" in seen[0]


def test_a_line_for_machines_is_json_with_ids_and_where_it_failed_without_its_words() -> None:
    try:
        raise ValueError("Otto Probefeld")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "treffa.tasks", logging.ERROR, __file__, 1, "failed stage=%s", ("cases",), told
    )
    with bound_contextvars(practice=3, stage="cases"):
        line = logs.json_formatter().format(record)
    said = json.loads(line)
    assert said["event"] == "failed stage=cases" and said["practice"] == 3 and said["level"] == "error"
    assert said["error"] == "ValueError" and "test_state.py" in said["where"][0]
    assert "Probefeld" not in line


def _line(message: str) -> str:
    return logs.LineFormatter().format(logging.LogRecord("t", logging.INFO, __file__, 1, message, (), None))
