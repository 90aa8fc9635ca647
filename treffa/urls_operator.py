"""Addresses of the operators' process: the Django admin, its sign-in, and health."""

from django.contrib import admin
from django.urls import path

from treffa import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.metrics),
    path("state/", health.show_state, name="state"),
    path("", admin.site.urls),
]
