"""The room of the calendar: feeds are read, appointments and patients are known."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    verbose_name = "Appointments"
