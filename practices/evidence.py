"""An evidence file, and how it is checked: with nothing but the file. Pure: no database, no settings, no key.

    evidence.pdf   to be read          proof.json     the entry that names the other three, ways up, seals
    record.json    what happened       manifest.json  length and checksum of each of the others
    README.txt     how to check it by hand

The file is hostile until it is checked: a few small members of known names, read within limits. docs/evidence.md says what
it proves and what it does not.
"""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from practices import chain

FORMAT = "treffa-evidence/1"
PDF, RECORD, README, PROOF, MANIFEST = (
    "evidence.pdf",
    "record.json",
    "README.txt",
    "proof.json",
    "manifest.json",
)
MEMBERS = (PDF, RECORD, README, PROOF, MANIFEST)
# What the entry `evidence.made` names: the rest is proof, and proves itself.
NAMED = (PDF, RECORD, README)
MADE = "evidence.made"
PUBLISHED = "plan.published"
# What a requirement takes from its plan, word for word.
ASKED = (
    "kind",
    "title",
    "text",
    "blocking",
    "may_be_brought",
    "by_physician",
    "condition",
    "validity",
    "source",
)
MOST_BYTES = 64 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
# What zipfile raises for what is no ZIP, or not one like ours.
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    struct.error,
    zlib.error,
)
_MISBUILT = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError)


@dataclass(kw_only=True)
class Findings:
    """What a check found: `problems` in sentences (none: it is whole), and what to compare and to know."""

    problems: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.problems


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A seal of the chain, checked. `content` is the root of its tree, or the hashes of its entries (version 1)."""

    number: int
    at: str
    count: int
    content: str | Sequence[str]
    digest: str


class _BrokenError(Exception):
    """The file can't be checked further; the text says why."""


def pack(members: Mapping[str, bytes]) -> bytes:
    """The file, made of all members but the manifest. The same members make the same bytes, to the last one: nothing is
    compressed, so that no other version of a library packs otherwise, and nothing can swell up."""
    listed = _listed(members)
    manifest = chain.canonical({"format": FORMAT, "members": listed}).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in MEMBERS:
            about = zipfile.ZipInfo(name, date_time=_EPOCH)
            about.create_system, about.external_attr = _UNIX, 0o644 << 16
            archive.writestr(about, manifest if name == MANIFEST else members[name])
    return target.getvalue()


def check(path: Path) -> Findings:
    """Checks a file. Never raises for what is in it."""
    found = Findings()
    try:
        content = _content(path)
        members = _members(content)
        _check_manifest(members)
        record, proof = _json(members, RECORD), _json(members, PROOF)
        _check_content(record, proof, members, found)
        if found.whole and pack(members) != content:
            raise _BrokenError("the members are whole, but the ZIP around them was changed or packed anew")
    except _BrokenError as broken:
        found.problems.append(str(broken))
    return found


def _listed(members: Mapping[str, bytes]) -> dict[str, dict[str, object]]:
    return {
        name: {"bytes": len(members[name]), "sha256": chain.sha256(members[name])}
        for name in MEMBERS
        if name != MANIFEST
    }


# The container


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _BrokenError(f"the file can't be opened: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise _BrokenError(f"the file is larger than {MOST_BYTES >> 20} MB: that is no evidence file")
    return content


def _members(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_names(archive)
            return {about.filename: _read(archive, about) for about in archive.infolist()}
    except _UNREADABLE as error:
        raise _BrokenError(f"the file is no ZIP that can be read ({type(error).__name__})") from error


def _check_names(archive: zipfile.ZipFile) -> None:
    names = [about.filename for about in archive.infolist()]
    for name in sorted(set(names)):
        if name not in MEMBERS:
            raise _BrokenError(f"the file holds {name[:80]!r}, which does not belong in it")
        if names.count(name) > 1:
            raise _BrokenError(f"the file holds {name} more than once")
    for name in MEMBERS:
        if name not in names:
            raise _BrokenError(f"{name} is missing from the file")
    if archive.comment:
        raise _BrokenError("the file carries a comment, which does not belong in it")
    if sum(about.file_size for about in archive.infolist()) > MOST_BYTES:
        raise _BrokenError(
            f"unpacked the file is larger than {MOST_BYTES >> 20} MB: that is no evidence file"
        )


def _read(archive: zipfile.ZipFile, about: zipfile.ZipInfo) -> bytes:
    """Stored as it is, so it is no longer than the file."""
    if about.compress_type != zipfile.ZIP_STORED or about.flag_bits & 1:
        raise _BrokenError(f"{about.filename} is packed in a way that is not used here")
    try:
        return archive.read(about)
    except _UNREADABLE as error:
        raise _BrokenError(
            f"{about.filename} is damaged: it does not have the checksum of the ZIP"
        ) from error


def _check_manifest(members: Mapping[str, bytes]) -> None:
    manifest = _json(members, MANIFEST)
    if chain.canonical(manifest).encode() != members[MANIFEST]:
        raise _BrokenError(f"{MANIFEST} was changed: it is not written the way it is made")
    listed = _listed(members)
    if manifest == {"format": FORMAT, "members": listed}:
        return
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _BrokenError(f"{MANIFEST} does not name the format {FORMAT}")
    held = manifest.get("members")
    wrong = [name for name in listed if not isinstance(held, dict) or held.get(name) != listed[name]]
    if wrong:
        raise _BrokenError(f"{', '.join(wrong)} does not have the checksum that {MANIFEST} names")
    raise _BrokenError(f"{MANIFEST} names what is not in the file")


def _json(members: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(members[name].decode())
    except (ValueError, RecursionError) as error:
        raise _BrokenError(f"{name} is damaged: it is no JSON that can be read") from error


# The content


def _check_content(record: Any, proof: Any, members: Mapping[str, bytes], found: Findings) -> None:
    try:
        practice, case = int(record["practice"]["id"]), int(record["case"]["id"])
        seals = _seals(proof, practice=practice, found=found)
        made = json.loads(proof["made"])
        entries = record["entries"]
        _check_entries([*entries, {"text": proof["made"]}], proof["ways"], seals, practice, found)
        for entry in entries:
            _check_opened(entry, found)
        _check_plans(record, found)
        _check_made(made, members, case=case, found=found)
        _check_heads(proof["heads"], seals, found)
        found.facts = list(_facts(record, proof, made, seals)) if found.whole else []
    except _MISBUILT as error:
        found.problems.append(f"{RECORD} or {PROOF} is not built as it should be ({type(error).__name__})")


def _seals(proof: Any, *, practice: int, found: Findings) -> dict[int, Seal]:
    """The seals by number, each checked against the one before."""
    seals: dict[int, Seal] = {}
    number, previous = int(proof["first"]), str(proof["previous"])
    if number == 1 and previous != chain.FIRST_LINK:
        found.problems.append("seal 1 is not the beginning of a chain")
    for version, at, count, content, digest in proof["seals"]:
        if version == chain.LINES:
            expected = chain.lines_digest(previous, content)
        else:
            expected = chain.tree_digest(
                practice=practice, number=number, at=at, previous=previous, count=count, root=content
            )
        if expected != digest:
            found.problems.append(f"seal {number} of {at} does not follow on the seal before, or was changed")
        seals[number] = Seal(number=number, at=at, count=count, content=content, digest=digest)
        number, previous = number + 1, digest
    return seals


def _check_entries(
    entries: Sequence[Any], ways: Sequence[Any], seals: Mapping[int, Seal], practice: int, found: Findings
) -> None:
    """That every entry is under its seal, once and in order."""
    if len(ways) != len(entries):
        found.problems.append(
            f"the file holds {len(entries)} entries and {len(ways)} proofs: some are missing"
        )
    last = 0
    for entry, (number, index, partners) in zip(entries, ways):
        content = json.loads(entry["text"])
        name = f"entry {content[0]} ({content[3]}, {content[2]})"
        if content[0] <= last:
            found.problems.append(f"{name} is not in its place: it stands behind entry {last}")
        last = max(last, content[0])
        if content[1] != practice:
            found.problems.append(f"{name} belongs to another practice")
        if number not in seals:
            found.problems.append(f"{name} lacks its seal {number}")
        elif not _covered(entry["text"], seals[number], index=index, partners=partners):
            found.problems.append(f"{name} is not what seal {number} covers: it was changed or slipped in")


def _covered(text: str, seal: Seal, *, index: int, partners: Sequence[str]) -> bool:
    entry_hash = chain.sha256(text)
    if not isinstance(seal.content, str):
        return 0 <= index < len(seal.content) and seal.content[index] == entry_hash
    try:
        root = chain.climbed(entry_hash, index=index, count=seal.count, partners=partners)
    except ValueError:
        return False
    return root == seal.content


def _check_opened(entry: Any, found: Findings) -> None:
    """That what is told in clear is what was committed to."""
    content, told = json.loads(entry["text"]), entry["told"]
    if told is None:
        return
    name = f"entry {content[0]} ({content[3]}, {content[2]})"
    json.loads(told["text"])
    if content[9] is None:
        found.problems.append(f"{name} has no personal part, but the file tells one")
    elif len(content) > 10 and content[10] != chain.commitment(
        salt=bytes.fromhex(told["salt"]), text=told["text"]
    ):
        found.problems.append(f"the personal part of {name} is not what was recorded: its text was changed")


def _published(record: Any) -> dict[int, str]:
    """The checksums of plans, as the record has them since they were published."""
    contents = (json.loads(entry["text"]) for entry in record["entries"])
    return {
        one[8]["plan"]: one[8]["sha256"] for one in contents if one[3] == PUBLISHED and "sha256" in one[8]
    }


def _check_plans(record: Any, found: Findings) -> None:
    """That plans say what they said when they were published, and requirements what their plan says."""
    texts = {plan["id"]: plan["wording"] for plan in record.get("plans", ())}
    for plan, checksum in _published(record).items():
        if plan not in texts:
            found.problems.append(f"what plan {plan} asks for is missing from the file")
        elif chain.sha256(texts[plan]) != checksum:
            found.problems.append(f"plan {plan} does not say what was published: its text was changed")
    asked = {
        (plan, one["key"]): one for plan, text in texts.items() for one in json.loads(text)["prerequisites"]
    }
    for requirement in record.get("requirements", ()) if texts else ():
        said = asked.get((requirement["plan"], requirement["key"]), {})
        if any(name not in said or said[name] != requirement[name] for name in ASKED):
            found.problems.append(f"requirement {requirement['id']} is told otherwise than its plan says")


def _check_made(made: Any, members: Mapping[str, bytes], *, case: int, found: Findings) -> None:
    """That the record itself names these members."""
    if made[3] != MADE or made[6] != case:
        found.problems.append(f"entry {made[0]} does not say that this file was made")
        return
    for name in NAMED:
        if made[8]["members"].get(name) != chain.sha256(members[name]):
            found.problems.append(
                f"{name} is not the one that was made: entry {made[0]} names another checksum"
            )


def _check_heads(heads: Sequence[Any], seals: Mapping[int, Seal], found: Findings) -> None:
    for day, number, digest in heads:
        if number not in seals or seals[number].digest != digest:
            found.problems.append(f"the head that was mailed on {day} is not that of seal {number}")


def _facts(record: Any, proof: Any, made: Any, seals: Mapping[int, Seal]) -> Iterator[str]:
    entries = record["entries"]
    head = seals[max(seals)]
    yield f"practice {record['practice']['id']}, case {record['case']['id']}, made {made[2]}"
    yield f"{len(entries) + 1} entries under seals {min(seals)} to {head.number}"
    yield f"head: seal {head.number}, {head.digest}, {head.at}"
    for day, number, digest in proof["heads"]:
        yield f"mailed on {day}: seal {number}, {digest}"
    if not proof["heads"]:
        yield "none of these seals was mailed as a daily head yet: make the file again after the next mail"
    told = [entry for entry in entries if entry["told"] is not None]
    unproven = sum(len(json.loads(entry["text"])) == 10 for entry in told)
    erased = sum(entry["told"] is None and json.loads(entry["text"])[9] is not None for entry in entries)
    yield f"{len(told) - unproven} personal parts proven by their commitment"
    plans, proven = record.get("plans", ()), _published(record)
    if proven:
        yield f"{len(proven)} plans proven by their checksum from when they were published"
    if len(plans) > len(proven):
        yield f"{len(plans) - len(proven)} plans from before there were such checksums: told, but not proven"
    if unproven:
        yield f"{unproven} personal parts from before there were commitments: told, but not proven"
    if erased:
        yield f"{erased} personal parts erased or closed: that they were there is proven, not what they said"
