"""The form of an appointment type."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentType
from appointments.operations.types import Draft, state_of

_PROBLEMS = {
    ("name", "empty"): _("Say what it is called, for example “MRT Knie”."),
    ("name", "taken"): _("A type is called like that already."),
    ("name", "found_elsewhere"): _("Another type is known by these words already. Take them away there first."),
    ("keywords", "found_elsewhere"): _("Another type is known by one of these already. Take it away there first."),
    ("keywords", "says_nothing"): _("One of these says nothing by itself, like “mit” or “–”: nothing is known by it."),
    ("keywords", "too_long"): _("At most 100 keywords, of 120 characters each."),
    ("name", "too_long"): _("At most 120 characters."),
    ("seen", "changed"): _(
        "Somebody changed this type while you did. Below is what you typed; saving again puts it in place of theirs."
    ),
}  # fmt: skip


class TypeForm(forms.Form):
    """A type's name, its keywords one a line, and whether it needs anything. `seen` is what it was made from."""

    name = forms.CharField(
        label=_("Name"),
        max_length=400,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    keywords = forms.CharField(
        label=_("Known by"),
        required=False,
        max_length=20_000,
        help_text=_(
            "One a line, beside its name. Umlauts, case, order and usual abbreviations don't matter: “MRT Knie” also knows “MR Kniegelenk li.”."
        ),
        widget=forms.Textarea(
            attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false", "rows": 8}
        ),
    )
    needs_nothing = forms.BooleanField(
        label=_("Never needs anything"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    @classmethod
    def of(cls, known: AppointmentType) -> "TypeForm":
        """The form as the type fills it."""
        return cls(
            initial={
                "name": known.name,
                "keywords": "\n".join(known.keywords),
                "needs_nothing": known.needs_nothing,
                "seen": state_of(known),
            }
        )

    def draft(self, type_id: int | None) -> Draft:
        """What was typed. Call `is_valid` first."""
        given = self.cleaned_data
        return Draft(
            type_id=type_id,
            name=given.get("name", ""),
            keywords=given.get("keywords", "").splitlines(),
            needs_nothing=given.get("needs_nothing", False),
        )

    def refuse(self, *, field: str, code: str, why: list[str]) -> None:
        """Shows beside the field what the operation refused, and `why` in full sentences."""
        said: list[Any] = [_PROBLEMS.get((field, code), _("This can't be used.")), *why]
        self.add_error(None if field == "seen" else field, said)
        self.mark_mistakes()

    def mark_mistakes(self) -> None:
        """Fields with a mistake look like it."""
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"class": "form-control is-invalid", "aria-invalid": "true"}

    def as_seen(self, known: AppointmentType) -> None:
        """Takes the type as it is now for seen."""
        self.data = {**self.data.dict(), "seen": state_of(known)}  # type: ignore[attr-defined]
