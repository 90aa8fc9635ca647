"""Opening what patients handed in: as what, for whom, and when not yet."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from practices import clock, record, tenancy
from practices.models import Practice
from prerequisites import documents, operations
from prerequisites.models import Document, Requirement
from tests import factories, files
from tests.treffa.staff import sign_in
from treffa.sandbox.clamd import Clamd

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scanner(settings: Settings, tmp_path: Path) -> Iterator[Clamd]:
    """A virus scanner, and a folder to store in."""
    settings.DOCUMENT_ROOT = tmp_path
    clamd = Clamd(host="127.0.0.1", port=0)
    settings.CLAMD_ADDRESS = f"{clamd.address[0]}:{clamd.address[1]}"
    yield clamd
    clamd.stop()


@pytest.fixture
def now() -> datetime:
    """The scanner dates its signatures by the clock."""
    return clock.now()


def hand_in(practice: Practice, now: datetime, *contents: bytes) -> Requirement:
    checked = [documents.check_upload(BytesIO(content), name="x") for content in contents]
    with tenancy.scope(practice.pk):
        requirement: Requirement = factories.RequirementFactory()
        operations.submit_documents(requirement_id=requirement.pk, files=checked, by=record.PATIENT, now=now)
    return requirement


def scan(practice: Practice, now: datetime) -> list[Document]:
    operations.scan_due_documents(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        return list(Document.objects.order_by("id"))


def assert_closed_in(response: HttpResponse) -> None:
    """Nothing in it runs, is guessed at or kept."""
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("content", "content_type", "ending"),
    [(files.pdf(pages=2), "application/pdf", "pdf"), (files.jpeg(), "image/jpeg", "jpg")],
)
def test_clean_file_comes_as_what_it_is_as_an_attachment_that_can_do_nothing(
    client: Client,
    practice: Practice,
    scanner: Clamd,
    now: datetime,
    content: bytes,
    content_type: str,
    ending: str,
) -> None:
    hand_in(practice, now, content)
    (document,) = scan(practice, now)
    response = sign_in(client, practice).get(f"/documents/{document.pk}/")
    assert response.status_code == 200 and response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'attachment; filename="treffa-{document.pk}.{ending}"'
    assert_closed_in(response)
    assert len(response.content) == document.size


def test_page_is_a_picture_that_can_do_nothing_and_there_is_none_beyond_the_last(
    client: Client, practice: Practice, scanner: Clamd, now: datetime
) -> None:
    hand_in(practice, now, files.pdf(pages=2))
    (document,) = scan(practice, now)
    sign_in(client, practice)
    response = client.get(f"/documents/{document.pk}/pages/2.png")
    assert response.status_code == 200 and response["Content-Type"] == "image/png"
    assert Image.open(BytesIO(response.content)).format == "PNG"
    assert_closed_in(response)
    assert client.get(f"/documents/{document.pk}/pages/3.png").status_code == 404
    assert client.get(f"/documents/{document.pk}/pages/0.png").status_code == 404


def test_file_is_closed_until_scanned_and_for_other_practices_not_there(
    client: Client, practice: Practice, scanner: Clamd, now: datetime
) -> None:
    hand_in(practice, now, files.pdf())
    with tenancy.scope(practice.pk):
        document = Document.objects.get()
    addresses = (f"/documents/{document.pk}/", f"/documents/{document.pk}/pages/1.png")
    sign_in(client, practice)
    assert [client.get(address).status_code for address in addresses] == [403, 403]
    scan(practice, now)
    assert [client.get(address).status_code for address in addresses] == [200, 200]
    stranger = sign_in(Client(), factories.make_practice(name="Andere Praxis"))
    assert [stranger.get(address).status_code for address in addresses] == [404, 404]
    assert [Client().get(address).status_code for address in addresses] == [302, 302]


def test_same_file_chosen_twice_is_kept_once(practice: Practice, scanner: Clamd, now: datetime) -> None:
    content = files.pdf()
    hand_in(practice, now, content, content, files.jpeg())
    assert len(scan(practice, now)) == 2
