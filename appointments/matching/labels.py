"""What the lines of a description are about, by their labels: "Patient: Anna Schmidt". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from appointments.matching.vocabulary import LABELS, OTHERS
from appointments.matching.words import fold

LINES = re.compile(r"[\n;|]")
LABEL = re.compile(r"([^:=]{1,40})[:=](.*)")
HOST = re.compile(r"\s[-–]\s*(?:organi[sz]\w+)\s*$", re.I)
AROUND = " *_•·>-–—"
KNOWN = {fold(label): name for name, labels in LABELS.items() for label in labels}
# What may stand below a label that stands alone in its line.
BELOW = frozenset(("name", "first_name", "last_name", "birth_date", "phone", "email"))
MOST_BELOW = 12


def labelled(text: str, *, extra: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """{field: value} of a text's lines, the fields as in `vocabulary.LABELS`; the first of a field counts. `extra` are
    more labels as (field, label)."""
    known = KNOWN | {fold(label): name for name, label in extra} if extra else KNOWN
    lines = [line.strip() for line in LINES.split(text)]
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        name, value = _read(line, known)
        if not name or name in found:
            continue
        below = list(_below(lines[number + 1 :], known)) if not value else []
        if name == "name" and below:
            found |= {field: said for field, said in _people(below).items() if field not in found}
        elif value or below:
            found[name] = value or below[0]
    return found


def without_others(text: str) -> str:
    """The text without the lines that are about somebody else than the patient, by their label."""
    if not text:
        return text
    lines = text.split("\n")
    return "\n".join(line for line in lines if ":" not in line or not _is_of_others(line.partition(":")[0]))


def _is_of_others(label: str) -> bool:
    return len(label) <= 40 and bool(OTHERS & set(fold(label).split()))


def _read(line: str, known: Mapping[str, str]) -> tuple[str, str]:
    """(field, value); the field is "" where there is no label that we know, the value where it stands below."""
    found = LABEL.match(line)
    if found is not None:
        return known.get(fold(found[1]), ""), found[2].strip(AROUND)
    name = known.get(fold(line), "") if len(line) <= 40 else ""
    return (name, "") if name in BELOW else ("", "")


def _below(lines: Sequence[str], known: Mapping[str, str]) -> Iterator[str]:
    for line in lines[:MOST_BELOW]:
        if not line or _read(line, known)[0]:
            return
        yield line


def _people(lines: Sequence[str]) -> dict[str, str]:
    """Of several people, each with an address below, who is not the host: that one's name and address. Of two, nobody."""
    people = [number for number, line in enumerate(lines) if "@" not in line]
    hosts = [number for number in people if HOST.search(lines[number])]
    found = {"practitioner": HOST.sub("", lines[hosts[0]])} if hosts else {}
    guests = [number for number in people if number not in hosts]
    if len(guests) == 1 or (guests and not hosts and all("@" not in line for line in lines)):
        found["name"] = lines[guests[0]]
        after = lines[guests[0] + 1 : guests[0] + 2]
        if after and "@" in after[0]:
            found["email"] = after[0]
    return found
