"""Documents are hostile: what is taken, what becomes of it, and who may open it when."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from cryptography.exceptions import InvalidTag
from PIL import Image
from pytest_django.fixtures import Settings

from practices import clock, record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import documents, images, operations, queries
from prerequisites.models import (
    Case,
    Document,
    Readiness,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from tests import factories, files
from treffa.sandbox.clamd import EICAR, Clamd


def taken(content: bytes) -> documents.CheckedFile:
    return documents.check_upload(BytesIO(content), name="whatever.pdf")


def refused(content: bytes) -> str:
    with pytest.raises(documents.RefusedError) as refusal:
        taken(content)
    return refusal.value.code


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (files.jpeg(), "image/jpeg"),
        (files.png(), "image/png"),
        (files.heic(), "image/jpeg"),
        (files.pdf(pages=3), "application/pdf"),
    ],
)
def test_what_it_is_decides_and_not_what_it_is_called(content: bytes, content_type: str) -> None:
    checked = taken(content)
    assert checked.content_type == content_type
    assert checked.pages == (3 if content_type == "application/pdf" else 1)
    assert checked.size == len(checked.content)


def test_a_photo_loses_the_place_where_it_was_taken_and_stands_upright() -> None:
    checked = taken(files.jpeg_with_place())
    rebuilt = Image.open(BytesIO(checked.content))
    assert not rebuilt.getexif()
    assert rebuilt.size == (60, 80)
    assert b"script" not in checked.content
    assert b"Exif" not in checked.content


def test_what_hides_behind_the_end_of_a_picture_is_gone() -> None:
    for tail in (files.SCRIPT, EICAR, files.archive()):
        assert tail not in taken(files.jpeg() + tail).content
        assert tail not in taken(files.png() + tail).content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff" + b"<html><script>alert(1)</script></html>" * 20, "broken"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "wrong_type"),
        (b"<!doctype html><script>alert(1)</script>", "wrong_type"),
        (files.archive(), "wrong_type"),
        (EICAR, "wrong_type"),
        (b"GIF89a" + b"\0" * 40, "wrong_type"),
        (files.jpeg()[:400], "broken"),
        (b"%PDF-1.7 and nothing more", "broken"),
        (files.pdf()[:200], "broken"),
        (files.pdf(pages=101), "too_many_pages"),
        (files.png((8000, 5001)), "too_many_pixels"),
        (b"\xff\xd8\xff" + bytes(documents.MAX_BYTES), "too_large"),
    ],
)
def test_what_is_not_taken_says_why(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_pdf_with_a_password_is_refused_and_one_that_only_forbids_printing_is_not() -> None:
    assert refused(files.pdf(encryption=pikepdf.Encryption(owner="a", user="b"))) == "encrypted_pdf"
    checked = taken(files.pdf(encryption=pikepdf.Encryption(owner="a", user="")))
    with pikepdf.open(BytesIO(checked.content)) as opened:
        assert not opened.is_encrypted


def _script_at_opening(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('evil')")


def _script_in_names(made: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('evil')")
    names = pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("a"), made.make_indirect(action)]))
    made.Root.Names = pikepdf.Dictionary(JavaScript=made.make_indirect(names))


def _script_on_the_page(made: pikepdf.Pdf) -> None:
    made.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="evil"))


def _program_behind_a_link(made: pikepdf.Pdf) -> None:
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 100, 100],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="evil.exe"),
    )
    made.pages[0].Annots = made.make_indirect(pikepdf.Array([made.make_indirect(link)]))


def _attachment(made: pikepdf.Pdf) -> None:
    made.attachments["evil.exe"] = b"MZ evil"


@pytest.mark.parametrize(
    "arm", [_script_at_opening, _script_in_names, _script_on_the_page, _program_behind_a_link, _attachment]
)
@pytest.mark.parametrize("hidden", [True, False], ids=["in object streams", "in the open"])
def test_a_pdf_is_disarmed_wherever_it_hides_it(arm: Callable[[pikepdf.Pdf], None], hidden: bool) -> None:
    streams = pikepdf.ObjectStreamMode.generate if hidden else pikepdf.ObjectStreamMode.disable
    checked = taken(files.pdf(arm=arm, object_stream_mode=streams))
    for word in (b"evil", b"OpenAction", b"JavaScript", b"EmbeddedFile", b"Launch"):
        assert word not in checked.content
    assert b"ObjStm" not in checked.content


def test_a_small_file_that_unfolds_into_a_huge_picture_is_refused() -> None:
    bomb = files.png((60_000, 10_000))
    assert len(bomb) < 1_000_000
    assert refused(bomb) == "too_many_pixels"


def test_a_page_is_shown_as_a_picture_of_it() -> None:
    content = taken(files.pdf(pages=2)).content
    shown = Image.open(BytesIO(documents.render_page(content, 2)))
    assert (shown.format, max(shown.size)) == ("PNG", 2000)
    with pytest.raises(images.UnreadableError):
        documents.render_page(content, 3)


def test_nothing_is_decoded_while_a_transaction_is_open(db: None) -> None:
    practice = factories.make_practice()
    with tenancy.scope(practice.pk), pytest.raises(tenancy.ScopeError):
        taken(files.jpeg())


# Stored, scanned, read


@pytest.fixture
def practice(db: None, settings: Settings, tmp_path: Path) -> Practice:
    settings.DOCUMENT_ROOT = tmp_path
    settings.CLAMD_ADDRESS = ""
    return factories.make_practice()


@pytest.fixture
def scanner(settings: Settings) -> Iterator[Clamd]:
    clamd = Clamd(host="127.0.0.1", port=0)
    settings.CLAMD_ADDRESS = f"{clamd.address[0]}:{clamd.address[1]}"
    yield clamd
    clamd.stop()


@pytest.fixture
def scan_now() -> datetime:
    """The scanner dates its signatures by the clock."""
    return clock.now()


def stored(practice: Practice, content: bytes, now: datetime) -> Document:
    checked = taken(content)
    with tenancy.scope(practice.pk):
        requirement = factories.RequirementFactory()
        submission = Submission.objects.create(
            practice=practice, requirement=requirement, by="patient", at=now
        )
        return documents.store(practice=practice, submission=submission, checked=checked, now=now)


def again(practice: Practice, document: Document) -> Document:
    with tenancy.scope(practice.pk):
        return Document.objects.get(pk=document.pk)


def on_disk(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_what_lies_on_the_disk_is_sealed_and_opens_for_its_own_document_only(
    practice: Practice, tmp_path: Path, now: datetime
) -> None:
    first, second = stored(practice, files.pdf(), now), stored(practice, files.jpeg(), now)
    paths = {path.name: path for path in on_disk(tmp_path)}
    assert set(paths) == {first.stored_name, second.stored_name}
    assert b"PDF" not in paths[first.stored_name].read_bytes()
    paths[first.stored_name].write_bytes(paths[second.stored_name].read_bytes())
    with tenancy.scope(practice.pk):
        Document.objects.update(scan=ScanState.CLEAN)
        with pytest.raises(InvalidTag):
            documents.read(Document.objects.get(pk=first.pk))


def test_a_document_opens_once_the_scanner_passed_it(
    practice: Practice, scanner: Clamd, scan_now: datetime
) -> None:
    document = stored(practice, files.pdf(), scan_now)
    with tenancy.scope(practice.pk), pytest.raises(PermissionError):
        documents.read(document)
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now)
    document = again(practice, document)
    assert (document.scan, document.scan_due_at) == (ScanState.CLEAN, None)
    with tenancy.scope(practice.pk):
        assert documents.read(document).startswith(b"%PDF")


def test_an_infected_file_is_destroyed_and_the_case_is_looked_at(
    practice: Practice, scanner: Clamd, scan_now: datetime, tmp_path: Path
) -> None:
    document = stored(practice, files.infected_pdf(), scan_now)
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now)
    document = again(practice, document)
    assert (document.scan, document.scan_due_at) == (ScanState.INFECTED, None)
    assert on_disk(tmp_path) == []
    with tenancy.scope(practice.pk):
        assert Case.objects.get().escalation_due_at == scan_now
        assert RecordEntry.objects.get(event="document.scanned").data["verdict"] == "infected"
        with pytest.raises(PermissionError):
            documents.read(document)


@pytest.mark.parametrize("fault", ["down", "error", "stale", "reset"])
def test_without_a_clear_verdict_a_document_stays_closed_and_is_tried_again(
    practice: Practice, scanner: Clamd, scan_now: datetime, fault: str
) -> None:
    document = stored(practice, files.pdf(), scan_now)
    scanner.set_fault(fault)
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now)
    document = again(practice, document)
    assert document.scan == ScanState.PENDING
    assert document.scan_due_at == scan_now + documents.SCAN_AGAIN
    scanner.reset()
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now + timedelta(minutes=1))
    assert again(practice, document).scan == ScanState.CLEAN


def handed_in(practice: Practice, now: datetime, *contents: bytes) -> Requirement:
    """A referral with files that the patient handed in."""
    checked = [taken(content) for content in contents]
    with tenancy.scope(practice.pk):
        soon = {"case__appointment__start": now + timedelta(days=9), "deadline": now + timedelta(days=7)}
        row: Requirement = Requirement.objects.first() or factories.RequirementFactory(**soon)
        operations.submit_documents(requirement_id=row.pk, files=checked, by=record.PATIENT, now=now)
        return Requirement.objects.get(pk=row.pk)


def test_an_infected_file_is_asked_for_again_in_neutral_words(
    practice: Practice, scanner: Clamd, scan_now: datetime
) -> None:
    row = handed_in(practice, scan_now, files.pdf(), files.infected_pdf(), files.infected_pdf())
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now)
    with tenancy.scope(practice.pk):
        detail = queries.case_detail(row.case_id)
        asked = detail.requirements[0]
        assert asked.requirement.state == RequirementState.REJECTED
        assert "Vir" not in asked.reason and asked.reason
        assert (detail.case.requests_due_at, detail.case.readiness) == (scan_now, Readiness.WAITING)
        assert RecordEntry.objects.filter(event="requirement.rejected").count() == 1
        with pytest.raises(operations.NotAllowedError, match="infected"):
            operations.undo(requirement_id=row.pk, by=record.SYSTEM, now=scan_now)
    again = handed_in(practice, scan_now, files.pdf())
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now)
    with tenancy.scope(practice.pk):
        operations.accept(requirement_id=again.pk, by=record.SYSTEM, now=scan_now)
        assert Requirement.objects.get().state == RequirementState.ACCEPTED


def test_an_infected_file_that_nobody_waits_for_any_more_changes_nothing(
    practice: Practice, scanner: Clamd, scan_now: datetime
) -> None:
    row = handed_in(practice, scan_now, files.infected_pdf())
    with tenancy.scope(practice.pk):
        operations.waive(
            requirement_id=row.pk, reason="Liegt vor", by=record.SYSTEM, may_waive_blocking=True, now=scan_now
        )
    operations.scan_due_documents(practice_id=practice.pk, now=scan_now)
    with tenancy.scope(practice.pk):
        assert Document.objects.get().scan == ScanState.INFECTED
        assert Requirement.objects.get().state == RequirementState.WAIVED


def test_without_a_scanner_nothing_is_ever_opened(practice: Practice, now: datetime) -> None:
    document = stored(practice, files.pdf(), now)
    operations.scan_due_documents(practice_id=practice.pk, now=now)
    assert again(practice, document).scan == ScanState.PENDING
