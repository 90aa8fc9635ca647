"""The pages on which a manager writes the practice's own texts: what is said now, the form, the preview."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentType
from messaging import drafts, queries
from messaging.drafts import Preview, Problem
from messaging.models import Channel, Occasion
from messaging.providers import registry
from messaging.texts import Own
from messaging.wordings import BODIES, LANGUAGES, SUBJECTS
from practices.models import Practice

OCCASIONS = tuple(Occasion(value) for value in Occasion.values if value != Occasion.STAFF)
NAMES = {"de": "Deutsch", "en": "English", "fr": "Français", "it": "Italiano"}

_PROBLEMS = {
    "empty": _("Write something, or take Treffa's text again."),
    "too_long": _("That is too long."),
    "no_link": _("{link} is missing: without it the patient gets nowhere."),
    "two_links": _("{link} may stand here once only."),
    "no_practice": _("{practice} is missing: a short text has no sender that people know."),
    "unknown_variable": _("“%(what)s” is no variable. There are {practice}, {appointment}, {deadline}, {phone} and {link}."),
    "telling": _("“%(what)s” tells whoever sees the phone about the patient's health: %(shown)s"),
}  # fmt: skip


class TextForm(forms.Form):
    """A text in the practice's own words."""

    short = forms.CharField(
        label=_("SMS"),
        required=False,
        strip=True,
        max_length=4000,
        help_text=_("Variables: {practice}, {appointment}, {deadline}, {phone}, {link}."),
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 4}),
    )
    subject = forms.CharField(
        label=_("Subject of the e-mail"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    letter = forms.CharField(
        label=_("E-mail"),
        required=False,
        strip=True,
        max_length=8000,
        help_text=_("Greeting and ending are added. Empty: the e-mail says what the SMS says."),
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 6}),
    )

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Shows what is wrong beside each field."""
        for problem in problems:
            text = str(_PROBLEMS[problem.code])
            named = {"what": problem.what, "shown": problem.shown}
            self.add_error(problem.field, text % named if problem.what else text)

    def own(self) -> Own:
        """What is typed, as the drafts see it."""
        given: dict[str, Any] = self.cleaned_data
        subject = " ".join(given.get("subject", "").split())
        return Own(number=0, short=given.get("short", ""), subject=subject, letter=given.get("letter", ""))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One occasion: what is said, and whether in the practice's own words (its number)."""

    occasion: Occasion
    short: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All occasions in one language, for all types or one."""

    language: str
    languages: list[tuple[str, str]]
    type: AppointmentType | None
    types: list[AppointmentType]
    lines: list[Line]


def load(*, language: str, type_: AppointmentType | None) -> Texts:
    """What is said in a language."""
    known = queries.own_texts()
    lines = []
    for occasion in OCCASIONS:
        own = _own(known, occasion, language, type_)
        short = own.short if own else BODIES[language][occasion]
        lines.append(Line(occasion=occasion, short=short, number=own.number if own else 0))
    return Texts(
        language=language,
        languages=[(code, NAMES[code]) for code in LANGUAGES],
        type=type_,
        types=list(AppointmentType.objects.order_by("name")),
        lines=lines,
    )


def current(*, occasion: str, language: str, type_: AppointmentType | None) -> Own:
    """What is said now: the practice's words, else Treffa's (number 0)."""
    own = _own(queries.own_texts(), occasion, language, type_)
    return own or Own(number=0, short=BODIES[language][occasion], subject=SUBJECTS[language][occasion])


def previews(own: Own, practice: Practice, *, occasion: str, language: str, now: datetime) -> list[Preview]:
    """How it looks on the practice's channels."""
    usable = [channel for channel in practice.channels if channel in registry.CHANNELS]
    return drafts.previews(
        own,
        occasion=occasion,
        language=language,
        channels=[channel for channel in usable if channel != Channel.WHATSAPP],
        practice=practice.sender_name or practice.name,
        zone=practice.time_zone,
        phone=practice.phone,
        base_url=settings.PUBLIC_URL,
        now=now,
    )


def _own(known: queries.OwnTexts, occasion: str, language: str, type_: AppointmentType | None) -> Own | None:
    type_id = type_.pk if type_ else None
    return queries.own_text(known, type_id=type_id, occasion=occasion, language=language)
