"""The record: what happened, who did it, when. Entries are inserted unchained; once a minute a seal chains them.

Writers never queue behind each other: an entry is one INSERT (and one in the sealer's queue). `seal` is called for one
practice at a time; two sealers meet at the practice's row, the second finds nothing to do.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from practices import lookups, rows, tenancy, vault
from practices.models import ActorKind, Practice, RecordEntry, Seal, UnsealedEntry

FIRST_LINK = "0" * 64


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


def personal(entry: RecordEntry, *, key: bytes) -> dict[str, Any]:
    """The personal part of an entry, opened with the patient's key; empty where there is none."""
    if entry.personal is None:
        return {}
    opened: dict[str, Any] = json.loads(
        vault.unseal(key=key, sealed=bytes(entry.personal), context=_context(entry.practice_id, entry))
    )
    return opened


def seal(*, now: datetime, batch: int = 5000) -> Seal | None:
    """Seals what the practice in scope has unsealed, at most `batch` entries; None if there is nothing."""
    practice_id = tenancy.current()
    held = Practice.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    if not held.filter(pk=practice_id).exists():
        return None
    queued = list(UnsealedEntry.objects.order_by("entry_id").values_list("id", "entry_id")[:batch])
    if not queued:
        return None
    entries = list(RecordEntry.objects.filter(id__in=[entry_id for _, entry_id in queued]).order_by("id"))
    last = Seal.objects.order_by("-number").first()
    previous = last.digest if last else FIRST_LINK
    link = Seal.objects.create(
        practice_id=practice_id,
        number=last.number + 1 if last else 1,
        at=now,
        previous=previous,
        digest=digest(previous, entries),
        entry_ids=[entry.id for entry in entries],
    )
    UnsealedEntry.objects.filter(id__in=[queue_id for queue_id, _ in queued]).delete()
    return link


def verify() -> list[str]:
    """What is wrong with the chain of the practice in scope, in sentences; empty if all holds."""
    problems: list[str] = []
    previous, number = FIRST_LINK, 0
    for link in Seal.objects.order_by("number").iterator(chunk_size=500):
        number += 1
        entries = list(RecordEntry.objects.filter(id__in=link.entry_ids).order_by("id"))
        if link.number != number or link.previous != previous:
            problems.append(f"seal {link.number} does not follow on seal {number - 1}")
        missing = set(link.entry_ids) - {entry.id for entry in entries}
        if missing:
            problems.append(f"seal {link.number} lists entries that are gone: {sorted(missing)}")
        elif digest(link.previous, entries) != link.digest:
            problems.append(f"seal {link.number} does not match its entries")
        previous, number = link.digest, link.number
    return problems + _unlisted()


def digest(previous: str, entries: Iterable[RecordEntry]) -> str:
    """SHA-256 over the previous digest and each entry's own hash, one line each."""
    lines = [previous, *(entry_hash(entry) for entry in entries)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def entry_hash(entry: RecordEntry) -> str:
    """SHA-256 of the entry's canonical JSON; personal parts enter by the hash of their ciphertext."""
    content = [
        entry.id,
        entry.practice_id,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.event,
        entry.actor_kind,
        entry.actor_id,
        entry.case_id,
        entry.patient_id,
        entry.data,
        hashlib.sha256(bytes(entry.personal)).hexdigest() if entry.personal is not None else None,
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def practices_with_unsealed() -> Sequence[int]:
    """The practices that have something to seal. Needs no scope."""
    return lookups.practices("treffa_practices_to_seal")


def _row(practice_id: int, entry: Entry) -> rows.Row:
    sealed = None
    if entry.personal is not None:
        if entry.key is None:
            raise ValueError("a personal part needs the patient's key")
        text = json.dumps(entry.personal, cls=DjangoJSONEncoder, ensure_ascii=False).encode()
        sealed = vault.seal(key=entry.key, plaintext=text, context=_context(practice_id, entry))
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
