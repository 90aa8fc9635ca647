"""`manage.py catalogues check|update|compile`: translations of the interface."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from django.core.management.base import BaseCommand, CommandError

from treffa import catalogues


class Command(BaseCommand):
    help = "Checks, updates or compiles the translations. English is the source language."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("check", "update", "compile"))
        parser.add_argument(
            "--from", dest="further", type=Path, help="take missing translations from this .po, too"
        )

    def handle(self, *args: Any, act: str, further: Path | None, **options: Any) -> None:
        languages = catalogues.languages()
        if act == "compile":
            catalogues.compile_all()
            return
        if act == "update":
            for language in languages:
                catalogues.update(language, further=_read(further, language))
        found = [f"{code}: {line}" for code in languages for line in catalogues.problems(code)]
        if found:
            raise CommandError("\n".join([*found[:200], f"{len(found)} strings need a translator"]))


def _read(path: Path | None, language: str) -> Any:
    if path is None:
        return None
    with path.open("rb") as file:
        return read_po(file, locale=language)
