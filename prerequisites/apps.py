"""The room of what must be in place: plans, cases, requirements, submissions."""

from django.apps import AppConfig


class PrerequisitesConfig(AppConfig):
    name = "prerequisites"
    verbose_name = "Prerequisites"
