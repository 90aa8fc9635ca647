"""The translations: extracted with Babel (templates by Django's own templatize), checked for gaps, compiled without
system gettext."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils import translation
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation.template import templatize

DOMAIN = "django"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "sentence": None,
}
ROOMS = ("practices", "appointments", "prerequisites", "messaging", "escalation", "treffa", "templates")
PATIENT_PAGES = ("templates/patient/", "treffa/patient/")
SKIPPED = ("treffa/sandbox/", "treffa/demo/", "treffa/embedded/")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w[^>]*>")


def languages() -> list[str]:
    """Those that have a catalogue: English is the source."""
    pages = [code for code in settings.PATIENT_LANGUAGES if catalogue_path(code).exists()]
    codes = dict.fromkeys((*(code for code, _ in settings.LANGUAGES), *pages))
    return [code for code in codes if code != "en"]


def _is_wanted(place: str, language: str) -> bool:
    """A language that is not one of the staff's needs the patient's pages only."""
    if language in dict(settings.LANGUAGES):
        return not place.startswith(SKIPPED)
    return place.startswith(PATIENT_PAGES)


def extracted(language: str) -> Catalog:
    """All strings of code and templates that are needed in the language, with where they stand."""
    catalogue = Catalog(project="Treffa", charset="utf-8")
    for room in ROOMS:
        found = extract_from_dir(
            str(settings.BASE_DIR / room),
            method_map=METHODS,
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
        )
        for filename, _line, message, comments, context in found:
            place = f"{room}/{filename}"
            if _is_wanted(place, language):
                catalogue.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    words = (*WEEKDAYS.values(), *MONTHS.values()) if language in dict(settings.LANGUAGES) else ()
    with translation.override("en"):
        for word in words:  # Django's Italian begins them with a capital
            catalogue.add(str(word), locations=[("django/utils/dates.py", 0)])
    return catalogue


def _extract_template(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Babel's way to read a template: Django turns it into calls between placeholders, Babel reads them as Python."""
    lines = templatize(file.read().decode(), origin=file.name).splitlines()
    source = "\n".join(line.strip() for line in lines)
    yield from extract_python(io.BytesIO(source.encode()), keywords, comment_tags, options)


# Babel takes functions as well as names, its stubs know names only
METHODS: Any = [("**.html", _extract_template), ("**.txt", _extract_template), ("**.py", "python")]


def catalogue_path(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The catalogue of a language; an empty one if there is none yet."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Treffa")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, *, further: Catalog | None = None) -> Catalog:
    """Brings a catalogue in line with the code: new strings empty (or as `further` has them), gone ones dropped."""
    known, template = read(language), extracted(language)
    fresh = Catalog(locale=language, project="Treffa", charset="utf-8")
    for message in template:
        if message.id:
            fresh.add(
                message.id,
                _translation(message, known, further),
                locations=sorted({(place, 0) for place, _ in message.locations}),
                flags=message.flags - {"fuzzy"},
                context=message.context,
            )
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    write_po(packed, fresh, sort_output=True, include_lineno=False, width=100, omit_header=False)
    path.write_bytes(_without_dates(packed.getvalue()))
    return fresh


def compile_all() -> None:
    """Writes the .mo files beside the catalogues."""
    for path in Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/*.po"):
        with path.open("rb") as file, path.with_suffix(".mo").open("wb") as packed:
            write_mo(packed, read_po(file))


def problems(language: str) -> Iterator[str]:
    """What is untranslated, uncertain, left over, or has other placeholders, a line each."""
    known, template = read(language), extracted(language)
    for message in template:
        if message.id:
            translated = known.get(message.id, context=message.context)
            yield from problems_of(message, translated, plurals=known.num_plurals)
    for message in known:
        if message.id and template.get(message.id, context=message.context) is None:
            yield f"no longer used: {_short(message)}"


def problems_of(message: Message, translated: Message | None, *, plurals: int) -> Iterator[str]:
    """What is wrong with one translation, in a language with so many forms of a plural."""
    if translated is None or not _texts(translated):
        yield f"untranslated: {_short(message)}"
        return
    if translated.fuzzy:
        yield f"uncertain: {_short(message)}"
    originals, texts = _forms(message.id), _forms(translated.string)
    if not all(texts) or len(texts) < (plurals if len(originals) > 1 else 1):
        yield f"a form of the plural is missing: {_short(message)}"
    for number, text in enumerate(texts):
        if not _keeps_placeholders(
            text, originals[min(number, len(originals) - 1)], alone=len(originals) == 1
        ):
            yield f"another placeholder than in the original: {_short(message)}"
        if _ends(text) != _ends(originals[0]):
            yield f"another space at its ends than the original: {_short(message)}"


def _keeps_placeholders(text: str, original: str, *, alone: bool) -> bool:
    """Whether a translation has all that the original has, and nothing else. A form of a plural may have the number
    that the original's leaves out ("one file"), or say it in a word."""
    has, wanted = Counter(_PLACEHOLDER.findall(text)), Counter(_PLACEHOLDER.findall(original))
    return has == wanted if alone else sum(((has - wanted) + (wanted - has)).values()) <= 1


def _ends(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _forms(texts: Any) -> list[str]:
    return list(texts) if isinstance(texts, tuple | list) else [texts]


def _texts(message: Message) -> list[str]:
    return [text for text in _forms(message.string) if text]


def _short(message: Message) -> str:
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    place = message.locations[0][0] if message.locations else ""
    return f"{str(text)[:70]!r} {place}".strip()


def _translation(message: Message, known: Catalog, further: Catalog | None) -> str | tuple[str, ...]:
    for catalogue in (known, further):
        found = catalogue.get(message.id, context=message.context) if catalogue is not None else None
        if found is not None and _texts(found):
            return found.string if isinstance(found.string, str) else tuple(_forms(found.string))
    return ("", "") if isinstance(message.id, tuple | list) else ""


def _without_dates(text: bytes) -> bytes:
    """Dates and tool versions in the header would change at every run."""
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By)[^\n]*\n', b"", text)
