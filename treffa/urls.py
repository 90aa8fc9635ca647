"""Addresses of the web process: the staff's dashboard, the patient's page, webhooks, sign-in, health."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from treffa import accent, calendar_feed, health, icons, invitations
from treffa.api.application import api

handler500 = "treffa.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("accent-<slug:colour>.css", accent.sheet, name="accent"),
    path("icons-<slug:digest>.svg", icons.sprite_file),
    path("accounts/language/", set_language, name="set_language"),
    path("accounts/", include("treffa.account_urls")),
    path("invitation/<str:token>/", invitations.show, name="invitation"),
    path("api/v1/", api.urls),
    path("calendar/<str:token>.ics", calendar_feed.show, name="readiness_calendar"),
    path("hooks/", include("messaging.urls")),
    path("", include("treffa.patient.urls")),
    path("", include("treffa.dashboard.urls")),
]
