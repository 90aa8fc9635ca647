"""Sheets of paper that the demo's patients hand in: drawn, checked and rebuilt as any upload."""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from prerequisites.documents import CheckedFile, check_upload

PAGE = (1240, 1754)
UMLAUTS = str.maketrans({"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@cache
def sample(title: str) -> CheckedFile:
    """A photo of a sheet with the title on it."""
    return check_upload(io.BytesIO(drawn(title)), name="sheet.jpg")


def drawn(title: str) -> bytes:
    """The photo as a JPEG. Pillow's own font knows no umlauts."""
    page = Image.new("RGB", PAGE, "#fdfcf8")
    draw = ImageDraw.Draw(page)
    draw.rectangle((60, 60, PAGE[0] - 60, 64), fill="#5a615e")
    draw.text((100, 110), title.translate(UMLAUTS), fill="#22282b", font=ImageFont.load_default(size=64))
    draw.text((100, 210), "Praxis Vorbild, Musterstadt", fill="#646d72", font=ImageFont.load_default(size=36))
    for line in range(18):
        width = 1000 - (line * 137) % 420
        draw.rectangle((100, 340 + line * 66, 100 + width, 354 + line * 66), fill="#b9bfc4")
    draw.text((100, 1600), "Muster ohne Wert", fill="#98330f", font=ImageFont.load_default(size=40))
    packed = io.BytesIO()
    page.save(packed, "JPEG", quality=80)
    return packed.getvalue()
