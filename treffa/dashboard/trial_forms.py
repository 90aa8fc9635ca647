"""Forms of a look at a calendar: the link, and the rules by which its entries are read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.matching import Rules, SummaryMode

_FIELDS = {
    "name": _("Name"),
    "birth_date": _("Date of birth"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "type": _("Examination"),
    "practitioner": _("Practitioner"),
    "number": _("Patient number"),
}
# What stands close to the word before it.
_CLOSE = (":", ",", ";")
_DEFAULT = tuple(text for text in Rules().separators if text.strip())


class LinkForm(forms.Form):
    """A calendar's link, and a name for it."""

    url = forms.CharField(
        label=_("Calendar link"),
        max_length=2000,
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "autocomplete": "off",
                "spellcheck": "false",
                "inputmode": "url",
                "placeholder": "https://",
            }
        ),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=120,
        help_text=_("As it is called in the practice: a room, a device or a person."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def refuse(self, why: str) -> None:
        """Shows beside the link why it can't be used."""
        self.add_error("url", why)
        self.fields["url"].widget.attrs |= {
            "class": "form-control is-invalid",
            "aria-invalid": "true",
            "aria-describedby": "id_url_error",
        }


def _text(rows: int = 0) -> forms.Widget:
    attrs: dict[str, Any] = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
    return forms.Textarea(attrs={**attrs, "rows": rows}) if rows else forms.TextInput(attrs=attrs)


class RulesForm(forms.Form):
    """How a calendar's entries are read. `rules` is what a feed keeps."""

    name = forms.CharField(label=_("Name of the calendar"), required=False, max_length=120, widget=_text())
    practitioner = forms.CharField(
        label=_("Practitioner"),
        required=False,
        max_length=120,
        help_text=_("Used where an entry names nobody."),
        widget=_text(),
    )
    summary = forms.ChoiceField(choices=[(mode.value, mode.value) for mode in SummaryMode], required=False)
    separators = forms.CharField(
        label=_("Signs between name and examination"),
        required=False,
        max_length=80,
        help_text=_("With spaces between them."),
        widget=_text(),
    )
    absences = forms.CharField(
        label=_("Words of entries that are no appointments"),
        required=False,
        max_length=2000,
        help_text=_("One a line. “Lunch”, “Holiday”, “Closed” and the like are known."),
        widget=_text(rows=3),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, word in _FIELDS.items():
            self.fields[f"label_{name}"] = forms.CharField(
                label=word, required=False, max_length=400, widget=_text()
            )

    @property
    def labels(self) -> list[forms.BoundField]:
        return [self[f"label_{name}"] for name in _FIELDS]

    @property
    def rules(self) -> dict[str, Any]:
        """As `Feed.rules` holds them. Call `is_valid` first."""
        given = self.cleaned_data
        signs = [_spaced(sign) for sign in given["separators"].split()]
        absences = (line.strip() for line in given["absences"].splitlines())
        return {
            "summary": given["summary"] or SummaryMode.AUTO.value,
            "separators": [*signs, "\n"] if signs else [],
            "absences": [line[:80] for line in absences if line][:50],
            "labels": [
                [name, label.strip()[:40]]
                for name in _FIELDS
                for label in given[f"label_{name}"].split(",")
                if label.strip()
            ][:50],
        }

    @classmethod
    def of(cls, *, name: str, practitioner: str, rules: dict[str, Any]) -> "RulesForm":
        """The form as the rules fill it."""
        labels: dict[str, list[str]] = {}
        for field, label in rules.get("labels", []):
            labels.setdefault(f"label_{field}", []).append(label)
        signs = [text.strip() for text in rules.get("separators") or _DEFAULT]
        return cls(
            initial={
                "name": name,
                "practitioner": practitioner,
                "summary": rules.get("summary") or SummaryMode.AUTO.value,
                "separators": " ".join(filter(None, signs)),
                "absences": "\n".join(rules.get("absences", [])),
                **{field: ", ".join(found) for field, found in labels.items()},
            }
        )


def _spaced(sign: str) -> str:
    return f"{sign} " if sign in _CLOSE else f" {sign} "
