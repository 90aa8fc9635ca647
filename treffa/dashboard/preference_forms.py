"""How a person wants to be told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.matching.contacts import phones
from escalation.models import Preference


class PreferenceForm(forms.Form):
    """A mobile number for urgent notices and the hour of the daily overview."""

    digest_at = forms.TimeField(
        label=_("Daily overview by e-mail at"),
        required=False,
        help_text=_("What of today and tomorrow is not ready, and what to do. Empty: none."),
        widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M"),
    )
    silent_when_ready = forms.BooleanField(
        label=_("None when all is ready"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    phone = forms.CharField(
        label=_("Mobile number for urgent notices"),
        required=False,
        max_length=40,
        help_text=_("Used where a step of the escalation tells people by SMS. Empty: by e-mail."),
        widget=forms.TextInput(attrs={"type": "tel", "class": "form-control", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country

    @classmethod
    def of(cls, held: Preference | None, *, country: str) -> "PreferenceForm":
        """The form as what is held fills it."""
        held = held or Preference()
        names = ("digest_at", "silent_when_ready", "phone")
        return cls(initial={name: getattr(held, name) for name in names}, country=country)

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"].strip()
        found = [phone.number for phone in phones(typed, country=self._country) if phone.mobile]
        if typed and not found:
            raise forms.ValidationError(_("This is no mobile number that messages can be sent to."))
        return found[0] if found else ""
