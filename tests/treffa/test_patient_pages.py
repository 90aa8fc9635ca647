"""Pages that arrive in pieces: they go on where they stopped, count once, are put in order, and become one document."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from practices import clock, tenancy
from practices.models import Practice
from prerequisites import documents, planning, uploads
from prerequisites.models import Document, Requirement, RequirementState, Upload
from tests import factories, files
from tests.treffa.patients import Phone, make_case, require, text
from tests.treffa.test_patient_handing_in import documents_of, now_is, upload
from treffa.demo.papers import drawn

PIECE = 40_000


@pytest.fixture
def practice(db: None, settings: Any, tmp_path: Path) -> Practice:
    settings.DOCUMENT_ROOT = tmp_path
    return factories.make_practice()


@pytest.fixture
def phone(practice: Practice) -> Phone:
    phone = Phone(case=make_case(practice), practice=practice)
    require(phone.case)
    phone.identify()
    return phone


def asked(phone: Phone) -> Requirement:
    with tenancy.scope(phone.practice.pk):
        return phone.case.requirements.get()


def begin(phone: Phone, key: str, size: int, **more: Any) -> Any:
    data = {"form": phone.token(), "key": key, "size": size, **more}
    return phone.browser.post(f"/p/{asked(phone).pk}/pages/", data)


def send_piece(phone: Phone, key: str, at: int, piece: bytes, token: str = "") -> Any:
    return phone.browser.post(
        f"/p/{asked(phone).pk}/pages/{key}/piece/?at={at}",
        piece,
        content_type="application/octet-stream",
        headers={"X-Form": token or phone.token()},
    )


def send_file(phone: Phone, key: str, content: bytes, **more: Any) -> Any:
    """As the script does it; the last answer."""
    answer = begin(phone, key, len(content), **more)
    at = answer.json()["received"] if answer.status_code == 200 else len(content)
    while at < len(content):
        answer = send_piece(phone, key, at, content[at : at + PIECE])
        at += PIECE
    return answer


def act(phone: Phone, key: str, what: str) -> str:
    return text(phone.send(f"/p/{asked(phone).pk}/pages/{key}/", act=what))


def keys(phone: Phone) -> list[str]:
    with tenancy.scope(phone.practice.pk):
        return [one.key for one in uploads.uploads_of(asked(phone).pk)]


def dark(content: bytes) -> bytes:
    out = BytesIO()
    Image.open(BytesIO(content)).point(lambda value: value // 4).save(out, "JPEG")
    return out.getvalue()


def test_a_file_goes_on_where_it_stopped_and_lies_sealed_until_it_is_handed_in(
    phone: Phone, tmp_path: Path
) -> None:
    sheet = drawn("Sheet")
    assert begin(phone, "aaaaaaaa", len(sheet)).json() == {"received": 0, "ready": False}
    assert send_piece(phone, "aaaaaaaa", 0, sheet[:PIECE]).json() == {"received": PIECE}
    assert send_piece(phone, "aaaaaaaa", 0, sheet[:PIECE]).json() == {"received": PIECE}, "twice counts once"
    assert send_piece(phone, "aaaaaaaa", 2 * PIECE, sheet[:9]).json() == {"received": PIECE}, "no gap"
    assert begin(phone, "aaaaaaaa", len(sheet)).json()["received"] == PIECE
    assert "Not all of it has arrived" in text(phone.get(f"/p/{asked(phone).pk}/"))
    stored = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(stored) == 1 and sheet[:64] not in stored[0]
    page = text(send_file(phone, "aaaaaaaa", sheet))
    assert "Arrived, easy to read" in page and 'data-key="aaaaaaaa"' in page
    assert documents_of(asked(phone)) == [] and now_is(asked(phone)).state == RequirementState.OPEN
    page = text(phone.send(f"/p/{asked(phone).pk}/pages/send/"))
    assert "Thank you" in page
    stored_document = documents_of(asked(phone))[0]
    assert stored_document.content_type == "image/jpeg"
    assert keys(phone) == []


def test_pages_are_ordered_turned_and_taken_again_and_become_one_document(phone: Phone) -> None:
    for key, name in (("aaaaaaaa", "One"), ("bbbbbbbb", "Two"), ("cccccccc", "Three")):
        send_file(phone, key, drawn(name))
    act(phone, "cccccccc", "up")
    act(phone, "cccccccc", "up")
    act(phone, "aaaaaaaa", "turn")
    act(phone, "bbbbbbbb", "remove")
    send_file(phone, "dddddddd", drawn("Four"), replaces="cccccccc")
    assert keys(phone) == ["dddddddd", "aaaaaaaa"]
    phone.send(f"/p/{asked(phone).pk}/pages/send/")
    document = documents_of(asked(phone))[0]
    assert (document.content_type, document.pages, len(document.sources)) == ("application/pdf", 2, 2)
    with tenancy.scope(phone.practice.pk):
        Document.objects.update(scan="clean")
        content = documents.read(Document.objects.get())
    with pikepdf.open(BytesIO(content)) as pdf:
        assert [int(page.get("/Rotate", 0)) for page in pdf.pages] == [0, 90]


def test_the_same_sheet_twice_counts_once_and_says_so(phone: Phone) -> None:
    send_file(phone, "aaaaaaaa", drawn("One"))
    assert "was here already" in text(send_file(phone, "bbbbbbbb", drawn("One")))
    assert keys(phone) == ["aaaaaaaa"]
    phone.send(f"/p/{asked(phone).pk}/pages/send/")
    send_file(phone, "cccccccc", drawn("One"))
    phone.send(f"/p/{asked(phone).pk}/pages/send/")
    assert len(documents_of(asked(phone))) == 1


def test_what_is_hard_to_read_is_pointed_out_and_may_be_sent_all_the_same(phone: Phone) -> None:
    """Without the script, too: the page shows it before anything is handed in."""
    requirement = asked(phone)
    page = text(phone.send(f"/p/{requirement.pk}/", **upload(dark(drawn("One")))))
    assert "Rather dark" in page and "You can also send it as it is" in page
    assert now_is(requirement).state == RequirementState.OPEN
    assert "Thank you" in text(phone.send(f"/p/{requirement.pk}/pages/send/"))
    assert now_is(requirement).state == RequirementState.SUBMITTED


def test_what_is_no_document_is_refused_in_words_and_gone(phone: Phone, tmp_path: Path) -> None:
    answer = send_file(phone, "aaaaaaaa", b"<svg/>")
    assert answer.status_code == 422 and "neither a PDF nor a photo" in answer.json()["problem"]
    assert begin(phone, "bbbbbbbb", 26 * 1024 * 1024).status_code == 422
    for key, size in (("../../etc", "9"), ("aaaaaaaa", "-1"), ("aaaaaaaa", "9" * 30), ("ß" * 9, "1")):
        assert begin(phone, key, size).status_code == 400  # type: ignore[arg-type]
    begin(phone, "cccccccc", 5)
    assert send_piece(phone, "cccccccc", 0, b"123456").status_code == 400
    assert send_piece(phone, "cccccccc", 0, b"123", token="x" * 40).status_code == 404
    assert keys(phone) == ["cccccccc"]


def test_nobody_adds_to_the_pages_of_somebody_else(phone: Phone, practice: Practice) -> None:
    other = Phone(case=make_case(practice, name="Else, Somebody"), practice=practice)
    theirs = require(other.case)
    other.identify()
    send_file(phone, "aaaaaaaa", drawn("One"))
    mine = asked(phone).pk
    for path in (f"/p/{mine}/pages/aaaaaaaa/", f"/p/{mine}/pages/send/"):
        other.send(path, act="remove")
    assert keys(phone) == ["aaaaaaaa"]
    assert begin(other, "aaaaaaaa", 5).json()["received"] == 0
    assert theirs.pk != mine and documents_of(asked(phone)) == []


@pytest.mark.django_db(transaction=True)
def test_what_nobody_hands_in_is_destroyed_after_two_days(phone: Phone, tmp_path: Path) -> None:
    send_file(phone, "aaaaaaaa", files.jpeg())
    assert [path for path in tmp_path.rglob("*") if path.is_file()]
    planning.advance_cases(practice_id=phone.practice.pk, now=clock.now() + uploads.LASTS)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    with tenancy.scope(phone.practice.pk):
        assert not Upload.objects.exists()
