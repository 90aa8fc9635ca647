"""The form of one prerequisite of a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prerequisites.models import Audience, Kind
from prerequisites.packs import PackPrerequisite
from prerequisites.validity import APPOINTMENT, BLOCK, BOOKING, WARN
from treffa.dashboard import plan_words

MOST_TITLE, MOST_TEXT, MOST_DAYS, MOST_LEAD, MOST_VALID = 120, 4000, 365, 90, 36_500
ICONS: Mapping[str, str] = {
    Kind.DOCUMENT: "file-text",
    Kind.FORM: "list-checks",
    Kind.ACKNOWLEDGEMENT: "info",
    Kind.STAFF_CHECK: "stethoscope",
    Kind.INFORMATION: "info",
}
ASKED_OF_PATIENTS = (Kind.DOCUMENT, Kind.FORM, Kind.ACKNOWLEDGEMENT)
_CONTROL = {"class": "form-control", "autocomplete": "off"}
_NUMBER = {"class": "form-control n", "inputmode": "numeric", "autocomplete": "off"}
_SELECT = {"class": "form-select"}
_TICK = {"class": "form-check-input"}


def _number(label: Any, most: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, widget=forms.TextInput(attrs=_NUMBER), **more
    )


class ItemForm(forms.Form):
    """What is asked for, by when and for how long, by choices; texts once a language. `seen` is what it was made from."""

    audience = forms.ChoiceField(
        label=gettext_lazy("For whom"), choices=Audience.choices, widget=forms.Select(attrs=_SELECT)
    )
    blocking = forms.ChoiceField(
        label=gettext_lazy("Without it"),
        choices=[
            ("yes", gettext_lazy("the appointment can't take place (blocking)")),
            ("no", gettext_lazy("the appointment takes place all the same (advisory)")),
        ],
        widget=forms.Select(attrs=_SELECT),
    )
    by_physician = forms.BooleanField(
        label=gettext_lazy("Only a physician may accept or tick it"),
        required=False,
        widget=forms.CheckboxInput(attrs=_TICK),
    )
    days_before = _number(gettext_lazy("Days before the appointment"), MOST_DAYS)
    working_days = forms.ChoiceField(
        label=gettext_lazy("How days are counted"),
        choices=[("no", gettext_lazy("days")), ("yes", gettext_lazy("working days"))],
        widget=forms.Select(attrs=_SELECT),
    )
    time_of_day = forms.TimeField(
        label=gettext_lazy("Time of day"),
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%H"],
        widget=forms.TimeInput(format="%H:%M", attrs={**_NUMBER, "inputmode": "text"}),
        error_messages={"invalid": gettext_lazy("Write a time of day, such as 18:00.")},
    )
    lead_days = _number(gettext_lazy("Days that it takes to get"), MOST_LEAD, required=False)
    may_be_brought = forms.BooleanField(
        label=gettext_lazy("May be brought along, where there is no time left or the patient wants to"),
        required=False,
        widget=forms.CheckboxInput(attrs=_TICK),
    )
    valid_days = _number(gettext_lazy("Age in days"), MOST_VALID, required=False)
    measured_at = forms.ChoiceField(
        label=gettext_lazy("Measured on"),
        choices=[
            (APPOINTMENT, gettext_lazy("the day of the appointment")),
            (BOOKING, gettext_lazy("the day of booking")),
        ],
        widget=forms.Select(attrs=_SELECT),
    )
    effect = forms.ChoiceField(
        label=gettext_lazy("What is older"),
        choices=[
            (BLOCK, gettext_lazy("does not count")),
            (WARN, gettext_lazy("counts, with a warning")),
        ],
        widget=forms.Select(attrs=_SELECT),
    )
    quarter = forms.BooleanField(
        label=gettext_lazy("Warn where it is of an earlier quarter (insurance card must be read anew)"),
        required=False,
        widget=forms.CheckboxInput(attrs=_TICK),
    )
    code = forms.SlugField(
        label=gettext_lazy("Counts again under the word"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={**_CONTROL, "spellcheck": "false", "list": "codes"}),
        help_text=gettext_lazy(
            "The same word in two plans: what is still valid from one appointment counts for the patient’s next one. Empty: never."
        ),
        error_messages={"invalid": gettext_lazy("Letters without umlauts, digits and hyphens only.")},
    )
    source = forms.CharField(
        label=gettext_lazy("Where the rule is from"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs=_CONTROL),
    )
    checked = forms.DateField(
        label=gettext_lazy("Looked up on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "form-control", "type": "date"}),
    )
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, kind: str, languages: Sequence[str], data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial, auto_id="id_%s", use_required_attribute=False)
        self.kind, self.languages = kind, languages
        for number, language in enumerate(languages):
            first = number == 0
            self.fields[f"title_{language}"] = forms.CharField(
                label=_("Name"),
                required=first,
                max_length=MOST_TITLE,
                widget=forms.TextInput(attrs={**_CONTROL, "lang": language}),
                error_messages={"required": _("Say what it is called.")},
            )
            needed = first and kind in (Kind.ACKNOWLEDGEMENT, Kind.INFORMATION)
            self.fields[f"text_{language}"] = forms.CharField(
                label=text_label(kind),
                required=needed,
                max_length=MOST_TEXT,
                widget=forms.Textarea(attrs={**_CONTROL, "lang": language, "rows": 4}),
                error_messages={"required": _("Say what the patient has to know.")},
            )
        for name in unused(kind):
            del self.fields[name]

    @classmethod
    def of(cls, content: PackPrerequisite, *, languages: Sequence[str], seen: str = "") -> "ItemForm":
        """The form as the content fills it."""
        rule = content.validity
        texts = {
            f"{name}_{language}": getattr(content, name).get(language, "")
            for name in ("title", "text")
            for language in languages
        }
        initial = {
            "audience": content.audience,
            "blocking": "yes" if content.blocking else "no",
            "by_physician": content.by_physician,
            "days_before": content.days_before,
            "working_days": "yes" if content.working_days else "no",
            "time_of_day": content.time_of_day,
            "lead_days": content.lead_days or "",
            "may_be_brought": content.may_be_brought,
            "valid_days": rule.get("days", ""),
            "measured_at": rule.get("measured_at", APPOINTMENT),
            "effect": rule.get("effect", BLOCK),
            "quarter": bool(rule.get("quarter")),
            "code": content.code,
            "source": content.source,
            "checked": content.checked,
            "seen": seen,
            **texts,
        }
        return cls(content.kind, languages, initial=initial)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("checked") and not given.get("source"):
            self.add_error("source", _("Say where it was looked up."))
        return given

    def content(
        self, held: PackPrerequisite, *, condition: Mapping[str, Any], limits: list[dict[str, Any]]
    ) -> PackPrerequisite:
        """What was typed, over what is held. Call `is_valid` first."""
        given = self.cleaned_data
        return replace(
            held,
            title=self._texts("title", held.title),
            text=self._texts("text", held.text),
            audience=given.get("audience", held.audience),
            blocking=given.get("blocking", "no") == "yes",
            by_physician=given.get("by_physician", False),
            days_before=given.get("days_before", held.days_before),
            working_days=given.get("working_days") == "yes",
            time_of_day=given.get("time_of_day", held.time_of_day),
            lead_days=given.get("lead_days") or 0,
            may_be_brought=given.get("may_be_brought", False),
            condition=condition,
            validity=self._validity(limits),
            code=given.get("code", held.code),
            source=given.get("source", ""),
            checked=given.get("checked"),
        )

    def _texts(self, name: str, held: Mapping[str, str]) -> dict[str, str]:
        """Languages that the practice has not got (any more) keep what they say."""
        typed = {
            one: self.cleaned_data[f"{name}_{one}"].replace("\r\n", "\n").strip() for one in self.languages
        }
        return {language: text for language, text in {**held, **typed}.items() if text}

    def _validity(self, limits: list[dict[str, Any]]) -> dict[str, Any]:
        given = self.cleaned_data
        rule: dict[str, Any] = {}
        if given.get("valid_days") is not None:
            rule = {
                "measured_at": given["measured_at"],
                "days": given["valid_days"],
                "effect": given["effect"],
            }
            rule |= {"limits": limits} if limits else {}
        return {**rule, "quarter": WARN} if given.get("quarter") else rule

    def mark_mistakes(self) -> None:
        """Fields with a mistake look like it."""
        for name in self.errors:
            if name in self.fields:
                attrs = self.fields[name].widget.attrs
                if "aria-invalid" not in attrs:
                    attrs |= {"class": f"{attrs['class']} is-invalid", "aria-invalid": "true"}

    def texts(self) -> list[dict[str, Any]]:
        """The fields of each language, with a mark where something is missing."""
        return [
            {
                "code": language,
                "name": plan_words.language_name(language),
                "number": number,
                "fields": [self[f"title_{language}"], self[f"text_{language}"]],
                "missing": not self[f"title_{language}"].value()
                or (
                    not self[f"text_{language}"].value()
                    and any(self[f"text_{one}"].value() for one in self.languages)
                ),
                "wrong": bool(self[f"title_{language}"].errors or self[f"text_{language}"].errors)
                if self.is_bound
                else False,
            }
            for number, language in enumerate(self.languages, start=1)
        ]


def text_label(kind: str) -> str:
    """What the text is for, by kind."""
    if kind == Kind.ACKNOWLEDGEMENT:
        return _("What the patient reads and confirms")
    if kind == Kind.INFORMATION:
        return _("What the patient should know")
    if kind == Kind.STAFF_CHECK:
        return _("What your practice does")
    return _("Why it is needed, and how")


def unused(kind: str) -> tuple[str, ...]:
    """The fields that say nothing of this kind."""
    if kind == Kind.INFORMATION:
        return (
            "audience", "blocking", "by_physician", "days_before", "working_days", "time_of_day", "lead_days",
            "may_be_brought", "valid_days", "measured_at", "effect", "quarter", "code",
        )  # fmt: skip
    if kind == Kind.STAFF_CHECK:
        return (
            "audience",
            "may_be_brought",
            "lead_days",
            "valid_days",
            "measured_at",
            "effect",
            "quarter",
            "code",
        )
    if kind == Kind.ACKNOWLEDGEMENT:
        return (
            "audience",
            "by_physician",
            "may_be_brought",
            "lead_days",
            "valid_days",
            "measured_at",
            "effect",
            "quarter",
            "code",
        )
    return ("may_be_brought", "lead_days", "quarter", "audience") if kind == Kind.FORM else ()
