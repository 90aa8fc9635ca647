"""Forms of the staff's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ContactForm(forms.Form):
    """How a patient can be written to; one of both is enough."""

    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "class": "form-control"}),
    )
    email = forms.CharField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "email", "autocomplete": "off", "class": "form-control"}),
    )

    PROBLEMS = {
        "phone_invalid": _("This is no phone number that messages can be sent to. Example: 0171 2345678"),
        "email_invalid": _("This is no e-mail address. Example: name@post.example"),
    }

    def refuse(self, *, field: str, code: str) -> None:
        """Shows beside the field what the operation refused."""
        self.add_error(field, str(self.PROBLEMS.get(code, _("This can't be used."))))
        self.fields[field].widget.attrs["class"] = "form-control is-invalid"


class FeedNameForm(forms.Form):
    """What a calendar is called, and whose it is where its entries don't say."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"}),
    )
    practitioner = forms.CharField(
        label=_("Practitioner"),
        required=False,
        max_length=120,
        help_text=_("Used where an entry names nobody."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"}),
    )

    def refuse(self, *, field: str, code: str) -> None:
        """Shows beside the field what the operation refused."""
        self.add_error(field, _("Say what the calendar is called, for example “MRT 1”."))
        self.fields[field].widget.attrs["class"] = "form-control is-invalid"
