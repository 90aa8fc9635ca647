"""Forms of the staff's pages."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.entering import seen
from appointments.matching import valid_email, valid_phone
from appointments.models import Insurance, Patient, Sex
from treffa.templatetags.treffa import phone

OLDEST = date(1900, 1, 1)


class _PatientFields(forms.Form):
    """Phone and e-mail, and how the page says what an operation refused."""

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

    country = ""

    def clean_phone(self) -> str:
        """As far as the page said whose numbers these are."""
        phone: str = self.cleaned_data["phone"]
        if self.country and phone.strip() and not valid_phone(phone, country=self.country):
            raise forms.ValidationError(self.PROBLEMS["phone_invalid"])
        return phone

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.strip() and not valid_email(email):
            raise forms.ValidationError(self.PROBLEMS["email_invalid"])
        return email

    PROBLEMS = {
        "phone_invalid": _("This is no phone number that messages can be sent to. Example: 0171 2345678"),
        "email_invalid": _("This is no e-mail address. Example: name@post.example"),
        "name_invalid": _("A first and a last name are needed."),
        "birth_date_invalid": _("This can't be a date of birth."),
        "nothing_given": _("A phone number or an e-mail address is needed."),
    }

    def refuse(self, *, field: str, code: str) -> None:
        """Shows beside the field what the operation refused."""
        self.add_error(field, str(self.PROBLEMS.get(code, _("This can't be used."))))
        self.mark_mistakes()

    def mark_mistakes(self) -> None:
        """Fields with a mistake look like it."""
        for name in self.errors.keys() & self.fields.keys():
            self.fields[name].widget.attrs["class"] = "form-control is-invalid"


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


class ContactForm(_PatientFields):
    """How a patient can be written to; one of both is enough. `seen` is what was known when the form was shown."""

    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput())

    @classmethod
    def of(cls, patient: Patient, *, case_id: int) -> "ContactForm":
        """What is known of the patient. Ids are the case's: a board has several of these forms."""
        known = {"phone": patient.phone, "email": patient.email, "seen": seen(patient)}
        return cls(initial=known, auto_id=f"id_{case_id}_%s")

    def renew(self, patient: Patient) -> None:
        """Somebody else was quicker: says what is known now, and lets what was typed be saved over it."""
        known = " · ".join(filter(None, (phone(patient.phone), patient.email))) or gettext("nothing")
        words = gettext(
            "Somebody else has changed this meanwhile to: %(known)s. Save again if yours is right."
        )
        self.add_error(None, words % {"known": known})
        self.data = {**{name: self.data.get(name, "") for name in self.fields}, "seen": seen(patient)}


class PatientForm(_PatientFields):
    """Whom an appointment is for, where the calendar names nobody."""

    name = forms.CharField(
        label=_("First and last name"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"}),
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off", "class": "form-control"}
        ),
    )

    field_order = ("name", "birth_date", "phone", "email")


class FactsForm(forms.Form):
    """What no calendar tells of a patient and conditions of plans ask for."""

    sex = forms.ChoiceField(
        label=_("Sex"), choices=Sex.choices, widget=forms.Select(attrs={"class": "form-select"})
    )
    insurance = forms.ChoiceField(
        label=_("Insurance"), choices=Insurance.choices, widget=forms.Select(attrs={"class": "form-select"})
    )

    birth_date = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off", "class": "form-control"}
        ),
    )

    def __init__(self, *args: Any, today: date | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    FACTS = {"sex": "sex", "insurance": "insurance", "age": "birth_date"}

    @classmethod
    def of(cls, patient: Patient, *, case_id: int, only: Collection[str] | None = None) -> "FactsForm":
        """What is known; the date of birth only where none is. `only`: the fields of these facts (conditions.PERSONAL)."""
        known = {"sex": patient.sex, "insurance": patient.insurance}
        form = cls(initial=known, auto_id=f"facts_{case_id}_%s")
        shown = {"sex", "insurance", *(() if patient.birth_date else ("birth_date",))}
        form.keep(shown if only is None else shown & {cls.FACTS[fact] for fact in only})
        return form

    def keep(self, names: Collection[str]) -> None:
        """Asks for these alone."""
        for name in self.fields.keys() - set(names):
            del self.fields[name]

    def clean_birth_date(self) -> date | None:
        """A day of somebody who may be alive."""
        born: date | None = self.cleaned_data["birth_date"]
        if born is not None and not OLDEST <= born <= (self.today or born):
            raise forms.ValidationError(_PatientFields.PROBLEMS["birth_date_invalid"])
        return born

    def mark_mistakes(self) -> None:
        """Fields with a mistake look like it."""
        for name in self.errors.keys() & self.fields.keys():
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"{attrs['class']} is-invalid"
