"""`manage.py audit`: one run of the auditor, for a cron of the operator's own beside beat. Exit 1 if anything is wrong."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from practices import clock
from treffa.tasks import examine


class Command(BaseCommand):
    help = "Looks for what was forgotten, has it queued anew, and says so; exit 1 if there was anything."

    def handle(self, *args: Any, **options: Any) -> None:
        found = examine(now=clock.now())
        for one in found:
            self.stdout.write(f"{one.kind} practice={one.practice_id} id={one.subject}")
        if found:
            sys.exit(1)
        self.stdout.write("nothing was forgotten")
