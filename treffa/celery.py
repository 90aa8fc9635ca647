"""The Celery app. Postgres holds the truth; the broker only carries the nudge (docs/decisions.md)."""

import os

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "treffa.settings")

app = Celery("treffa")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["treffa"])


@task_prerun.connect
def renew_connection(**_: object) -> None:
    """A worker keeps its connection from task to task; one that a restart of Postgres broke is replaced, as a request
    does it."""
    close_old_connections()
