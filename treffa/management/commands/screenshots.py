"""`manage.py screenshots`: photographs the demo for the documents, with the tools of development (make screenshots starts and seeds it)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from treffa.demo import chromium, screenshots


class Command(BaseCommand):
    help = "Photographs the seeded demo into docs/images (make screenshots starts and seeds it)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_URL:
            raise CommandError("SANDBOX_URL is not set: make screenshots starts what it needs")
        executable = chromium.find()
        if executable is None:
            raise CommandError("no chromium was found: make chromium")
        try:
            subject = screenshots.choose()
        except LookupError as error:
            raise CommandError(str(error)) from error
        folder = settings.BASE_DIR / "docs" / "images"
        for path in screenshots.photograph(subject, executable=executable, folder=folder):
            self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}  {path.stat().st_size // 1024} kB")
