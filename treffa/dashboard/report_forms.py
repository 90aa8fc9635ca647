"""The one thing that the reports ask for."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _


class PriceForm(forms.Form):
    """What a text message costs, in euros."""

    price = forms.DecimalField(
        label=_("Price of one SMS or WhatsApp message, in euros"),
        help_text=_("As on the provider's bill, about 0.08. Long texts count several times there."),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(10),
        max_digits=6,
        decimal_places=4,
        localize=True,
        widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "decimal", "size": 8}),
    )
