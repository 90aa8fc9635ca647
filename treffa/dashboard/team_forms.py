"""The forms of the team: inviting somebody, and joining by an invitation."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from appointments.matching import valid_email
from practices.models import Role, User

_TEXT = {"class": "form-control", "autocomplete": "off"}


class InviteForm(forms.Form):
    """Whom, as what."""

    email = forms.CharField(
        label=_("E-mail"), max_length=254, widget=forms.TextInput(attrs={**_TEXT, "type": "email"})
    )
    name = forms.CharField(
        label=_("Name"), required=False, max_length=120, widget=forms.TextInput(attrs=_TEXT)
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.STAFF,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    PROBLEMS = {
        "member_already": _("This person is a member already."),
        "too_many": _("That were fifty invitations in a day. Try again tomorrow."),
    }

    def clean_email(self) -> str:
        found = valid_email(self.cleaned_data["email"]).lower()
        if not found:
            raise forms.ValidationError(_("This is no e-mail address. Example: name@post.example"))
        return found

    def refuse(self, code: str) -> None:
        """Shows beside the address why nobody is invited."""
        self.add_error("email", str(self.PROBLEMS[code]))
        self.mark_mistakes()

    def mark_mistakes(self) -> None:
        """Fields with a mistake look like it."""
        for name in self.errors.keys() & self.fields.keys():
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"{attrs['class']} is-invalid"
            attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}


class JoinForm(forms.Form):
    """Somebody who is new to Treffa: a name and a password."""

    name = forms.CharField(
        label=_("First and last name"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        help_text=_("At least ten characters."),
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        """The password is judged as any other."""
        data = super().clean() or {}
        person = User(email=self._email, name=data.get("name", ""))
        if data.get("password"):
            try:
                password_validation.validate_password(data["password"], user=person)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return data
