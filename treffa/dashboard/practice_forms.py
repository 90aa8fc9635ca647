"""The forms of what a practice is: name, place, languages, colour and logo."""

from collections.abc import Iterator
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import holidays
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appointments.matching import valid_phone
from practices.models import Practice
from treffa import accent

LARGEST_LOGO = 5 << 20
COUNTRIES = {
    "DE": _("Germany"),
    "AT": _("Austria"),
    "CH": _("Switzerland"),
    "FR": _("France"),
    "IT": _("Italy"),
}
USUAL_ZONES = ("Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/Paris", "Europe/Rome")
_TEXT = {"class": "form-control", "autocomplete": "off"}
_SELECT = {"class": "form-select"}


@cache
def regions(country: str) -> tuple[tuple[str, str], ...]:
    """The parts of a country with holidays of their own: (ISO 3166-2 without the country, name), by name."""
    known = holidays.country_holidays(country)
    names = known.get_subdivision_aliases()
    found = (
        (code, aliases[0] if aliases else code)
        for code, aliases in names.items()
        if code in known.subdivisions
    )
    return tuple(sorted(found, key=lambda one: one[1]))


class PracticeForm(forms.Form):
    """What a practice says of itself. `values` are fields of Practice."""

    name = forms.CharField(
        label=_("Name of the practice"), max_length=160, widget=forms.TextInput(attrs=_TEXT)
    )
    sender_name = forms.CharField(
        label=_("Name in messages"),
        max_length=60,
        help_text=_("Short and neutral: it stands on locked phones and must not name the speciality."),
        widget=forms.TextInput(attrs=_TEXT),
    )
    address = forms.CharField(label=_("Address"), max_length=200, widget=forms.TextInput(attrs=_TEXT))
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        help_text=_("Patients who have a question call this number."),
        widget=forms.TextInput(attrs={**_TEXT, "type": "tel"}),
    )
    place = forms.ChoiceField(
        label=_("Country and region"),
        help_text=_("Public holidays are those of the region."),
        widget=forms.Select(attrs=_SELECT),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), widget=forms.Select(attrs=_SELECT))
    language = forms.ChoiceField(
        label=_("Language of the practice"),
        choices=settings.LANGUAGES,
        help_text=_("Patients whose language is not known are written to in this one."),
        widget=forms.Select(attrs=_SELECT),
    )
    others = forms.MultipleChoiceField(
        label=_("Further languages"),
        required=False,
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    own_colour = forms.BooleanField(
        label=_("A colour of our own"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    colour = forms.CharField(
        label=_("Colour"),
        required=False,
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color", "class": "form-control colour"}),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG or JPEG, up to 5 MB. It is shown small."),
        widget=forms.FileInput(attrs={"class": "form-control", "accept": "image/png,image/jpeg"}),
    )
    without_logo = forms.BooleanField(
        label=_("Show no logo"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, practice: Practice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        zones = {zone: zone for zone in (*USUAL_ZONES, practice.time_zone) if zone in available_timezones()}
        self.fields["place"].choices = list(_places(practice))  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = list(zones.items())  # type: ignore[attr-defined]

    @classmethod
    def of(cls, practice: Practice) -> "PracticeForm":
        """The form as the practice fills it."""
        return cls(
            practice=practice,
            initial={
                "name": practice.name,
                "sender_name": practice.sender_name,
                "address": practice.address,
                "phone": practice.phone,
                "place": _place(practice.country, practice.region.removeprefix(f"{practice.country}-")),
                "time_zone": practice.time_zone,
                "language": practice.language,
                "others": practice.languages[1:],
                "own_colour": bool(practice.accent),
                "colour": practice.accent or accent.OURS,
            },
        )

    def clean_phone(self) -> str:
        """In E.164, by the country that is chosen beside it."""
        country = self.data.get("place", "").partition("-")[0]
        found = valid_phone(self.cleaned_data["phone"], country=country if country in COUNTRIES else "DE")
        if not found:
            raise forms.ValidationError(_("This is no phone number. Example: 030 12345678"))
        return found

    def clean_colour(self) -> str:
        colour: str = self.cleaned_data["colour"].lower()
        if not self.data.get("own_colour"):
            return ""
        if not accent.is_colour(colour):
            raise forms.ValidationError(_("A colour is written like #0b5a63."))
        return colour

    def clean_logo(self) -> Any:
        logo = self.cleaned_data["logo"]
        if logo is not None and logo.size > LARGEST_LOGO:
            raise forms.ValidationError(_("This file is larger than 5 MB."))
        return logo

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the practice, without its logo. Call `is_valid` first."""
        given = self.cleaned_data
        country, _sign, region = given["place"].partition("-")
        spoken = {code for code, _name in settings.LANGUAGES}
        kept = [
            code for code in self.practice.languages if code not in spoken
        ]  # not offered, so not taken out
        others = [code for code in (*given["others"], *kept) if code != given["language"]]
        same = ("name", "sender_name", "address", "phone", "time_zone")
        return {name: given[name] for name in same} | {
            "country": country,
            "region": region,
            "languages": [given["language"], *others],
            "accent": given["colour"],
        }

    def refuse_logo(self, why: forms.ValidationError) -> None:
        """Shows beside the logo why it can't be used."""
        self.add_error("logo", why)
        self.mark_mistakes()

    def mark_mistakes(self) -> None:
        """Fields with a mistake look like it."""
        for name in self.errors.keys() & self.fields.keys():
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()
            attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}


def _place(country: str, region: str) -> str:
    return f"{country}-{region}" if region else country


def _places(practice: Practice) -> Iterator[tuple[Any, Any]]:
    """Countries with their regions; what a practice has is among them whatever it is."""
    known = set()
    for country, name in COUNTRIES.items():
        of_it = [(country, _("%(country)s, no region") % {"country": name})]
        of_it += [(_place(country, code), word) for code, word in regions(country)]
        known |= {value for value, _word in of_it}
        yield name, of_it
    own = _place(practice.country, practice.region.removeprefix(f"{practice.country}-"))
    if own not in known:
        yield own, own
