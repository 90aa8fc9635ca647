"""The room of what is said to people: messages, attempts, what came back."""

from importlib import import_module

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messaging"

    def ready(self) -> None:
        """Listens to what Anymail's webhooks take in: its one way of telling."""
        import_module("messaging.tracking")
