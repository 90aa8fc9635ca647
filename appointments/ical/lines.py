"""Content lines of a calendar (RFC 5545, 3.1): unfolded bytes in, names, parameters and values out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

FOLDS = (b"\r\n ", b"\r\n\t", b"\n ", b"\n\t")
BREAK = re.compile(rb"[\r\n]+")
NAME = re.compile(r"[A-Za-z0-9-]+")
PARAMETER = re.compile(
    r'[ \t]*;[ \t;]*([A-Za-z0-9-]+)[ \t]*=[ \t]*((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)'
)
LISTED = re.compile(r"(?:[^\\,]|\\.|\\$)+", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
UNESCAPED = {"n": "\n", "N": "\n"}


NONE: Mapping[str, str] = MappingProxyType({})


class Line(NamedTuple):
    """One property. `name` and the parameters' names are upper case, `value` is as written (escaped)."""

    name: str
    value: str
    parameters: Mapping[str, str] = NONE


def unfold(block: bytes) -> bytes:
    """Joins continuation lines. On bytes, as a fold may cut a character of several bytes in two."""
    if b"\n\n" in block or b"\n\r\n" in block:
        block = BREAK.sub(b"\n", block)
    for fold in FOLDS:
        if fold in block:
            block = block.replace(fold, b"")
    return block


def decode(raw: bytes) -> str:
    """UTF-8, else the Windows code page that old exporters write, else latin-1, which reads anything."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def lines(block: bytes) -> Iterator[Line | str]:
    """The properties of a component without its inner ones (alarms); an unreadable line comes as its text."""
    depth = 0
    for written in _texts(unfold(block)):
        text = written.strip("\ufeff \t")
        if not text:
            continue
        if text[0] in "BbEe":
            start = text[:6].upper()
            if start == "BEGIN:":
                depth += 1
                continue
            if start.startswith("END:"):
                depth -= 1
                continue
        if depth == 1:
            yield parse(text) or text


def _texts(unfolded: bytes) -> list[str]:
    """The lines, each decoded by itself unless all are UTF-8."""
    try:
        return unfolded.decode().replace("\r", "\n").split("\n")
    except UnicodeDecodeError:
        return [decode(raw) for raw in BREAK.split(unfolded)]


def parse(text: str) -> Line | None:
    """One unfolded line, or None if it has no name or no value."""
    named = NAME.match(text)
    if named is None:
        return None
    name, position = named[0].upper(), named.end()
    if text[position : position + 1] == ":":
        return Line(name, text[position + 1 :])
    parameters: dict[str, str] = {}
    while (found := PARAMETER.match(text, position)) is not None:
        parameters[found[1].upper()] = found[2].strip().strip('"').strip()
        position = found.end()
    rest = text[position:].lstrip(" \t")
    if not rest.startswith(":"):
        return None
    return Line(name, rest[1:], parameters)


def listed(value: str) -> Iterator[str]:
    """The TEXT values of a list, which an escaped comma does not part; still escaped."""
    return (found[0] for found in LISTED.finditer(value))


def plain(value: str, *, limit: int) -> str:
    """A TEXT value without its escapes and without control characters (Postgres stores no NUL)."""
    if "\\" in value:
        value = ESCAPED.sub(lambda found: UNESCAPED.get(found[1], found[1]), value)
    return CONTROL.sub("", value).strip()[:limit]
