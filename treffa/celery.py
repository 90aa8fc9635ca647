"""The Celery app. Postgres holds the truth; the broker only carries the nudge (docs/decisions.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "treffa.settings")

app = Celery("treffa")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["treffa"])
