"""Takes hostile files apart. Runs as a process of its own (see images.py), knows nothing of Treffa, and may die at any byte.

    python -I decoder.py image | logo | pdf | page NUMBER | join PARTS      file on stdin, one line of JSON and then bytes on stdout

The line is {"content_type", "pages", "findings"} or {"refused": code}. Anything else, or another exit code than 0, means
broken. PARTS is JSON, [[bytes, turn], ...]: rebuilt pictures, one behind the other on stdin, that become one PDF.
"""

import json
import resource
import sys
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pi_heif
import pikepdf
import pypdfium2
from PIL import Image, ImageFilter, ImageOps, ImageStat

MAX_PIXELS = 40_000_000
Image.MAX_IMAGE_PIXELS = None  # counted here, before a pixel is decoded
MAX_PAGES = 100
LONGEST_SIDE = 2000
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 25
JPEG_QUALITY = 90
PNG_EFFORT = 3
LOGO_SIZES = ((396, 132), (264, 88), (132, 44))
LOGO_BYTES = 9_000
PAGE_POINTS = 842  # the longer side of A4

# What is hard to read is judged on a grey picture of this size; smaller ones are not judged.
JUDGED_SIDE, SMALLEST_JUDGED = 1000, 300
TILES = 8
DARK_BELOW = 105  # of the brightest twentieth: paper, where there is any
BLURRED_BELOW = 60  # variance of the Laplacian in the sharpest tiles
CONTRAST_FROM = 25  # a blank sheet is not blurred
EDGE_FROM, BAND = 40, 0.012
PAPER_FROM = 0.75

HOSTILE_KEYS = (
    "/OpenAction",
    "/AA",
    "/JS",
    "/JavaScript",
    "/EmbeddedFiles",
    "/EF",
    "/AF",
    "/RF",
    "/XFA",
    "/Collection",
    "/RichMediaContent",
)
HOSTILE_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToR",
    "/GoToE",
    "/URI",
    "/Rendition",
    "/RichMediaExecute",
    "/Movie",
    "/Sound",
}
HOSTILE_ANNOTATIONS = {"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"}


class RefusedError(Exception):
    """The file is not taken; the argument is the code that images.py knows."""


def rebuild_image(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Pixels only: no metadata, no second picture, nothing behind the end. PNG stays PNG, all else becomes JPEG."""
    if content[4:8] == b"ftyp":
        pi_heif.register_heif_opener()
    with Image.open(BytesIO(content), formats=("JPEG", "PNG", "HEIF")) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise RefusedError("too_many_pixels")
        lossless = opened.format == "PNG"  # a screenshot: neither dark nor blurred
        opened.load()
        upright = ImageOps.exif_transpose(opened)
    pixels = _on_white(upright)
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    out = BytesIO()
    if lossless:
        clean.save(out, "PNG", compress_level=PNG_EFFORT)
    else:
        clean.save(out, "JPEG", quality=JPEG_QUALITY)
    kind = "image/png" if lossless else "image/jpeg"
    return {
        "content_type": kind,
        "pages": 1,
        "findings": [] if lossless else hard_to_read(clean),
    }, out.getvalue()


def hard_to_read(picture: Any) -> list[str]:
    """Of a photo: "dark", "blurred", "cut_off" (writing runs out of the picture); empty for a good one."""
    grey = picture.convert("L")
    grey.thumbnail((JUDGED_SIDE, JUDGED_SIDE))
    if max(grey.size) < SMALLEST_JUDGED:
        return []
    brightest = _brightness_of(grey, 0.95)
    if brightest < DARK_BELOW:
        return ["dark"]
    edges = grey.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    sharpest = sorted(ImageStat.Stat(tile).var[0] for tile in _tiles(edges))[-TILES:]
    if sharpest[0] < BLURRED_BELOW and ImageStat.Stat(grey).stddev[0] > CONTRAST_FROM:
        return ["blurred"]
    return ["cut_off"] if _runs_out(grey, edges, brightest) else []


def _brightness_of(grey: Any, share: float) -> int:
    """The brightness below which that share of the pixels is."""
    counts, left = grey.histogram(), share * grey.width * grey.height
    for brightness, count in enumerate(counts):
        left -= count
        if left <= 0:
            return int(brightness)
    return 255


def _tiles(picture: Any) -> Iterator[Any]:
    width, height = picture.width // TILES, picture.height // TILES
    for column in range(TILES):
        for row in range(TILES):
            left, top = column * width, row * height
            yield picture.crop((left, top, left + width, top + height))


def _runs_out(grey: Any, edges: Any, brightest: int) -> bool:
    """Whether at one side paper reaches the rim and is written on there as densely as in the middle."""
    width, height = grey.size
    band = max(4, round(BAND * max(width, height)))
    sides = (
        (1, 1, width - 1, band),
        (1, height - band, width - 1, height - 1),
        (1, 1, band, height - 1),
        (width - band, 1, width - 1, height - 1),
    )
    inside = _written(edges.crop((width // 5, height // 5, width * 4 // 5, height * 4 // 5)))
    return any(
        ImageStat.Stat(grey.crop(side)).median[0] > PAPER_FROM * brightest
        and _written(edges.crop(side)) > max(0.02, inside * 0.6)
        for side in sides
    )


def _written(edges: Any) -> float:
    """The share of pixels that are edges."""
    counts = edges.histogram()
    total: int = sum(counts)
    beyond: int = sum(counts[: 128 - EDGE_FROM]) + sum(counts[128 + EDGE_FROM :])
    return beyond / total


def join_pictures(content: bytes, parts: list[list[int]]) -> tuple[dict[str, Any], bytes]:
    """Rebuilt pictures as the pages of one PDF, each turned clockwise; the pictures themselves are not touched."""
    pdf, at = pikepdf.new(), 0
    for size, turn in parts:
        _add_page(pdf, content[at : at + size], turn)
        at += size
    out = BytesIO()
    pdf.save(out, deterministic_id=True)
    return {"content_type": "application/pdf", "pages": len(parts)}, out.getvalue()


def _add_page(pdf: Any, content: bytes, turn: int) -> None:
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
        width, height, grey = picture.width, picture.height, picture.mode == "L"
        packed = content if picture.format == "JPEG" else zlib.compress(picture.tobytes())
        kind = "/DCTDecode" if picture.format == "JPEG" else "/FlateDecode"
    scale = PAGE_POINTS / max(width, height)
    wide, high = round(width * scale, 2), round(height * scale, 2)
    page = pdf.add_blank_page(page_size=(wide, high))
    drawn = pikepdf.Stream(pdf, b"")
    drawn.write(packed, filter=pikepdf.Name(kind))
    described = {
        "/Type": "/XObject",
        "/Subtype": "/Image",
        "/ColorSpace": "/DeviceGray" if grey else "/DeviceRGB",
    }
    for name, value in described.items():
        drawn[name] = pikepdf.Name(value)
    drawn["/Width"], drawn["/Height"], drawn["/BitsPerComponent"] = width, height, 8
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=drawn))
    page.Contents = pdf.make_stream(f"q {wide} 0 0 {high} 0 0 cm /Page Do Q".encode())
    page.Rotate = turn


def rebuild_logo(content: bytes) -> tuple[dict[str, Any], bytes]:
    """A small PNG on white, of as many colours and pixels as fit into a page that is to load quickly."""
    _, clean = rebuild_image(content)
    with Image.open(BytesIO(clean), formats=("JPEG", "PNG")) as picture:
        picture.load()
        for size in LOGO_SIZES:
            small = picture.convert("RGB")
            small.thumbnail(size)
            out = BytesIO()
            small.quantize(64).save(out, "PNG", optimize=True)
            if out.tell() <= LOGO_BYTES:
                break
    return {"content_type": "image/png", "pages": 1}, out.getvalue()


def _on_white(picture: Any) -> Any:
    """8 bits, grey or RGB; what is transparent becomes paper."""
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value / 256).convert("L")
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    if "A" not in picture.mode and "transparency" not in picture.info:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    paper = Image.new("RGB", layer.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def clean_pdf(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Written anew without scripts, actions, attachments and media; object streams are unpacked, so that nothing hides."""
    try:
        opened = pikepdf.open(BytesIO(content), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise RefusedError("encrypted_pdf") from None
    with opened as pdf:
        pages = len(pdf.pages)
        if pages > MAX_PAGES:
            raise RefusedError("too_many_pages")
        if not pages:
            raise RefusedError("broken")
        for part in _dictionaries(pdf):
            _disarm(part)
        out = BytesIO()
        pdf.remove_unreferenced_resources()
        pdf.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            compress_streams=False,
            encryption=False,
            deterministic_id=True,  # the same file is known again by its checksum
        )
    _draw(out.getvalue(), number=1, longest=200)
    return {"content_type": "application/pdf", "pages": pages}, out.getvalue()


def _dictionaries(pdf: Any) -> Iterator[Any]:
    """Every dictionary of the file, those inside other objects too."""
    waiting = [pdf.trailer, *pdf.objects]
    while waiting:
        part = waiting.pop()
        if isinstance(part, pikepdf.Array):
            waiting += [item for item in part if _is_direct(item)]
        elif isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
            yield part
            waiting += [item for _, item in part.items() if _is_direct(item)]


def _is_direct(item: Any) -> bool:
    return isinstance(item, pikepdf.Object) and not item.is_indirect


def _disarm(part: Any) -> None:
    for key in HOSTILE_KEYS:
        if key in part:
            del part[key]
    if "/S" in part and str(part["/S"]) in HOSTILE_ACTIONS:
        for key in list(part.keys()):
            del part[key]
    if "/Subtype" in part and str(part["/Subtype"]) in HOSTILE_ANNOTATIONS:
        for key in set(part.keys()) - {"/Type", "/Subtype", "/Rect"}:
            del part[key]


def draw_page(content: bytes, number: int) -> tuple[dict[str, Any], bytes]:
    """One page as a picture. Page numbers begin at 1."""
    picture = _draw(content, number=number, longest=LONGEST_SIDE)
    out = BytesIO()
    picture.save(out, "PNG", compress_level=PNG_EFFORT)
    return {"content_type": "image/png", "pages": 1}, out.getvalue()


def _draw(content: bytes, *, number: int, longest: int) -> Any:
    if not content.startswith(b"%PDF"):
        return _shrink(content, longest)
    document = pypdfium2.PdfDocument(content)
    if not 1 <= number <= len(document):
        raise RefusedError("broken")
    page = document[number - 1]
    scale = longest / max(*page.get_size(), 1)
    return page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")


def _shrink(content: bytes, longest: int) -> Any:
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
        picture.thumbnail((longest, longest))
        return picture.convert("RGB")


def _confine() -> None:
    """Before the first byte is read: no more memory, time or files than a decent document needs."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(order: str, *arguments: str) -> None:
    _confine()
    content = sys.stdin.buffer.read()
    orders: dict[str, Callable[[], tuple[dict[str, Any], bytes]]] = {
        "image": lambda: rebuild_image(content),
        "logo": lambda: rebuild_logo(content),
        "pdf": lambda: clean_pdf(content),
        "page": lambda: draw_page(content, int(arguments[0])),
        "join": lambda: join_pictures(content, json.loads(arguments[0])),
    }
    try:
        head, body = orders[order]()
    except RefusedError as refusal:
        head, body = {"refused": str(refusal)}, b""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


if __name__ == "__main__":
    main(*sys.argv[1:])
