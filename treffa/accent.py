"""A practice's colour on its patients' pages: one accent, from which readable tokens are derived for light and dark.

Pure but for `sheet`. Any colour will do: where letters could not be read on it, or it on paper, it is made lighter or
darker until they can (WCAG 2.2: 4.5 to 1). The stylesheet's address says the colour, so it holds for ever.
"""

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse

READABLE = 4.5
STEP = 0.01
OURS = "#0b5a63"
COLOUR = re.compile(r"#[0-9a-f]{6}")
WHITE = "#ffffff"
# The surfaces of static/tokens.css on which the accent stands as text.
LIGHT_PAPERS = ("#ffffff", "#f5f4f0", "#f3f1ec")
DARK_PAPERS = ("#161b1a", "#0e1211", "#1e2423")


@dataclass(frozen=True, kw_only=True)
class Accent:
    """Tokens by theme. `adjusted`: the colour itself can't be used on light paper as it was given."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    adjusted: bool


def is_colour(text: str) -> bool:
    """Whether this is #rrggbb in lower case."""
    return COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def accent_of(colour: str) -> Accent:
    """What follows from a colour (#rrggbb)."""
    soft, dark_soft = _with(colour, lightness=0.93, most=0.4), _with(colour, lightness=0.13, most=0.4)
    text = _until(colour, (*LIGHT_PAPERS, soft), step=-STEP)
    fill = _until(colour, (WHITE,), step=-STEP)
    dark_text = _until(colour, (*DARK_PAPERS, dark_soft), step=STEP)
    light = {
        "accent": text,
        "accent-fill": fill,
        "accent-fill-hover": _darker(fill),
        "accent-soft": soft,
        "accent-line": _with(colour, lightness=0.78, most=0.4),
        "on-accent": WHITE,
        "focus": text,
    }
    dark = {
        "accent": dark_text,
        "accent-fill": fill,
        "accent-fill-hover": _darker(fill),
        "accent-soft": dark_soft,
        "accent-line": _with(colour, lightness=0.28, most=0.4),
        "on-accent": WHITE,
        "focus": dark_text,
    }
    return Accent(light=light, dark=dark, adjusted=text != colour)


def stylesheet(colour: str) -> str:
    """The tokens as CSS, to be loaded after tokens.css."""
    accent = accent_of(colour)
    light, dark = (_rules(tokens) for tokens in (accent.light, accent.dark))
    return (
        f":root {{ {light} }}\n"
        f'[data-bs-theme="dark"] {{ {dark} }}\n'
        f'@media (prefers-color-scheme: dark) {{ [data-bs-theme="auto"] {{ {dark} }} }}\n'
    )


def sheet(request: HttpRequest, colour: str) -> HttpResponse:
    """GET /accent-<rrggbb>.css — whoever asks: it says nothing but what its address says."""
    if not is_colour(f"#{colour}"):
        raise Http404
    response = HttpResponse(stylesheet(f"#{colour}"), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _rules(tokens: Mapping[str, str]) -> str:
    return " ".join(f"--tr-{name}: {value};" for name, value in tokens.items())


def _until(colour: str, papers: tuple[str, ...], *, step: float) -> str:
    """The colour, made darker or lighter step by step until it can be read on all of the papers."""
    hue, lightness, saturation = _hls(colour)
    end = 1.0 if step > 0 else 0.0
    found = colour
    while min(contrast(found, paper) for paper in papers) < READABLE and lightness != end:
        lightness = min(1.0, max(0.0, lightness + step))
        found = _hex(hue, lightness, saturation)
    return found


def _darker(colour: str) -> str:
    hue, lightness, saturation = _hls(colour)
    return _hex(hue, lightness * 0.78, saturation)


def _with(colour: str, *, lightness: float, most: float) -> str:
    hue, _, saturation = _hls(colour)
    return _hex(hue, lightness, min(saturation, most))


def _luminance(colour: str) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hls(colour: str) -> tuple[float, float, float]:
    return colorsys.rgb_to_hls(*_channels(colour))


def _hex(hue: float, lightness: float, saturation: float) -> str:
    return "#" + "".join(
        f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation)
    )
