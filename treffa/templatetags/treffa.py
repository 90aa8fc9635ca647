"""Template tags of the house; loaded everywhere."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
