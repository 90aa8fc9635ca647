"""The room of the practices: tenants, people, the record and the clock."""

from django.apps import AppConfig


class PracticesConfig(AppConfig):
    name = "practices"
    verbose_name = "Practices"
