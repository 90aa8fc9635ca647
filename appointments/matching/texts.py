"""Texts of calendars as people see them: without markup, pictures and signs that nobody sees. Pure."""

from __future__ import annotations

import html
import re
import unicodedata

MARKED_UP = re.compile(r"<[a-zA-Z/!]|&[a-zA-Z#]")
BREAKING = re.compile(r"<(?:br|/p|/div|/li|/tr|/td|/th|/dt|/dd|/h\d)\b[^<>]{0,200}>", re.I)
# Not an address between brackets.
TAG = re.compile(r"</?[a-zA-Z!][a-zA-Z0-9-]*(?:\s[^<>]{0,400})?/?>")
# Soft hyphens, marks of direction and the like: within words, and seen by nobody.
UNSEEN = "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
PICTURES = "\u2190-\u2bff\u3030\ufffd\U0001f000-\U0001faff\U000e0020-\U000e007f"
SOFT_HYPHEN = "\u00ad"
# Up to here letters have all their marks in them, and none is a picture.
LAST_EVERYDAY = "\u017f"
HIDDEN = re.compile(f"[{UNSEEN}]")
DRAWN = re.compile(f"[{PICTURES}]\u200d?")
ODD = re.compile(f"[{UNSEEN}{PICTURES}]")
SPACES = re.compile(r"[^\S\n]+")
WIDE = re.compile(r"[^\S\n ]| {2}")


def plain(text: str) -> str:
    """The text in lines, with single spaces."""
    if MARKED_UP.search(text) is not None:
        text = html.unescape(TAG.sub("", BREAKING.sub("\n", text)))
    if not text.isascii() and (max(text) > LAST_EVERYDAY or SOFT_HYPHEN in text):
        if ODD.search(text) is not None:
            text = DRAWN.sub(" ", HIDDEN.sub("", text))
        text = unicodedata.normalize("NFC", text)
    if "**" in text or "__" in text:
        text = text.replace("**", "").replace("__", "")
    if WIDE.search(text) is not None:
        text = SPACES.sub(" ", text)
    return text.strip()
