"""Forms of what is open to the outside."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from practices.models import ApiToken, Scope

TEXT = {"class": "form-control", "autocomplete": "off"}


class CalendarLinkForm(forms.Form):
    """A new calendar link."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("As it stands in the calendar app."),
        widget=forms.TextInput(attrs=TEXT),
    )
    practitioner = forms.ChoiceField(
        label=_("Whose appointments"),
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    says_type = forms.BooleanField(
        label=_("Name the examination"),
        required=False,
        help_text=_("It may tell about health, and calendar apps often keep it outside of the practice."),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: object, practitioners: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # as Django's forms take them
        field = self.fields["practitioner"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("all of the practice")), *((name, name) for name in practitioners)]


class TokenForm(forms.Form):
    """A new token of the API."""

    name = forms.CharField(label=_("Which system gets it"), max_length=80, widget=forms.TextInput(attrs=TEXT))
    scopes = forms.MultipleChoiceField(
        label=_("What it may"),
        choices=Scope.choices,
        initial=[Scope.READ.value],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    def clean_name(self) -> str:
        """Each name once: who sends the page anew makes no second token unseen."""
        name: str = self.cleaned_data["name"]
        if ApiToken.objects.filter(name=name, revoked_at=None).exists():
            raise forms.ValidationError(gettext("A token of this name is there already."))
        return name


class WebhookForm(forms.Form):
    """A new address that is told of changes."""

    name = forms.CharField(label=_("Which system it is"), max_length=80, widget=forms.TextInput(attrs=TEXT))
    url = forms.CharField(
        label=_("Its address"),
        max_length=500,
        help_text=_("https, in the public internet."),
        widget=forms.TextInput(attrs={**TEXT, "inputmode": "url"}),
    )


class SupportForm(forms.Form):
    """For how long the operators may look, and why."""

    reason = forms.CharField(
        label=_("What it is about"),
        max_length=200,
        help_text=_("Name no patient."),
        widget=forms.TextInput(attrs=TEXT),
    )
    hours = forms.ChoiceField(
        label=_("For how long"),
        choices=[("4", _("4 hours")), ("24", _("a day")), ("72", _("3 days"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
