"""The record: what happened, who did it, when. Entries are inserted unchained; once a minute a seal chains them.

Writers never queue behind each other: an entry is one INSERT (and one in the sealer's queue). `seal` is called for one
practice at a time; two sealers meet at the practice's row, the second finds nothing to do.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from practices import chain, lookups, rows, tenancy, vault
from practices.models import ActorKind, Practice, RecordEntry, Seal, UnsealedEntry

FIRST_LINK = chain.FIRST_LINK
SALT_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who did it: a person of the practice by user id, or a kind alone."""

    kind: ActorKind
    user_id: int | None = None


SYSTEM = Actor(kind=ActorKind.SYSTEM)
PATIENT = Actor(kind=ActorKind.PATIENT)
PROVIDER = Actor(kind=ActorKind.PROVIDER)


def staff(user_id: int) -> Actor:
    """A person of the practice."""
    return Actor(kind=ActorKind.STAFF, user_id=user_id)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry to write. `data` takes ids, codes and times only; `personal` needs the patient's (unwrapped) key."""

    event: str
    at: datetime
    actor: Actor = SYSTEM
    case_id: int | None = None
    patient_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] | None = None
    key: bytes | None = None


def write(*entries: Entry) -> None:
    """Inserts the entries for the practice in scope and queues them for its sealer, in one statement for ten thousand."""
    if not entries:
        return
    practice_id = tenancy.current()
    queue = UnsealedEntry._meta.db_table
    for batch in rows.batches(entries):
        written = [_row(practice_id, entry) for entry in batch]
        statement = (
            f"WITH written AS ({rows.inserting(RecordEntry, written[0])} RETURNING id)"  # noqa: S608 - our own names
            f" INSERT INTO {queue} (practice_id, entry_id) SELECT %s, id FROM written"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [rows.encoded(written), practice_id])


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A personal part in clear. With its salt the text can be proven by the entry's commitment; entries from before
    there were commitments have none."""

    salt: bytes
    text: str

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text)
        return content


def opened(entry: RecordEntry, *, key: bytes) -> Opened | None:
    """The personal part of an entry, opened with the patient's key; None where there is none."""
    if entry.personal is None:
        return None
    context = _context(entry.practice_id, entry)
    plain = vault.unseal(key=key, sealed=bytes(entry.personal), context=context)
    cut = SALT_BYTES if entry.commitment else 0
    return Opened(salt=plain[:cut], text=plain[cut:].decode())


def personal(entry: RecordEntry, *, key: bytes) -> dict[str, Any]:
    """What the personal part of an entry says; empty where there is none."""
    found = opened(entry, key=key)
    return found.content if found else {}


def seal(*, now: datetime, batch: int = 5000, wait: bool = False) -> Seal | None:
    """Seals what the practice in scope has unsealed, at most `batch` entries; None if there is nothing, or somebody else
    is at it and we don't `wait`."""
    practice_id = tenancy.current()
    held = Practice.objects.select_for_update(skip_locked=not wait, of=("self",), no_key=True)
    if not held.filter(pk=practice_id).exists():
        return None
    queued = list(UnsealedEntry.objects.order_by("entry_id").values_list("id", "entry_id")[:batch])
    if not queued:
        return None
    hashes = entry_hashes([entry_id for _, entry_id in queued])
    last = Seal.objects.order_by("-number").first()
    link = Seal(
        practice_id=practice_id,
        number=last.number + 1 if last else 1,
        at=now,
        previous=last.digest if last else FIRST_LINK,
        entry_ids=list(hashes),
        version=chain.TREE,
        root=chain.root(list(hashes.values())),
    )
    link.digest = digest(link, list(hashes.values()))
    link.save(force_insert=True)
    UnsealedEntry.objects.filter(id__in=[queue_id for queue_id, _ in queued]).delete()
    return link


def verify() -> list[str]:
    """What is wrong with the chain of the practice in scope, in sentences; empty if all holds."""
    problems: list[str] = []
    previous, number = FIRST_LINK, 0
    for link in Seal.objects.order_by("number").iterator(chunk_size=500):
        number += 1
        hashes = entry_hashes(link.entry_ids)
        if link.number != number or link.previous != previous:
            problems.append(f"seal {link.number} does not follow on seal {number - 1}")
        missing = set(link.entry_ids) - set(hashes)
        if missing:
            problems.append(f"seal {link.number} lists entries that are gone: {sorted(missing)}")
        elif digest(link, list(hashes.values())) != link.digest:
            problems.append(f"seal {link.number} does not match its entries")
        previous, number = link.digest, link.number
    return problems + _unlisted()


def entry_hashes(ids: Sequence[int]) -> dict[int, str]:
    """The hashes of the entries by id, in order of id, as they are in the database now."""
    found = RecordEntry.objects.filter(rows.among("pk", ids, type="bigint")).order_by("pk")
    return {entry.pk: entry_hash(entry) for entry in found.iterator(chunk_size=2000)}


def digest(link: Seal, hashes: Sequence[str]) -> str:
    """The digest that a seal has to have over these entries."""
    if link.version == chain.LINES:
        return chain.lines_digest(link.previous, hashes)
    return chain.tree_digest(
        practice=link.practice_id,
        number=link.number,
        at=chain.moment(link.at),
        previous=link.previous,
        count=len(hashes),
        root=chain.root(hashes),
    )


def entry_hash(entry: RecordEntry) -> str:
    """SHA-256 of the entry's text."""
    return chain.sha256(entry_text(entry))


def entry_text(entry: RecordEntry) -> str:
    """The entry as it is hashed, canonical JSON; personal parts enter by the hash of their ciphertext and, where there is
    one, the commitment."""
    content = [
        entry.pk,
        entry.practice_id,
        chain.moment(entry.at),
        entry.event,
        entry.actor_kind,
        entry.actor_id,
        entry.case_id,
        entry.patient_id,
        entry.data,
        chain.sha256(bytes(entry.personal)) if entry.personal is not None else None,
    ]
    return chain.canonical([*content, entry.commitment] if entry.commitment else content)


def practices_with_unsealed() -> Sequence[int]:
    """The practices that have something to seal. Needs no scope."""
    return lookups.practices("treffa_practices_to_seal")


def _row(practice_id: int, entry: Entry) -> rows.Row:
    sealed, commitment = None, ""
    if entry.personal is not None:
        if entry.key is None:
            raise ValueError("a personal part needs the patient's key")
        salt = secrets.token_bytes(SALT_BYTES)
        text = json.dumps(entry.personal, cls=DjangoJSONEncoder, ensure_ascii=False)
        context = _context(practice_id, entry)
        sealed = vault.seal(key=entry.key, plaintext=salt + text.encode(), context=context)
        commitment = chain.commitment(salt=salt, text=text)
    return {
        "practice_id": practice_id,
        "at": entry.at,
        "event": entry.event,
        "actor_kind": entry.actor.kind,
        "actor_id": entry.actor.user_id,
        "case_id": entry.case_id,
        "patient_id": entry.patient_id,
        "data": entry.data,
        "personal": sealed,
        "commitment": commitment,
    }


def _context(practice_id: int, about: Entry | RecordEntry) -> str:
    """What a personal part belongs to: it opens in no entry about something else."""
    return f"record:{practice_id}:{about.event}:{about.case_id}:{about.patient_id}"


def _unlisted() -> list[str]:
    """Entries that neither a seal lists nor the queue holds: somebody took them out of the chain or slipped them in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM practices_recordentry e"
            " WHERE NOT EXISTS (SELECT 1 FROM practices_unsealedentry u WHERE u.entry_id = e.id)"
            " AND e.id NOT IN (SELECT unnest(entry_ids) FROM practices_seal) ORDER BY e.id LIMIT 20"
        )
        ids = [row[0] for row in cursor.fetchall()]
    return [f"entries that no seal covers: {ids}"] if ids else []
