"""Makes an evidence file: gathers, draws, names what was made in the record, seals, and puts the proofs beside it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from practices import chain, evidence, record, tenancy
from practices.models import DailyHead, RecordEntry, Seal
from prerequisites.evidence import sheet
from prerequisites.evidence.gathering import Facts, gather
from prerequisites.evidence.readme import README


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The file and what it is called: a name that tells nobody's."""

    name: str
    content: bytes


def make(*, practice_id: int, case_id: int, by: record.Actor, now: datetime) -> Evidence:
    """The evidence record of a case as it stands. Takes seconds: never call it inside a scope. That it was made is an
    entry of the record, which names the checksums of what is in it. Case.DoesNotExist."""
    tenancy.forbid_scope()
    with tenancy.scope(practice_id):
        facts = gather(case_id, now=now)
    told = chain.canonical(facts).encode()
    members = {
        evidence.PDF: sheet.draw(facts, fingerprint=chain.sha256(told)),
        evidence.RECORD: told,
        evidence.README: README.encode(),
    }
    with tenancy.scope(practice_id):
        made = _note(facts, members, by=by, now=now)
        while record.seal(now=now, wait=True) is not None:
            pass
        ids = [_id(entry["text"]) for entry in facts["entries"]]
        members[evidence.PROOF] = chain.canonical(_proof([*ids, made.pk], made)).encode()
    return Evidence(name=f"treffa-{practice_id}-{case_id}.zip", content=evidence.pack(members))


def _note(facts: Facts, members: dict[str, bytes], *, by: record.Actor, now: datetime) -> RecordEntry:
    """By a number of its own, for the same case's may be made twice at once."""
    case_id, patient = facts["case"]["id"], facts["patient"]
    file, sums = uuid.uuid4().hex, {name: chain.sha256(content) for name, content in members.items()}
    entry = record.Entry(
        event=evidence.MADE,
        at=now,
        actor=by,
        case_id=case_id,
        patient_id=patient["id"] if patient else None,
        data={"file": file, "members": sums, "entries": len(facts["entries"])},
    )
    record.write(entry)
    return RecordEntry.objects.get(case_id=case_id, event=evidence.MADE, data__file=file)


def _id(text: str) -> int:
    """The number of an entry, which its text begins with."""
    return int(text[1 : text.index(",")])


def _proof(ids: Sequence[int], made: RecordEntry) -> dict[str, Any]:
    """The way of each entry up to its seal, and the seals from the first of them to the last there is."""
    covering = list(Seal.objects.filter(entry_ids__overlap=list(ids)).order_by("number"))
    ways: dict[int, list[Any]] = {}
    for seal in covering:
        ways |= _ways(seal, set(ids))
    seals = Seal.objects.filter(number__gte=covering[0].number).order_by("number")
    numbers = [seal.number for seal in seals]
    heads = DailyHead.objects.filter(mailed=True, number__in=numbers).order_by("day")
    return {
        "made": record.entry_text(made),
        "ways": [ways[pk] for pk in ids],
        "first": covering[0].number,
        "previous": covering[0].previous,
        "seals": [_seal(seal) for seal in seals],
        "heads": [[head.day.isoformat(), head.number, head.digest] for head in heads],
    }


def _ways(seal: Seal, wanted: set[int]) -> dict[int, list[Any]]:
    """Of the wanted entries that a seal covers: seal, place, partners. In a seal of version 1 the place is all."""
    places = [(pk, place) for place, pk in enumerate(seal.entry_ids) if pk in wanted]
    if seal.version == chain.LINES:
        return {pk: [seal.number, place, []] for pk, place in places}
    tree = chain.levels(list(record.entry_hashes(seal.entry_ids).values()))
    return {pk: [seal.number, place, chain.proof(tree, place)] for pk, place in places}


def _seal(seal: Seal) -> list[Any]:
    """As the check reads it: version, time, how many, root (or all hashes), digest."""
    if seal.version == chain.LINES:
        content: object = list(record.entry_hashes(seal.entry_ids).values())
    else:
        content = seal.root
    return [seal.version, chain.moment(seal.at), len(seal.entry_ids), content, seal.digest]
