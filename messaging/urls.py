"""Addresses below /hooks/."""

from django.urls import include, path

from messaging import views

app_name = "messaging"

urlpatterns = [
    path("twilio/inbound/", views.twilio_inbound, name="twilio_inbound"),
    path("twilio/<uuid:attempt>/", views.twilio_status, name="twilio_status"),
    path("anymail/", include("anymail.urls")),
]
