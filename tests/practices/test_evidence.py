"""An evidence file is checked with nothing but itself: what was changed is named, what is hostile is refused."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practices import chain, evidence
from tests.practices.evidence_files import changed, check, entry, members, unzipped, zipped

PARTS = members()
WHOLE = evidence.pack(PARTS)
ROOT = Path(__file__).resolve().parents[2]


def test_a_whole_file_says_what_to_compare_with_the_daily_mail(tmp_path: Path) -> None:
    found = check(tmp_path, WHOLE)
    assert found.problems == []
    proof = json.loads(PARTS[evidence.PROOF])
    assert f"head: seal 10, {proof['seals'][9][4]}" in "\n".join(found.facts)
    assert f"mailed on 2026-03-02: seal 4, {proof['seals'][3][4]}" in found.facts


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(evidence.MEMBERS), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_changed_byte_of_any_member_is_found(name: str, place: float, bit: int) -> None:
    content = unzipped(WHOLE)
    flipped = bytearray(content[name])
    flipped[int(place * len(flipped))] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        found = check(Path(folder), zipped({**content, name: bytes(flipped)}))
    assert found.problems and name in found.problems[0]


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_any_changed_byte_of_the_file_is_found(place: int, bit: int) -> None:
    flipped = bytearray(WHOLE)
    flipped[place] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        assert check(Path(folder), bytes(flipped)).problems


@pytest.mark.parametrize("extra", [b"x", b"\x00" * 10, WHOLE])
def test_what_is_put_before_or_behind_is_found(tmp_path: Path, extra: bytes) -> None:
    assert check(tmp_path, WHOLE + extra).problems
    assert check(tmp_path, extra + WHOLE).problems


def _text(record: Any, place: int, old: str, new: str) -> None:
    record["entries"][place]["text"] = record["entries"][place]["text"].replace(old, new)


TAMPERINGS = {
    "an entry is removed": (evidence.RECORD, lambda r: r["entries"].pop(2), "some are missing"),
    "two entries change places": (evidence.RECORD, lambda r: r["entries"].reverse(), "not in its place"),
    "an event is changed": (evidence.RECORD, lambda r: _text(r, 1, "accepted", "rejected"), "entry 20"),
    "a time is changed": (evidence.RECORD, lambda r: _text(r, 1, "T09:00", "T08:00"), "entry 20"),
    "a document's checksum is changed": (
        evidence.RECORD,
        lambda r: _text(r, 7, "a" * 64, "b" * 64),
        "entry 80",
    ),
    "a wording is changed": (
        evidence.RECORD,
        lambda r: r["entries"][5]["told"].update(text='{"text":"Nichts"}'),
        "the personal part of entry 60",
    ),
    "a reason is changed with its salt": (
        evidence.RECORD,
        lambda r: r["entries"][6].update(told={"salt": "00" * 32, "text": '{"reason":"x"}'}),
        "the personal part of entry 70",
    ),
    "something personal is invented": (
        evidence.RECORD,
        lambda r: r["entries"][0].update(told={"salt": "00", "text": "{}"}),
        "has no personal part",
    ),
    "an entry is slipped in": (
        evidence.RECORD,
        lambda r: r["entries"].insert(1, entry(15, "requirement.waived", {})),
        "slipped in",
    ),
    "another practice's record": (evidence.RECORD, lambda r: r["practice"].update(id=2), "another practice"),
    "another case": (
        evidence.RECORD,
        lambda r: r["case"].update(id=6),
        "does not say that this file was made",
    ),
    "a fact beside the entries": (
        evidence.RECORD,
        lambda r: r.update(plan="other"),
        "record.json is not the one",
    ),
    "a seal is dropped": (evidence.PROOF, lambda p: p["seals"].pop(4), "seal 5"),
    "a seal's time is changed": (
        evidence.PROOF,
        lambda p: p["seals"][4].__setitem__(1, p["seals"][4][1].replace("T09", "T08")),
        "seal 5",
    ),
    "a seal's digest is changed": (
        evidence.PROOF,
        lambda p: p["seals"][4].__setitem__(4, "0" * 64),
        "seal 5",
    ),
    "the chain begins elsewhere": (
        evidence.PROOF,
        lambda p: p.update(previous="1" * 64),
        "beginning of a chain",
    ),
    "a proof is another's": (evidence.PROOF, lambda p: p["ways"].__setitem__(0, p["ways"][1]), "entry 10"),
    "a mailed head is invented": (
        evidence.PROOF,
        lambda p: p["heads"][0].__setitem__(2, "0" * 64),
        "mailed on",
    ),
    "the last seals are cut off": (
        evidence.PROOF,
        lambda p: p["seals"].__delitem__(slice(8, None)),
        "lacks its seal",
    ),
    "the making is another": (
        evidence.PROOF,
        lambda p: p.update(made=p["made"].replace(evidence.MADE, "evidence.lost")),
        "does not say that this file was made",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_who_knows_the_format_and_makes_the_manifest_anew_is_found(tmp_path: Path, name: str) -> None:
    member, change, sentence = TAMPERINGS[name]
    found = check(tmp_path, evidence.pack(changed(PARTS, member, change)))
    assert any(sentence in problem for problem in found.problems), found.problems


@pytest.mark.parametrize("name", evidence.NAMED)
def test_a_member_swapped_with_its_checksum_is_not_the_one_that_the_record_names(
    tmp_path: Path, name: str
) -> None:
    other = PARTS[name] + b" "
    found = check(tmp_path, evidence.pack({**PARTS, name: other}))
    assert found.problems == [f"{name} is not the one that was made: entry 90 names another checksum"]


DEEP = b"[" * 100_000
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no ZIP"),
    "text": (b"PK\x03\x04 nothing of the kind", "no ZIP"),
    "a bomb": (
        zipped({**unzipped(WHOLE), evidence.PDF: b"0" * (80 << 20)}, compression=zipfile.ZIP_DEFLATED),
        "larger than 64 MB",
    ),
    "a small bomb": (
        zipped({**unzipped(WHOLE), evidence.PDF: b"0" * (1 << 20)}, compression=zipfile.ZIP_DEFLATED),
        "packed in a way that is not used",
    ),
    "a path": (zipped({**unzipped(WHOLE), "../../etc/passwd": b"x"}), "does not belong in it"),
    "a folder": (zipped({**unzipped(WHOLE), "evidence.pdf/": b""}), "does not belong in it"),
    "a member twice": (
        zipped([*unzipped(WHOLE).items(), (evidence.PDF, b"other")]),
        "holds evidence.pdf more than once",
    ),
    "a member less": (
        zipped({name: data for name, data in unzipped(WHOLE).items() if name != evidence.PROOF}),
        "proof.json is missing",
    ),
    "a thousand members": (zipped({f"{n}": b"" for n in range(1000)}), "does not belong in it"),
    "JSON nested deeply": (evidence.pack({**PARTS, evidence.PROOF: DEEP}), "no JSON that can be read"),
    "JSON that is no object": (evidence.pack({**PARTS, evidence.PROOF: b"7"}), "not built as it should be"),
    "a huge number": (
        evidence.pack({**PARTS, evidence.PROOF: b'{"first":' + b"9" * 10_000 + b"}"}),
        "no JSON that can be read",
    ),
    "not a number": (evidence.pack({**PARTS, evidence.PROOF: b'{"first":NaN}'}), "not built as it should be"),
    "no seals": (
        evidence.pack(changed(PARTS, evidence.PROOF, lambda p: p.update(seals=[]))),
        "lacks its seal",
    ),
    "a manifest of lists": (
        zipped({**unzipped(WHOLE), evidence.MANIFEST: b"[]"}),
        "does not name the format",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words(tmp_path: Path, name: str) -> None:
    content, sentence = HOSTILE[name]
    found = check(tmp_path, content)
    assert any(sentence in problem for problem in found.problems), found.problems


def test_a_file_packed_anew_is_not_the_one_that_was_made(tmp_path: Path) -> None:
    assert "packed anew" in check(tmp_path, zipped(unzipped(WHOLE))).problems[0]


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), data=st.data())
def test_a_proof_leads_to_the_root_from_its_own_place_only(count: int, data: st.DataObject) -> None:
    hashes = [chain.sha256(str(number)) for number in range(count)]
    place = data.draw(st.integers(0, count - 1))
    partners = chain.proof(chain.levels(hashes), place)
    assert chain.climbed(hashes[place], index=place, count=count, partners=partners) == chain.root(hashes)
    other = data.draw(st.integers(0, count - 1).filter(lambda one: one != place)) if count > 1 else count
    try:
        elsewhere = chain.climbed(hashes[place], index=other, count=count, partners=partners)
    except ValueError:
        return
    assert elsewhere != chain.root(hashes)


def verify(path: Path) -> subprocess.CompletedProcess[str]:
    """The command on a machine that has neither a database nor a setting."""
    command = [sys.executable, str(ROOT / "manage.py"), "verify_record", str(path)]
    return subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, timeout=60)


def test_the_command_needs_neither_database_nor_setting(tmp_path: Path) -> None:
    if (ROOT / ".env").exists():
        pytest.skip("this machine has settings of its own")
    path = tmp_path / "evidence.zip"
    path.write_bytes(WHOLE)
    whole = verify(path)
    assert whole.returncode == 0 and "the evidence file is whole" in whole.stdout, whole.stderr
    path.write_bytes(evidence.pack({**PARTS, evidence.PDF: b"another"}))
    broken = verify(path)
    assert broken.returncode == 1 and "evidence.pdf is not the one that was made" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert verify(tmp_path / "nothing.zip").returncode == 1
    assert os.listdir(tmp_path) == ["evidence.zip"]


def test_the_way_by_hand_in_the_docs_leads_to_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (ROOT / "docs" / "evidence.md").read_text().split("```python\n")[1].split("```")[0]
    for name, content in unzipped(WHOLE).items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    by_hand: dict[str, Any] = {}
    exec(said, by_hand)
    assert by_hand["previous"] == json.loads(PARTS[evidence.PROOF])["seals"][-1][4]
    (tmp_path / evidence.RECORD).write_bytes(PARTS[evidence.RECORD].replace(b"Bilder", b"Bildre"))
    with pytest.raises(AssertionError):
        exec(said, {})
