"""Addresses of the web process: the staff's dashboard, the patient's page, webhooks, sign-in, health."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
]
