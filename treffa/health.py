"""Health: /healthz says that the process lives, /readyz that it can work (database, its schema and the broker).

On the operators' process alone: /metrics for Prometheus, and the page that shows the same to people.
"""

from collections.abc import Iterator

import redis
from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from practices import clock
from treffa import state

_SECONDS = 2


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """GET /healthz"""
    return JsonResponse({"alive": True})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """GET /readyz — 503 with the parts that do not answer."""
    database = _database_answers()
    parts = {
        "database": database,
        "migrations": database and _schema_is_there(),
        "broker": _broker_answers(),
    }
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics — Prometheus' text format, for who knows METRICS_TOKEN (as a bearer); 404 for everybody else."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(state.gather(now=clock.now())))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@admin.site.admin_view
@require_safe
def show_state(request: HttpRequest) -> HttpResponse:
    """The operators' page: feeds, queues, messages, escalations and the auditor over all practices."""
    context = {**admin.site.each_context(request), "figures": state.gather(now=clock.now())}
    return TemplateResponse(request, "admin/state.html", context)


class _Collector:
    """What was gathered, as Prometheus' client wants to be given it."""

    def __init__(self, figures: list[state.Figures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for figures in self._figures:
            label = figures.measure.label
            with translation.override("en"):  # of machines
                help_text = str(figures.measure.help)
            family = GaugeMetricFamily(figures.measure.name, help_text, labels=[label] if label else [])
            for value, figure in sorted(figures.values.items()):
                family.add_metric([value] if label else [], figure)
            yield family


def _schema_is_there() -> bool:
    """Every migration that this code knows has run (an older process beside a newer schema is ready, too)."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    broker = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    try:
        return bool(broker.ping())
    except redis.RedisError:
        return False
    finally:
        broker.close()
