"""Documents are hostile. Taken by content, rebuilt in a child process, sealed with the practice's key, closed until scanned.

check_upload (outside of any scope) -> store (in the scope that writes the submission) -> scan_due -> read
"""

import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from django.conf import settings

from practices import record, tenancy, vault
from practices.models import Practice
from practices.nudge import nudge
from prerequisites import images, locking, scanner
from prerequisites.models import Case, Document, ScanState, Submission

MAX_BYTES = 25 * 1024 * 1024
PDF = "application/pdf"
PDF_OVERHEAD = 64 * 1024
SNIFFED_BYTES = 1024
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})

SCANS_AT_ONCE = 20
SCAN_LEASE = timedelta(minutes=5)
SCAN_AGAIN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


class RefusedError(Exception):
    """A file that is not taken. `code`: empty, too_large, wrong_type, or one of images.REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Readable(Protocol):
    """An open file, as far as it is needed here."""

    def seek(self, offset: int, /) -> object: ...

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A file as it will be stored: rebuilt, with the checksum and the size of what was rebuilt. `sources`: the checksums of
    the files that it was put together from; `findings`: why a photo is hard to read."""

    content: bytes
    content_type: str
    pages: int
    sha256: str
    sources: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.content)


def check_upload(file: Readable, *, name: str = "") -> CheckedFile:
    """The file rebuilt, or RefusedError. Judged by content; `name` is what the patient called it and decides nothing.

    Takes seconds for large pictures: never call it inside a scope.
    """
    tenancy.forbid_scope()
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if not content:
        raise RefusedError("empty")
    if len(content) > MAX_BYTES:
        raise RefusedError("too_large")
    return check_pieces([content], begins=content)


def check_pieces(pieces: Iterable[bytes], *, begins: bytes, wait: float = images.WAIT_SECONDS) -> CheckedFile:
    """The same of a file in pieces, of at most MAX_BYTES, that `begins` so; RefusedError("busy") if its turn does not come
    within `wait` seconds."""
    tenancy.forbid_scope()
    try:
        rebuilt = images.rebuild(pieces, order=_sort(begins), wait=wait)
    except images.UnreadableError as unreadable:
        raise RefusedError(unreadable.code) from None
    if len(rebuilt.content) > MAX_BYTES:
        raise RefusedError("too_large")
    return _checked(rebuilt)


def _checked(rebuilt: images.Rebuilt, *, sources: tuple[str, ...] = ()) -> CheckedFile:
    return CheckedFile(
        content=rebuilt.content,
        content_type=rebuilt.content_type,
        pages=rebuilt.pages,
        sha256=hashlib.sha256(rebuilt.content).hexdigest(),
        sources=sources,
        findings=rebuilt.findings,
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """A rebuilt file, on its way into a document; `read` gives its bytes, `turn` is in degrees clockwise."""

    read: Callable[[], bytes]
    content_type: str
    size: int
    pages: int
    sha256: str
    turn: int = 0

    @classmethod
    def of(cls, checked: CheckedFile) -> "Part":
        return cls(
            read=lambda: checked.content,
            content_type=checked.content_type,
            size=checked.size,
            pages=checked.pages,
            sha256=checked.sha256,
        )


def put_together(parts: Iterable[Part]) -> list[CheckedFile]:
    """The documents that files become: pictures that follow on each other are the pages of one PDF, as large as one may be;
    a single upright one stays a picture. The same file twice counts once. RefusedError as check_upload says."""
    tenancy.forbid_scope()
    once = list({part.sha256: part for part in parts}.values())
    return [_one_document(group) for group in _groups(once)]


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    for part in parts:
        full = sum(one.size for one in group) + part.size > MAX_BYTES - PDF_OVERHEAD
        if group and (PDF in (part.content_type, group[0].content_type) or full):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _one_document(group: Sequence[Part]) -> CheckedFile:
    first = group[0]
    if len(group) == 1 and not first.turn:
        return CheckedFile(
            content=first.read(), content_type=first.content_type, pages=first.pages, sha256=first.sha256
        )
    pictures = (part.read() for part in group)
    try:
        joined = images.join(pictures, parts=[(part.size, part.turn) for part in group])
    except images.UnreadableError as unreadable:
        raise RefusedError(unreadable.code) from None
    return _checked(joined, sources=tuple(part.sha256 for part in group))


def _sort(content: bytes) -> str:
    """Which decoder may try: the first bytes only choose, the decoder decides."""
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return "image"
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        return "image"
    if b"%PDF-" in content[:SNIFFED_BYTES]:
        return "pdf"
    raise RefusedError("wrong_type")


def store(*, practice: Practice, submission: Submission, checked: CheckedFile, now: datetime) -> Document:
    """Writes the sealed file, then its row; the virus scan is due at once. In the scope of the practice.

    A transaction that fails leaves a sealed file that no row names: harmless.
    """
    name = secrets.token_hex(16)
    context = _context(practice.pk, name)
    _write(
        _path(practice.pk, name), vault.seal(key=practice.key(), plaintext=checked.content, context=context)
    )
    nudge(stage="cases", practice_id=practice.pk)
    return Document.objects.create(
        practice=practice,
        submission=submission,
        stored_name=name,
        content_type=checked.content_type,
        size=checked.size,
        pages=checked.pages,
        sha256=checked.sha256,
        sources=list(checked.sources),
        scan=ScanState.PENDING,
        scan_due_at=now,
    )


def read(document: Document) -> bytes:
    """The bytes of a document of the practice in scope. PermissionError until it is found clean."""
    if document.scan != ScanState.CLEAN:
        raise PermissionError("the virus scanner has not passed this document")
    return _open(document)


def unscanned(*, requirement_id: int) -> bool:
    """Whether the newest submission of a requirement holds a file that is not clean."""
    newest = Submission.objects.filter(requirement_id=requirement_id).order_by("-id").first()
    return newest is not None and newest.documents.exclude(scan=ScanState.CLEAN).exists()


def infected(*, requirement_id: int) -> bool:
    """Whether the newest submission of a requirement holds a file that the virus scanner refused."""
    newest = Submission.objects.filter(requirement_id=requirement_id).order_by("-id").first()
    return newest is not None and newest.documents.filter(scan=ScanState.INFECTED).exists()


def render_page(content: bytes, page: int) -> bytes:
    """A page (from 1) of a stored PDF or picture as PNG, for staff. images.UnreadableError where there is none."""
    return images.draw_page(content, page=page)


def destroy(document: Document) -> None:
    """Takes the bytes off the disk; a second time is fine."""
    _path(document.practice_id, document.stored_name).unlink(missing_ok=True)


def scan_due(*, practice_id: int, now: datetime, condemned: Callable[..., None]) -> None:
    """Has the practice's documents scanned whose scan is due. Needs that no scope is open: the scanner is another's.

    Without a verdict a document stays closed and its scan falls due again. `condemned(document=, now=)` is called in the
    transaction that writes an infected file down.
    """
    tenancy.forbid_scope()
    for document_id in _claim(practice_id, now):
        with tenancy.scope(practice_id):
            document = Document.objects.get(pk=document_id)
            content = _content_to_scan(document)
        if content is None:
            verdict = ScanState.INFECTED
        else:
            try:
                verdict = ScanState(scanner.scan(content, address=settings.CLAMD_ADDRESS, now=now))
            except scanner.ScannerError as error:
                logger.warning("no verdict on document %s: %s", document_id, error)
                _try_again(practice_id, document_id, now)
                continue
        _conclude(practice_id, document_id, verdict, now, condemned)


def _claim(practice_id: int, now: datetime) -> Sequence[int]:
    """The due documents, leased: a scanner that dies leaves them due again after the lease."""
    with tenancy.scope(practice_id):
        due = Document.objects.filter(scan_due_at__lte=now).order_by("scan_due_at", "id")
        ids = list(
            due.select_for_update(skip_locked=True, of=("self",), no_key=True).values_list("id", flat=True)[
                :SCANS_AT_ONCE
            ]
        )
        Document.objects.filter(id__in=ids).update(scan_due_at=now + SCAN_LEASE)
    return ids


def _content_to_scan(document: Document) -> bytes | None:
    """None for one that was condemned before its bytes were destroyed, and for one whose bytes are gone."""
    if document.scan == ScanState.INFECTED:
        return None
    try:
        return _open(document)
    except FileNotFoundError:
        logger.error("bytes of document %s are gone", document.pk)
        return None


def _try_again(practice_id: int, document_id: int, now: datetime) -> None:
    with tenancy.scope(practice_id):
        Document.objects.filter(pk=document_id).update(scan_due_at=now + SCAN_AGAIN)


def _conclude(
    practice_id: int, document_id: int, verdict: ScanState, now: datetime, condemned: Callable[..., None]
) -> None:
    """Writes the verdict down; condemned bytes are destroyed after the commit, and the row stays due until they are."""
    infected = verdict == ScanState.INFECTED
    with tenancy.scope(practice_id):
        document = Document.objects.select_related("submission__requirement").get(pk=document_id)
        case_id = document.submission.requirement.case_id
        locking.lock_cases([case_id])
        found = Document.objects.filter(pk=document_id, scan=ScanState.PENDING).update(
            scan=verdict, scan_due_at=now if infected else None
        )
        if found:
            data = {"document": document_id, "verdict": str(verdict)}
            record.write(record.Entry(event="document.scanned", at=now, case_id=case_id, data=data))
            Case.objects.filter(pk=case_id).update(due_at=now, escalation_due_at=now)
            if infected:
                condemned(document=document, now=now)
    if infected:
        destroy(document)
        with tenancy.scope(practice_id):
            Document.objects.filter(pk=document_id).update(scan_due_at=None)


def _open(document: Document) -> bytes:
    sealed = _path(document.practice_id, document.stored_name).read_bytes()
    context = _context(document.practice_id, document.stored_name)
    return vault.unseal(key=Practice.objects.get().key(), sealed=sealed, context=context)


def _context(practice_id: int, name: str) -> str:
    return f"document:{practice_id}:{name}"


def _path(practice_id: int, name: str) -> Path:
    return Path(settings.DOCUMENT_ROOT) / str(practice_id) / name[:2] / name


def _write(path: Path, sealed: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(".part")
    with half.open("wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
