"""The room of what happens when a case stalls: policies, escalations, tasks."""

from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "escalation"
    verbose_name = "Escalation"
