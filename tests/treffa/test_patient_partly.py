"""Several files at once, one of them wrong: the good ones are kept, the wrong one is named and can be sent again."""

from typing import Any

import pytest

from practices import tenancy
from practices.models import Practice
from prerequisites import operations
from prerequisites.models import Document, Requirement, RequirementState
from tests import factories, files
from tests.treffa.patients import Phone, make_case, require, text
from tests.treffa.test_patient_handing_in import documents_of, now_is, upload


@pytest.fixture
def practice(db: None, settings: Any, tmp_path: Any) -> Practice:
    settings.DOCUMENT_ROOT = tmp_path
    return factories.make_practice()


@pytest.fixture
def phone(practice: Practice) -> Phone:
    phone = Phone(case=make_case(practice), practice=practice)
    require(phone.case)
    phone.identify()
    return phone


def add(phone: Phone, requirement: Requirement, *contents: bytes, name: str = "more.jpg") -> Any:
    return phone.send(f"/p/{requirement.pk}/", more="1", **upload(*contents, name=name))


def test_the_good_files_are_kept_and_the_wrong_one_is_named(phone: Phone) -> None:
    requirement = require(phone.case)
    page = text(phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg(), b"<svg/>", name="brief.docx")))
    assert "“1brief.docx” is neither a PDF nor a photo" in page
    assert "1 file is with us" in page and "You need not send it again" not in page
    assert now_is(requirement).state == RequirementState.SUBMITTED
    assert len(documents_of(requirement)) == 1


def test_what_was_missing_is_added_once_to_what_is_there(phone: Phone) -> None:
    requirement = require(phone.case)
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg(), b"<svg/>"))
    for _ in range(2):
        page = add(phone, requirement, files.png())
        assert page.request["PATH_INFO"] == f"/p/{requirement.pk}/done/"
    assert len({document.submission_id for document in documents_of(requirement)}) == 1
    assert len(documents_of(requirement)) == 2


def test_adding_a_wrong_file_or_none_says_so_and_changes_nothing(phone: Phone) -> None:
    requirement = require(phone.case)
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg()))
    assert "is neither a PDF nor a photo" in text(add(phone, requirement, b"<svg/>"))
    assert "Choose a photo or a file first" in text(add(phone, requirement))
    assert len(documents_of(requirement)) == 1


def test_nothing_is_added_to_what_was_reviewed_nor_to_what_is_still_open(phone: Phone) -> None:
    requirement, still_open = require(phone.case), require(phone.case)
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg()))
    with tenancy.scope(phone.practice.pk):
        Requirement.objects.filter(pk=requirement.pk).update(state=RequirementState.ACCEPTED)
    add(phone, requirement, files.png())
    assert len(documents_of(requirement)) == 1
    add(phone, still_open, files.png())
    assert now_is(still_open).state == RequirementState.SUBMITTED, "then it is simply handed in"


def test_it_does_not_grow_without_end(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_DOCUMENTS", 2)
    requirement = require(phone.case)
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg()))
    page = text(add(phone, requirement, files.png(), files.pdf(pages=2)))
    assert len(documents_of(requirement)) == 1
    assert 'role="alert"' in page
    with tenancy.scope(phone.practice.pk):
        assert Document.objects.count() == 1
