"""`manage.py verify_record PRACTICE`: checks the chain of a practice's record; exit 1 and a line each if it is broken."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from practices import record, tenancy
from practices.models import Practice, Seal


class Command(BaseCommand):
    help = "Checks the chain of a practice's record: that nothing was changed, taken out or slipped in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("practice", type=int, help="the practice's number")

    def handle(self, *args: Any, practice: int, **options: Any) -> None:
        with tenancy.scope(practice):
            if not Practice.objects.exists():
                raise CommandError(f"there is no practice {practice}")
            problems = record.verify()
            last = Seal.objects.order_by("-number").first()
        if problems:
            raise CommandError("\n".join(problems))
        head = f"seal {last.number}, {last.digest}" if last else "nothing sealed yet"
        self.stdout.write(f"practice {practice}: the record is whole ({head})")
