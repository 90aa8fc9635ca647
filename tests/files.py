"""Files as people, and others, hand them in."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pikepdf
from PIL import Image

from treffa.sandbox.clamd import EICAR

SCRIPT = b"<script>alert(1)</script>"


def picture(width: int = 80, height: int = 60) -> Image.Image:
    return Image.effect_noise((width, height), 60).convert("RGB")


def jpeg(**options: object) -> bytes:
    return _saved(picture(), "JPEG", **options)


def png(size: tuple[int, int] = (80, 60)) -> bytes:
    return _saved(Image.new("L", size, 200), "PNG")


def jpeg_with_place() -> bytes:
    """A photo that says where it was taken, lies on its side and carries a script as its description."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SCRIPT.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    return jpeg(exif=exif, comment=SCRIPT)


def heic() -> bytes:
    """A photo as an iPhone takes it, place and all. Kept as a file: no part of ours can write this format."""
    return (Path(__file__).with_name("data") / "photo.heic").read_bytes()


def pdf(*, arm: Callable[[pikepdf.Pdf], None] | None = None, pages: int = 1, **options: object) -> bytes:
    made = pikepdf.new()
    for _ in range(pages):
        made.add_blank_page(page_size=(595, 842))
    if arm is not None:
        arm(made)
    out = BytesIO()
    made.save(out, **options)
    return out.getvalue()


def infected_pdf() -> bytes:
    """A well-formed PDF with the EICAR test string in a page's content."""

    def infect(made: pikepdf.Pdf) -> None:
        made.pages[0].Contents = made.make_stream(b"% " + EICAR)

    return pdf(arm=infect, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def archive() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", "<w/>")
    return out.getvalue()


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
