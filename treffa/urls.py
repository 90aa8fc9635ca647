"""Addresses of the web process: the staff's dashboard, the patient's page, webhooks, sign-in, health."""

from django.urls import URLPattern, URLResolver, include, path

from treffa import icons

urlpatterns: list[URLPattern | URLResolver] = [
    path("icons-<slug:digest>.svg", icons.sprite_file),
    path("accounts/", include("allauth.urls")),
]
