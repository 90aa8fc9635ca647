"""`manage.py smoke`: the whole story against the running parts, one JSON line a step; exit 1 at the first that fails."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from treffa.demo.smoke import SmokeError, Story
from treffa.demo.smoke_rules import RulesStory


class Command(BaseCommand):
    help = "Plays the whole story against the running parts (make smoke starts them)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_URL or not settings.CLOCK_FILE:
            raise CommandError("SANDBOX_URL and CLOCK_FILE are not set: make smoke starts what it needs")
        try:
            Story(self._tell).run()
            RulesStory(self._tell).run()
        except (SmokeError, LookupError) as error:
            self._tell(json.dumps({"step": "failed", "why": str(error)}, ensure_ascii=False))
            raise CommandError("the story did not come to its end") from error

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
