"""The letter to the practice that refers: what is needed for whom, and the ways to send it, with a QR code."""

from typing import Any

import qrcode
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

from appointments.models import Patient
from prerequisites import helping
from prerequisites.models import HelperLink


def context(link: HelperLink, title: str, patient: Patient | None) -> dict[str, Any]:
    """What the template of the letter shows: no more of the patient than the name and the item."""
    address = helping.url_of(link)
    return {
        "address": address,
        "code": _code(address),
        "title": title,
        "name": patient.name if patient else "",
    }


def _code(address: str) -> SafeString:
    """The address as a QR code, drawn as SVG."""
    made = qrcode.make(address, image_factory=SvgPathImage, border=2)
    drawn: str = made.to_string(encoding="unicode")
    return mark_safe(drawn)  # noqa: S308 - drawn here from our own address
