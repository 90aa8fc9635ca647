"""Evidence files, made of a small chain of ten seals without a database; and ways to tamper with them."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from practices import chain, evidence

AT = "2026-03-02T09:00:00.000000+00:00"
PRACTICE, CASE = 1, 5
Change = Callable[[Any], object]


def entry(
    number: int, event: str, data: dict[str, Any], *, told: str | None = None, salt: bytes = b"s" * 32
) -> Any:
    content: list[Any] = [number, PRACTICE, AT, event, "system", None, CASE, 7, data, None]
    if told is None:
        return {"text": chain.canonical(content), "told": None}
    content[9] = chain.sha256(b"ciphertext")
    text = chain.canonical([*content, chain.commitment(salt=salt, text=told)])
    return {"text": text, "told": {"salt": salt.hex(), "text": told}}


def members() -> dict[str, bytes]:
    """What `evidence.pack` takes: nine entries, each among others under a seal of its own, the last names the file."""
    entries = [entry(10 * n, "requirement.accepted", {"requirement": n}) for n in range(1, 6)]
    entries += [
        entry(60, "message.queued", {"message": 1}, told='{"text":"Bitte erledigen"}'),
        entry(70, "requirement.waived", {"requirement": 2}, told='{"reason":"Bilder liegen vor"}'),
        entry(80, "requirement.submitted", {"sha256": ["a" * 64]}),
    ]
    record = {"practice": {"id": PRACTICE}, "case": {"id": CASE}, "entries": entries}
    parts = {
        evidence.PDF: b"%PDF-1.7 to be read",
        evidence.RECORD: chain.canonical(record).encode(),
        evidence.README: b"by hand",
    }
    sums = {name: chain.sha256(content) for name, content in parts.items()}
    made = entry(90, evidence.MADE, {"members": sums, "entries": len(entries)})
    proof = chained([one["text"] for one in [*entries, made]])
    return {**parts, evidence.PROOF: chain.canonical({"made": made["text"], **proof}).encode()}


def chained(texts: list[str]) -> dict[str, Any]:
    """Seals of six entries each, of which one is ours; one more between, of others alone."""
    previous, seals, ways = chain.FIRST_LINK, [], []
    for number, text in enumerate([*texts, None], start=1):
        hashes = [chain.sha256(f"{number}-{other}") for other in range(5)]
        place = number % 5
        if text is not None:
            hashes.insert(place, chain.sha256(text))
            ways.append([number, place, chain.proof(chain.levels(hashes), place)])
        root = chain.root(hashes)
        digest = chain.tree_digest(
            practice=PRACTICE, number=number, at=AT, previous=previous, count=len(hashes), root=root
        )
        seals.append([chain.TREE, AT, len(hashes), root, digest])
        previous = digest
    heads = [["2026-03-02", 4, seals[3][4]]]
    return {"ways": ways, "first": 1, "previous": chain.FIRST_LINK, "seals": seals, "heads": heads}


def changed(parts: dict[str, bytes], name: str, change: Change) -> dict[str, bytes]:
    """The members with one of them, JSON, changed as somebody would who knows the format."""
    content = json.loads(parts[name])
    change(content)
    return {**parts, name: chain.canonical(content).encode()}


def zipped(content: dict[str, bytes] | list[tuple[str, bytes]], **options: Any) -> bytes:
    """A ZIP of these members as they are, manifest and all."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", **options) as archive:
        for name, data in content.items() if isinstance(content, dict) else content:
            archive.writestr(name, data)
    return target.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check(folder: Path, content: bytes) -> evidence.Findings:
    path = folder / "evidence.zip"
    path.write_bytes(content)
    return evidence.check(path)
