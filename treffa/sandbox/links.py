"""The links in what a patient gets."""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass

_LINK = re.compile(r"https?://[^\s<>\"']+")
_HREF = re.compile(r"""href\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
_NOT_AT_THE_END = ".,;:!?)]}…"


@dataclass(frozen=True)
class Piece:
    """A piece of a text; with an address it is a link."""

    text: str
    address: str = ""


def pieces(text: str) -> list[Piece]:
    """Cut a text at its links, as a phone does that makes them tappable."""
    found, end = [], 0
    for match in _LINK.finditer(text):
        address = match[0].rstrip(_NOT_AT_THE_END)
        if match.start() > end:
            found.append(Piece(text[end : match.start()]))
        found.append(Piece(address, address))
        end = match.start() + len(address)
    return [*found, Piece(text[end:])] if end < len(text) else found


def links_in(*, text: str, html: str = "") -> list[str]:
    """Every link once, those of the text first."""
    plain = [piece.address for piece in pieces(text) if piece.address]
    return list(dict.fromkeys([*plain, *(entities.unescape(address) for address in _HREF.findall(html))]))
