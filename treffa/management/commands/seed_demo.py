"""`manage.py seed_demo`: fills or refreshes the demo, then prints where to look and how to sign in."""

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from treffa.demo import seeding


class Command(BaseCommand):
    help = "Fills the demo through the product's own operations, in the past; prints addresses and sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_URL or settings.PRODUCTION:
            raise CommandError("SANDBOX_URL is not set: the demo needs the sandbox (make demo starts it)")
        logging.disable(logging.INFO)  # the banner should stand alone
        seeding.seed()
        self.stdout.write(seeding.banner())
