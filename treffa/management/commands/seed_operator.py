"""`manage.py seed_operator`: the operator of the demo. Runs on the operators' role: the product can make none."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from treffa.demo import seeding


class Command(BaseCommand):
    help = "Makes the demo's operator, who signs in to the admin."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_URL or settings.PRODUCTION:
            raise CommandError("SANDBOX_URL is not set: only a demo has an operator with a known password")
        seeding.create_operator()
