"""Files that arrive in pieces. begin -> add_piece ... -> look (outside of any scope) -> turn, move, remove -> hand_in.

Whatever is sent twice counts once; what nobody hands in is destroyed after two days.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max

from practices import record, tenancy, vault
from practices.models import Practice
from prerequisites import acts, documents, locking, operations
from prerequisites.acts import ASKED, NotAllowedError, StaleError
from prerequisites.models import Kind, Requirement, RequirementState, Upload, UploadState

MOST = 20
LARGEST_PIECE = 1 << 20
LASTS = timedelta(days=2)
WAIT_SECONDS = 3.0
WHOLE = "whole"
EXPIRED_AT_ONCE = 200


def begin(*, requirement_id: int, key: str, size: int, replaces: str = "", now: datetime) -> Upload:
    """An upload of so many bytes, or the one that is under way under this key: it goes on where it stopped. `replaces`: the
    key of the one whose place it takes. NotAllowedError: "wrong_kind", "too_large", "empty", "too_many_files"; StaleError
    where nothing is asked for any more."""
    requirement = _taking(requirement_id)
    known = requirement.uploads.filter(key=key).first()
    if known is not None and (known.size == size or known.state == UploadState.READY):
        return known
    if not 0 < size <= documents.MAX_BYTES:
        raise NotAllowedError("too_large" if size else "empty")
    if requirement.uploads.exclude(key__in=[key, replaces]).count() >= MOST:
        raise NotAllowedError("too_many_files")
    old = requirement.uploads.filter(key=replaces).first() if replaces else None
    last = requirement.uploads.aggregate(last=Max("position"))["last"]
    for gone in filter(None, (known, old)):
        _remove(gone)
    return Upload.objects.create(
        practice_id=requirement.practice_id,
        requirement=requirement,
        key=key,
        size=size,
        position=old.position if old else (last or 0) + 1,
        stored_name=secrets.token_hex(16),
        expires_at=now + LASTS,
    )


def _taking(requirement_id: int) -> Requirement:
    """The requirement, locked, if files may be handed in for it, or added to those that nobody has looked at yet."""
    requirement = acts.get(requirement_id, kinds=(Kind.DOCUMENT,))
    if requirement.state not in (*ASKED, RequirementState.SUBMITTED):
        raise StaleError
    return requirement


def add_piece(*, upload_id: int, at: int, piece: bytes, now: datetime) -> int:
    """Stores a piece that begins `at` so many bytes; how many have come by now. One that does not go on from there is left
    aside: the answer says where to go on. NotAllowedError("too_large") for one that is larger than announced."""
    upload = Upload.objects.select_for_update(no_key=True).get(pk=upload_id)
    if at != upload.received or upload.state != UploadState.ARRIVING or not piece:
        return upload.received
    if at + len(piece) > upload.size or len(piece) > LARGEST_PIECE:
        raise NotAllowedError("too_large")
    key = (
        Practice.objects.get().key()
    )  # the row is locked: who sends the piece twice at once does not mix two
    _write(upload, str(at), vault.seal(key=key, plaintext=piece, context=_context(upload, str(at))))
    Upload.objects.filter(pk=upload.pk, received=at).update(
        received=F("received") + len(piece), pieces=F("pieces") + 1, expires_at=now + LASTS
    )
    return Upload.objects.values_list("received", flat=True).get(pk=upload.pk)


def look(*, practice_id: int, upload_id: int) -> bool:
    """Rebuilds a file that has come whole, and says what is hard to read in it. False if it was there already.
    documents.RefusedError for what can't be taken (it is gone then), or "busy": ask again. No scope may be open."""
    tenancy.forbid_scope()
    with tenancy.scope(practice_id):
        upload, key = Upload.objects.get(pk=upload_id), Practice.objects.get().key()
    if upload.state == UploadState.READY or upload.received < upload.size:
        return True
    try:
        begins = next(_pieces(upload, key), b"")
        checked = documents.check_pieces(_pieces(upload, key), begins=begins, wait=WAIT_SECONDS)
    except documents.RefusedError as refused:
        if refused.code != "busy":
            with tenancy.scope(practice_id):
                _remove(upload)
        raise
    return _keep(upload, checked, key, practice_id=practice_id)


def _keep(upload: Upload, checked: documents.CheckedFile, key: bytes, *, practice_id: int) -> bool:
    """The rebuilt file takes the pieces' place."""
    _write(upload, WHOLE, vault.seal(key=key, plaintext=checked.content, context=_context(upload, WHOLE)))
    with tenancy.scope(practice_id):
        locking.lock_cases(
            [Requirement.objects.values_list("case_id", flat=True).get(pk=upload.requirement_id)]
        )
        same = Upload.objects.filter(requirement_id=upload.requirement_id, sha256=checked.sha256)
        if same.exclude(pk=upload.pk).exists():
            _remove(upload)
            return False
        _arrived(upload, checked)
    for piece in _folder(upload).glob("[0-9]*"):
        piece.unlink(missing_ok=True)
    return True


def keep_checked(*, requirement_id: int, checked: documents.CheckedFile, now: datetime) -> None:
    """A file that came whole waits with the others for its patient to look at it; one that is there already counts once."""
    key = checked.sha256[:32]
    upload = begin(requirement_id=requirement_id, key=key, size=checked.size, now=now)
    if upload.state == UploadState.READY:
        return
    sealed = vault.seal(
        key=Practice.objects.get().key(), plaintext=checked.content, context=_context(upload, WHOLE)
    )
    _write(upload, WHOLE, sealed)
    _arrived(upload, checked)


def _arrived(upload: Upload, checked: documents.CheckedFile) -> None:
    Upload.objects.filter(pk=upload.pk, state=UploadState.ARRIVING).update(
        state=UploadState.READY,
        content_type=checked.content_type,
        pages=checked.pages,
        sha256=checked.sha256,
        findings=list(checked.findings),
        size=checked.size,
        received=checked.size,
    )


def uploads_of(requirement_id: int) -> list[Upload]:
    """The files of a requirement that are not handed in yet, in their order."""
    return list(Upload.objects.filter(requirement_id=requirement_id).order_by("position", "id"))


def turn(upload: Upload) -> None:
    """A quarter clockwise."""
    Upload.objects.filter(pk=upload.pk, turn=upload.turn).update(turn=(upload.turn + 90) % 360)


def move(upload: Upload, *, up: bool) -> None:
    """Changes places with the one before, or the one behind."""
    _taking(upload.requirement_id)
    order = uploads_of(upload.requirement_id)
    at = [one.pk for one in order].index(upload.pk)
    to = at - 1 if up else at + 1
    if 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
        for position, one in enumerate(order, start=1):
            one.position = position
        Upload.objects.bulk_update(order, ("position",))


def remove(upload: Upload) -> None:
    """Takes a file away, on its way or arrived."""
    _remove(upload)


def hand_in(
    *, practice_id: int, requirement_id: int, by: record.Actor, now: datetime, how: str = "link"
) -> None:
    """The arrived files are handed in as documents; what is still on its way stays. No scope may be open.
    NotAllowedError("nothing_handed_in"), and as operations.submit_documents says."""
    tenancy.forbid_scope()
    with tenancy.scope(practice_id):
        arrived = [one for one in uploads_of(requirement_id) if one.state == UploadState.READY]
        key = Practice.objects.get().key()
    files = documents.put_together(_part(upload, key) for upload in arrived)
    with tenancy.scope(practice_id):
        requirement = _taking(requirement_id)
        adding = requirement.state == RequirementState.SUBMITTED
        if adding:
            operations.add_documents(requirement_id=requirement_id, files=files, by=by, now=now)
        else:
            operations.submit_documents(requirement_id=requirement_id, files=files, by=by, now=now, how=how)
        for upload in arrived:
            _remove(upload)


def expire(*, practice_id: int, now: datetime) -> None:
    """Destroys what nobody handed in."""
    with tenancy.scope(practice_id):
        old = Upload.objects.filter(expires_at__lte=now).order_by("expires_at")[:EXPIRED_AT_ONCE]
        for upload in old:
            _remove(upload)


def _part(upload: Upload, key: bytes) -> documents.Part:
    return documents.Part(
        read=partial(_open, upload, key, WHOLE),
        content_type=upload.content_type,
        size=upload.size,
        pages=upload.pages,
        sha256=upload.sha256,
        turn=upload.turn,
    )


def _remove(upload: Upload) -> None:
    """The row, and after the commit its bytes."""
    Upload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(partial(shutil.rmtree, _folder(upload), ignore_errors=True))


def _pieces(upload: Upload, key: bytes) -> Iterator[bytes]:
    names: Sequence[str] = [path.name for path in _folder(upload).glob("[0-9]*") if path.name.isdigit()]
    at = 0
    for name in sorted(names, key=int):
        if int(name) == at:
            piece = _open(upload, key, name)
            at += len(piece)
            yield piece


def _open(upload: Upload, key: bytes, name: str) -> bytes:
    sealed = (_folder(upload) / name).read_bytes()
    return vault.unseal(key=key, sealed=sealed, context=_context(upload, name))


def _context(upload: Upload, name: str) -> str:
    return f"upload:{upload.practice_id}:{upload.stored_name}:{name}"


def _folder(upload: Upload) -> Path:
    return Path(settings.DOCUMENT_ROOT) / str(upload.practice_id) / "uploads" / upload.stored_name


def _write(upload: Upload, name: str, sealed: bytes) -> None:
    """Whole or not at all; two who write the same piece at once do not meet."""
    folder = _folder(upload)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = folder / f"part-{secrets.token_hex(8)}"
    half.write_bytes(sealed)
    half.replace(folder / name)
