"""The product's own app: templates' tags and commands of the whole."""

from django.apps import AppConfig


class TreffaConfig(AppConfig):
    name = "treffa"
