"""Addresses below /hooks/."""

from django.urls import path

from messaging import views

app_name = "messaging"

urlpatterns = [
    path("twilio/<uuid:attempt>/", views.twilio_status, name="twilio_status"),
]
