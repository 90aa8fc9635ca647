"""`manage.py plans export|import|check`: plans of a practice as files (`treffa-plans/1`), and files as drafts of plans."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from practices import clock, record, tenancy
from practices.models import Practice
from prerequisites import adoption, exchange, fhir, packs, queries
from prerequisites.models import Plan


class Command(BaseCommand):
    help = "Exports the plans of a practice as a file, imports a file as drafts, or checks a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        out = actions.add_parser("export", help="writes the published plans (or drafts) as YAML or as FHIR")
        out.add_argument("--practice", type=int, required=True, help="the practice's number")
        out.add_argument("--type", action="append", dest="types", help="only this appointment type")
        out.add_argument("--drafts", action="store_true", help="the drafts instead of what is published")
        out.add_argument("--fhir", action="store_true", help="the forms as FHIR R4 Questionnaires (JSON)")
        out.add_argument("--output", type=Path, help="the file; without it the plans are printed")
        into = actions.add_parser("import", help="makes drafts of a file's plans; nothing is published")
        into.add_argument("file", type=Path)
        into.add_argument("--practice", type=int, required=True, help="the practice's number")
        into.add_argument("--type", action="append", dest="types", help="only this appointment type")
        into.add_argument("--replace-drafts", action="store_true", help="in place of drafts there are")
        into.add_argument("--dry-run", action="store_true", help="only says what would be drafted")
        check = actions.add_parser("check", help="says all that is wrong with a file, by line")
        check.add_argument("file", type=Path)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            if action == "check":
                found = packs.parse(_bytes(options["file"]), where=options["file"].name)
                self.stdout.write(f"{options['file'].name}: {len(found.plans)} plans, nothing is wrong")
                return
            with tenancy.scope(options["practice"]):
                if not Practice.objects.exists():
                    raise CommandError(f"there is no practice {options['practice']}")
                (self._export if action == "export" else self._import)(options)
        except packs.PackError as error:
            raise CommandError(str(error)) from error

    def _export(self, options: dict[str, Any]) -> None:
        plans = list(queries.current_plans(drafts=options["drafts"], names=options["types"]))
        if not plans:
            raise CommandError("there is no such plan")
        if options["fhir"]:
            practice = Practice.objects.get()
            forms = [form for plan in plans for form in exchange.forms(plan)]
            resources = [fhir.questionnaire(form, languages=practice.languages) for form in forms]
            content = json.dumps(fhir.bundle(resources), ensure_ascii=False, indent=2) + "\n"
        else:
            content = exchange.exported(plans)
        if options["output"] is None:
            self.stdout.write(content, ending="")
        else:
            options["output"].write_text(content, encoding="utf-8")
            self.stdout.write(f"{options['output'].name}: {len(plans)} plans")

    def _import(self, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        content = _bytes(file)
        pack = packs.parse(content, where=file.name)
        wanted = [plan for plan in pack.plans if _wanted(plan, options["types"])]
        if not wanted:
            raise CommandError("the file has no plan for such a type")
        offers = adoption.preview(packs.Pack(name=pack.name, plans=tuple(wanted)))
        for language in offers[0].missing:
            self.stdout.write(f"in {language} the file says nothing: patients read another language")
        made = [] if options["dry_run"] else self._drafted(content, options)
        drafts = {plan.type.name: plan for plan in made}
        for offer in offers:
            draft = drafts.get(offer.name)
            self.stdout.write(f"{offer.name}: {_said(offer, draft, replaced=options['replace_drafts'])}")

    @staticmethod
    def _drafted(content: bytes, options: dict[str, Any]) -> list[Plan]:
        return adoption.import_plans(
            content,
            where=options["file"].name,
            chosen=options["types"],
            replace_drafts=options["replace_drafts"],
            by=record.SYSTEM,
            now=clock.now(),
        )


def _wanted(plan: packs.PackPlan, names: list[str] | None) -> bool:
    return names is None or not plan.all_names.isdisjoint(names)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file.name} can't be read: {error.strerror}") from error


def _said(offer: adoption.Offer, draft: Plan | None, *, replaced: bool) -> str:
    if draft is None and offer.draft is not None and not replaced:
        return f"has a draft already (version {offer.draft.version}), which is kept"
    what = f"{len(offer.prerequisites)} prerequisites"
    return f"draft of version {draft.version}, {what}" if draft else f"would be drafted, {what}"
