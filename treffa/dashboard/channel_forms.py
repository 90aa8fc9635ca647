"""The forms of how a practice writes: order and limits, its own account, WhatsApp templates, a message to oneself."""

import re
from collections.abc import Sequence
from itertools import permutations
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appointments.matching import valid_email, valid_phone
from messaging.models import Channel, Occasion
from messaging.providers.base import Account
from practices.models import Practice
from treffa.dashboard.practice_forms import COUNTRIES

_TEXT = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
_SELECT = {"class": "form-select"}
_CHECK = {"class": "form-check-input"}
_TIME = {"type": "time", "class": "form-control"}
_NUMBER = {"class": "form-control"}
VARIABLES = ("practice", "appointment", "deadline", "phone", "link")
_WORD = re.compile(r"[A-Za-z0-9 ]{2,11}")


class _Marked(forms.Form):
    """Fields with a mistake look like it."""

    def mark_mistakes(self) -> None:
        for name in self.errors.keys() & self.fields.keys():
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()
            attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}


def _orders(practice: Practice) -> list[tuple[str, str]]:
    """All orders of the channels that the practice can use."""
    usable = [Channel.SMS, Channel.EMAIL, *([Channel.WHATSAPP] if practice.whatsapp_sender else [])]
    found = [order for n in range(len(usable), 0, -1) for order in permutations(usable, n)]
    return [(",".join(order), " → ".join(str(one.label) for one in order)) for order in found]


class OrderForm(_Marked):
    """Which way first."""

    channels = forms.ChoiceField(
        label=_("Order"),
        help_text=_("What does not arrive on the first way goes out on the next."),
        widget=forms.Select(attrs=_SELECT),
    )

    def __init__(self, *args: Any, practice: Practice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channels"].choices = _orders(practice)  # type: ignore[attr-defined]

    @classmethod
    def of(cls, practice: Practice) -> "OrderForm":
        """As the practice has it."""
        return cls(practice=practice, initial={"channels": ",".join(practice.channels)})

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the practice. Call `is_valid` first."""
        return {"channels": self.cleaned_data["channels"].split(",")}


class LimitsForm(_Marked):
    """When and how often patients are written to."""

    quiet_from = forms.TimeField(label=_("Quiet from"), widget=forms.TimeInput(attrs=_TIME, format="%H:%M"))
    quiet_until = forms.TimeField(
        label=_("until"),
        help_text=_("The same time twice: no quiet hours."),
        widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
    )
    fallback_hours = forms.IntegerField(
        label=_("Hours until another channel is tried"),
        min_value=0,
        max_value=240,
        help_text=_("0: never."),
        widget=forms.NumberInput(attrs=_NUMBER),
    )
    weekly_cap = forms.IntegerField(
        label=_("Messages a patient and week, at most"),
        min_value=0,
        max_value=50,
        help_text=_("0: no limit."),
        widget=forms.NumberInput(attrs=_NUMBER),
    )
    number_cap = forms.IntegerField(
        label=_("Texts a number and day, at most"),
        min_value=1,
        max_value=1000,
        widget=forms.NumberInput(attrs=_NUMBER),
    )
    daily_cap = forms.IntegerField(
        label=_("Texts of the practice a day, at most"),
        min_value=1,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs=_NUMBER),
    )
    sms_countries = forms.MultipleChoiceField(
        label=_("Countries whose mobile numbers get texts"),
        choices=list(COUNTRIES.items()),
        widget=forms.CheckboxSelectMultiple(attrs=_CHECK),
    )
    days_of_rest = forms.BooleanField(
        label=_("No messages on Sundays and public holidays"),
        required=False,
        widget=forms.CheckboxInput(attrs=_CHECK),
    )
    doctolib_reminds = forms.BooleanField(
        label=_("Doctolib reminds patients of appointments: keep clear of its days"),
        required=False,
        widget=forms.CheckboxInput(attrs=_CHECK),
    )
    says_thanks = forms.BooleanField(
        label=_("Thank patients when all is there"), required=False, widget=forms.CheckboxInput(attrs=_CHECK)
    )

    CHECKS = ("days_of_rest", "doctolib_reminds", "says_thanks")

    @classmethod
    def of(cls, practice: Practice) -> "LimitsForm":
        """As the practice has it; a country that is not offered any more stays chosen nowhere."""
        return cls(initial={name: getattr(practice, name) for name in cls.base_fields})

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the practice. Call `is_valid` first."""
        return dict(self.cleaned_data)

    @property
    def plain(self) -> Sequence[forms.BoundField]:
        return [self[name] for name in self.fields if name not in (*self.CHECKS, "sms_countries")]

    @property
    def checks(self) -> Sequence[forms.BoundField]:
        return [self[name] for name in self.CHECKS]


class AccountForm(_Marked):
    """The practice's own account at Twilio. What is stored is never put into the form."""

    sid = forms.RegexField(
        r"^AC[0-9a-fA-F]{32}$",
        label=_("Account SID"),
        error_messages={"invalid": _("It begins with AC and has 34 characters.")},
        widget=forms.TextInput(attrs=_TEXT),
    )
    token = forms.CharField(
        label=_("Auth token"),
        max_length=100,
        help_text=_("It is encrypted and never shown again."),
        widget=forms.PasswordInput(attrs={**_TEXT, "autocomplete": "new-password"}),
    )
    sms_sender = forms.CharField(
        label=_("SMS sender"),
        max_length=20,
        help_text=_("A number of this account, or up to eleven letters (patients can't answer then)."),
        widget=forms.TextInput(attrs=_TEXT),
    )
    whatsapp_sender = forms.CharField(
        label=_("WhatsApp sender"),
        required=False,
        max_length=20,
        help_text=_("The number that WhatsApp has approved. Empty: no WhatsApp."),
        widget=forms.TextInput(attrs=_TEXT),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country

    def clean_sms_sender(self) -> str:
        typed: str = self.cleaned_data["sms_sender"].strip()
        found = valid_phone(typed, country=self._country)
        if not found and not (_WORD.fullmatch(typed) and re.search("[A-Za-z]", typed)):
            raise forms.ValidationError(
                _("This is neither a phone number nor a name of up to eleven letters.")
            )
        return found or typed

    def clean_whatsapp_sender(self) -> str:
        typed: str = self.cleaned_data["whatsapp_sender"].strip()
        found = valid_phone(typed, country=self._country)
        if typed and not found:
            raise forms.ValidationError(_("This is no phone number. Example: 030 12345678"))
        return found

    @property
    def account(self) -> Account:
        """Call `is_valid` first."""
        return Account(sid=self.cleaned_data["sid"], token=self.cleaned_data["token"])


class TemplateForm(_Marked):
    """A text that WhatsApp has approved."""

    occasion = forms.ChoiceField(
        label=_("Occasion"),
        choices=[(one.value, one.label) for one in Occasion if one != Occasion.STAFF],
        widget=forms.Select(attrs=_SELECT),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=forms.Select(attrs=_SELECT)
    )
    content_sid = forms.RegexField(
        r"^HX[0-9a-fA-F]{32}$",
        label=_("Content SID"),
        error_messages={"invalid": _("It begins with HX and has 34 characters.")},
        widget=forms.TextInput(attrs=_TEXT),
    )
    body = forms.CharField(
        label=_("Approved text"),
        max_length=1024,
        help_text=_("With {{1}}, {{2}} … as at WhatsApp."),
        widget=forms.Textarea(attrs={**_TEXT, "rows": 3}),
    )
    variables = forms.CharField(
        label=_("What {{1}}, {{2}} … stand for"),
        max_length=120,
        help_text=_("In this order, with commas: practice, appointment, deadline, phone, link."),
        widget=forms.TextInput(attrs=_TEXT),
    )

    def clean_variables(self) -> list[str]:
        words = [word.strip(" {}") for word in self.cleaned_data["variables"].split(",") if word.strip()]
        if not words or not set(words) <= set(VARIABLES):
            raise forms.ValidationError(
                _("Use these words only: practice, appointment, deadline, phone, link.")
            )
        return words

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        body, words = data.get("body"), data.get("variables")
        if body and words:
            used = {int(number) for number in re.findall(r"\{\{(\d{1,2})\}\}", body)}
            if used != set(range(1, len(words) + 1)):
                self.add_error("variables", _("The text has another number of variables."))
        return data


class SelfTestForm(_Marked):
    """A message to oneself."""

    channel = forms.ChoiceField(
        label=_("By"),
        choices=[(Channel.SMS.value, Channel.SMS.label), (Channel.EMAIL.value, Channel.EMAIL.label)],
        widget=forms.Select(attrs=_SELECT),
    )
    address = forms.CharField(
        label=_("To"),
        max_length=254,
        help_text=_("Your own mobile number or e-mail address."),
        widget=forms.TextInput(attrs=_TEXT),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country

    def clean(self) -> dict[str, Any]:
        """The address in its one form."""
        data = super().clean() or {}
        typed = str(data.get("address", "")).strip()
        if data.get("channel") == Channel.EMAIL:
            data["address"] = valid_email(typed)
            wrong = _("This is no e-mail address. Example: name@post.example")
        else:
            data["address"] = valid_phone(typed, country=self._country)
            wrong = _("This is no mobile number that messages can be sent to.")
        if typed and not data["address"]:
            self.add_error("address", wrong)
        return data
