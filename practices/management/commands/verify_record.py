"""`manage.py verify_record FILE_OR_PRACTICE`: checks an evidence file, or the chain of a practice's record.

A file is checked with nothing but itself: no database, on any machine. Exit 1 and a line each for what is wrong.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from practices import evidence, record, tenancy
from practices.models import Practice, Seal


class Command(BaseCommand):
    help = "Checks an evidence file or the chain of a practice: that nothing was changed, taken out or slipped in."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", metavar="FILE_OR_PRACTICE", help="a ZIP, or the practice's number")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        if what.isdecimal() and not Path(what).exists():
            self._practice(int(what))
        else:
            self._file(Path(what))

    def _file(self, path: Path) -> None:
        found = evidence.check(path)
        if not found.whole:
            raise CommandError("\n".join(["the evidence file is NOT whole:", *found.problems]))
        self.stdout.write("\n".join(["the evidence file is whole", *found.facts]))

    def _practice(self, practice_id: int) -> None:
        with tenancy.scope(practice_id):
            if not Practice.objects.exists():
                raise CommandError(f"there is no practice {practice_id}")
            problems = record.verify()
            last = Seal.objects.order_by("-number").first()
        if problems:
            raise CommandError("\n".join(problems))
        head = f"seal {last.number}, {last.digest}" if last else "nothing sealed yet"
        self.stdout.write(f"practice {practice_id}: the record is whole ({head})")
