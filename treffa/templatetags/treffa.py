"""Template tags of the house; loaded everywhere."""

import phonenumbers
from django import template
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from appointments.matching import is_landline
from practices.middleware import SHOWN_FIELD
from treffa import icons

register = template.Library()


@register.simple_tag
def icon(name: str, sprite: str = "staff") -> SafeString:
    """{% icon "bell" %}: a decorative icon; the word stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', icons.address(name, sprite=sprite)
    )


@register.simple_tag
def requirement_icon(name: str, sprite: str = "staff") -> SafeString:
    """The icon of a prerequisite, whose name is data: one that we lack becomes a sheet of paper."""
    return icon(name if name in icons.PREREQUISITE else icons.FALLBACK, sprite)


@register.simple_tag(takes_context=True)
def csrf_token(context: template.Context) -> SafeString:
    """In place of Django's: a staff page's forms say, too, which practice it shows (practices/middleware.py)."""
    hidden = mark_safe(CsrfTokenNode().render(context))  # noqa: S308 - Django's own markup
    membership = getattr(context.get("request"), "membership", None)
    if membership is not None:
        field = '{}<input type="hidden" name="{}" value="{}">'
        hidden = format_html(field, hidden, SHOWN_FIELD, membership.practice_id)
    return hidden


register.filter(is_landline)


@register.filter
def phone(number: str) -> str:
    """ "+4915254599371" as "+49 1525 4599371"; what is no number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
