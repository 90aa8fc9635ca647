"""Handing in: files, answers, confirmations, the ways out, and what happens when it is done twice."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from appointments.models import Appointment
from practices import clock, record, tenancy
from practices.models import Practice
from prerequisites import operations, queries
from prerequisites.models import (
    Case,
    Document,
    Kind,
    Obstacle,
    PatientLink,
    Requirement,
    RequirementState,
    Submission,
)
from tests import factories, files
from tests.treffa.patients import Phone, make_case, require, text

QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "weight",
        "type": "number",
        "label": {"en": "Your weight"},
        "unit": "kg",
        "minimum": 20,
        "maximum": 300,
    },
    {"key": "reaction", "type": "yes_no", "label": {"en": "Ever reacted?"}},
    {"key": "since", "type": "date", "label": {"en": "Since when?"}, "required": False},
    {
        "key": "ill",
        "type": "many_of",
        "label": {"en": "What applies?"},
        "choices": [
            ["kidney", {"en": "Kidney disease"}],
            ["a", {"en": "Something"}],
            ["none", {"en": "None of it"}],
        ],
    },
    {"key": "drugs", "type": "text", "label": {"en": "Your medicines"}},
]
GOOD = {"q-weight": "74,5", "q-reaction": "no", "q-ill": ["kidney"], "q-drugs": "Ramipril <b>"}


@pytest.fixture
def practice(db: None, settings: Any, tmp_path: Path) -> Practice:
    settings.DOCUMENT_ROOT = tmp_path
    return factories.make_practice()


@pytest.fixture
def phone(practice: Practice) -> Phone:
    phone = Phone(case=make_case(practice), practice=practice)
    require(phone.case, Kind.ACKNOWLEDGEMENT, title={"en": "How to prepare"}, text={"en": "Eat nothing."})
    phone.identify()
    return phone


def upload(*contents: bytes, name: str = "photo.jpg") -> dict[str, Any]:
    return {
        "files": [SimpleUploadedFile(f"{number}{name}", content) for number, content in enumerate(contents)]
    }


def now_is(requirement: Requirement) -> Requirement:
    with tenancy.scope(requirement.practice_id):
        return Requirement.objects.get(pk=requirement.pk)


def documents_of(requirement: Requirement) -> Sequence[Document]:
    with tenancy.scope(requirement.practice_id):
        return list(Document.objects.filter(submission__requirement_id=requirement.pk).order_by("id"))


def answers_of(requirement: Requirement) -> list[dict[str, Any]]:
    """All versions, the newest first."""
    with tenancy.scope(requirement.practice_id):
        detail = queries.case_detail(requirement.case_id)
        row = next(one for one in detail.requirements if one.requirement.pk == requirement.pk)
        return [dict(queries.answers_of(one, detail=detail)) for one in row.submissions]


# Files


def test_several_files_of_all_kinds_are_handed_in_at_once(phone: Phone) -> None:
    requirement = require(phone.case)
    page = phone.send(
        f"/p/{requirement.pk}/", **upload(files.jpeg(), files.png(), files.heic(), files.pdf(pages=2))
    )
    assert page.request["PATH_INFO"] == f"/p/{requirement.pk}/done/"
    assert "Thank you" in text(page)
    assert now_is(requirement).state == RequirementState.SUBMITTED
    stored = documents_of(requirement)
    types = [document.content_type for document in stored]
    assert types == ["application/pdf", "application/pdf"], "the photos are the pages of one"
    assert [document.pages for document in stored] == [3, 2]
    assert {document.scan for document in stored} == {"pending"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (files.archive(), "is neither a PDF nor a photo"),
        (b"<svg/>", "is neither a PDF nor a photo"),
        (b"\xff\xd8\xff<script>", "can&#x27;t be opened"),
        (b"\xff\xd8\xff" + bytes(25 * 1024 * 1024), "is larger than 25 MB"),
    ],
)
def test_a_file_that_is_not_taken_gets_a_sentence_beside_the_field(
    phone: Phone, content: bytes, said: str
) -> None:
    requirement = require(phone.case)
    page = text(phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg(), content, name="brief.docx")))
    assert page.count(said) == 2
    assert "“1brief.docx”" in page
    assert 'href="#files"' in page
    assert "0brief.docx" not in page
    assert len(documents_of(requirement)) == 1, "the good one is kept"


def test_sending_without_a_file_says_to_choose_one(phone: Phone) -> None:
    requirement = require(phone.case)
    assert "Choose a photo or a file first" in text(phone.send(f"/p/{requirement.pk}/"))


def test_too_many_and_together_too_large_are_said_before_anything_is_decoded(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirement = require(phone.case)
    assert "too many files" in text(phone.send(f"/p/{requirement.pk}/", **upload(*[b"x"] * 11)))
    monkeypatch.setattr("treffa.patient.uploads.MAX_REQUEST_BYTES", 100)
    assert "Together these files are too large" in text(
        phone.send(f"/p/{requirement.pk}/", **upload(b"x" * 200))
    )
    assert phone.browser.post(f"/p/{requirement.pk}/bring/", {"x": "y" * 200}).status_code == 404


def test_what_was_handed_in_cannot_be_read_with_the_link(phone: Phone) -> None:
    requirement = require(phone.case)
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg()))
    document = documents_of(requirement)[0]
    with tenancy.scope(phone.practice.pk):
        Document.objects.update(scan="clean")
    for path in (f"/p/{requirement.pk}/", f"/p/{requirement.pk}/done/", "/p/"):
        page = phone.get(path)
        assert page["Content-Type"].startswith("text/html")
        assert document.stored_name not in text(page)
        assert "<img" not in text(page)
    for path in (f"/p/{requirement.pk}/{document.pk}/", f"/p/documents/{document.pk}/"):
        assert phone.get(path).status_code == 404


def test_sending_twice_stores_once_and_says_that_it_is_here(phone: Phone) -> None:
    requirement = require(phone.case)
    token = phone.token()
    for _ in range(2):
        data = {"form": token, **upload(files.jpeg())}
        page = phone.browser.post(f"/p/{requirement.pk}/", data, follow=True)
        assert page.status_code == 200
    assert "You need not send it again" in text(page)
    assert len(documents_of(requirement)) == 1


def test_what_was_sent_back_says_why_and_can_be_handed_in_again(phone: Phone) -> None:
    requirement = require(phone.case)
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg()))
    with tenancy.scope(phone.practice.pk):
        reason = "The second page is missing."
        operations.reject(requirement_id=requirement.pk, reason=reason, by=record.SYSTEM, now=clock.now())
    assert reason in text(phone.get("/p/"))
    assert reason in text(phone.get(f"/p/{requirement.pk}/"))
    phone.send(f"/p/{requirement.pk}/", **upload(files.jpeg(), files.png()))
    assert len(documents_of(requirement)) == 2, "the two photos are one document"


# Answers


def test_good_answers_are_stored_as_they_were_given(phone: Phone) -> None:
    requirement = require(phone.case, Kind.FORM, questions=QUESTIONS)
    phone.answer(requirement.pk, **GOOD)
    with tenancy.scope(phone.practice.pk):
        row = next(
            r for r in queries.case_detail(phone.case.pk).requirements if r.requirement.pk == requirement.pk
        )
    assert row.answers == {
        "weight": "74,5",
        "reaction": "no",
        "since": "",
        "ill": ["kidney"],
        "drugs": "Ramipril <b>",
    }


def test_what_was_typed_stays_when_it_is_wrong_and_the_mistake_is_beside_its_field(phone: Phone) -> None:
    requirement = require(phone.case, Kind.FORM, questions=QUESTIONS)
    page = text(phone.answer(requirement.pk, **{"q-weight": "7"}))
    assert 'href="#q-weight"' in page and 'id="q-weight"' in page
    assert "at least 20" in page and 'value="7"' in page
    bad = {**GOOD, "q-since-day": "31", "q-since-month": "2", "q-since-year": "2020"}
    page = text(phone.answer(requirement.pk, **bad))
    assert 'href="#q-since-day"' in page and 'value="31"' in page
    assert now_is(requirement).state == RequirementState.OPEN


def test_answers_are_kept_one_by_one_and_go_on_on_another_phone(phone: Phone) -> None:
    requirement = require(phone.case, Kind.FORM, questions=QUESTIONS)
    phone.send(f"/p/{requirement.pk}/questions/weight/", **{"q-weight": "74,5"})
    other = Phone(case=phone.case, practice=phone.practice)
    other.identify()
    page = other.browser.get(f"/p/{requirement.pk}/", follow=True)
    assert page.request["PATH_INFO"] == f"/p/{requirement.pk}/questions/reaction/"
    assert "Question 2 of 5" in text(page)
    assert 'value="74,5"' in text(other.get(f"/p/{requirement.pk}/questions/weight/"))
    other.answer(requirement.pk, **GOOD)
    assert now_is(requirement).state == RequirementState.SUBMITTED
    assert now_is(requirement).sealed_draft is None


def test_answers_are_looked_over_and_changed_and_what_hangs_on_one_goes_with_it(phone: Phone) -> None:
    asked = [
        {"key": "reaction", "type": "yes_no", "label": {"en": "Ever reacted?"}},
        {"key": "what", "type": "text", "label": {"en": "What happened?"}, "when": {"reaction": ["yes"]}},
    ]
    requirement = require(phone.case, Kind.FORM, questions=asked)
    base = f"/p/{requirement.pk}/"
    page = phone.send(f"{base}questions/reaction/", **{"q-reaction": "yes"})
    assert "What happened?" in text(page)
    page = phone.send(f"{base}questions/what/", **{"q-what": "A rash"})
    assert page.request["PATH_INFO"] == f"{base}check/" and "A rash" in text(page)
    page = phone.send(f"{base}questions/reaction/?from=check", **{"q-reaction": "no"})
    assert page.request["PATH_INFO"] == f"{base}check/" and "A rash" not in text(page)
    phone.send(f"{base}check/")
    assert answers_of(requirement) == [{"reaction": "no"}]
    assert phone.get(f"{base}questions/what/").status_code == 302


def test_an_answer_is_changed_later_and_the_first_version_stays(phone: Phone) -> None:
    requirement = require(phone.case, Kind.FORM, questions=QUESTIONS[1:2])
    phone.answer(requirement.pk, **{"q-reaction": "no"})
    with tenancy.scope(phone.practice.pk):
        operations.accept(requirement_id=requirement.pk, by=record.SYSTEM, now=clock.now())
    assert "Change my answers" in text(phone.get(f"/p/{requirement.pk}/"))
    phone.send(f"/p/{requirement.pk}/check/")
    assert now_is(requirement).state == RequirementState.ACCEPTED, "the same answers change nothing"
    phone.send(f"/p/{requirement.pk}/questions/reaction/?from=check", **{"q-reaction": "yes"})
    phone.send(f"/p/{requirement.pk}/check/")
    assert now_is(requirement).state == RequirementState.SUBMITTED
    assert answers_of(requirement) == [{"reaction": "yes"}, {"reaction": "no"}]


def test_who_is_not_certain_sees_no_answers_of_another_phone(practice: Practice) -> None:
    case = make_case(practice, known=False)
    requirement = require(case, Kind.FORM, questions=QUESTIONS[:2])
    first, second = Phone(case=case, practice=practice), Phone(case=case, practice=practice)
    first.identify()
    first.send(f"/p/{requirement.pk}/questions/weight/", **{"q-weight": "74,5"})
    assert 'value="74,5"' in text(first.get(f"/p/{requirement.pk}/questions/weight/"))
    second.identify()
    assert "74,5" not in text(second.get(f"/p/{requirement.pk}/questions/weight/"))


def test_choices_stand_in_the_order_of_the_plan(phone: Phone) -> None:
    requirement = require(phone.case, Kind.FORM, questions=QUESTIONS)
    page = text(phone.get(f"/p/{requirement.pk}/questions/ill/"))
    assert page.index("Kidney disease") < page.index("Something<") < page.index("None of it")


# Confirming, bringing along, not being able to


def test_an_instruction_is_confirmed_with_a_tick(phone: Phone) -> None:
    with tenancy.scope(phone.practice.pk):
        requirement = phone.case.requirements.get()
    assert "Eat nothing." in text(phone.get(f"/p/{requirement.pk}/"))
    assert "Tick the box" in text(phone.send(f"/p/{requirement.pk}/"))
    page = phone.send(f"/p/{requirement.pk}/", understood="yes")
    assert "you have read and confirmed this" in text(page)
    assert now_is(requirement).state == RequirementState.ACCEPTED


def test_what_may_be_brought_along_is_not_asked_for_any_more(phone: Phone) -> None:
    allowed, forbidden = require(phone.case, may_be_brought=True), require(phone.case)
    assert "bring it" in text(phone.get(f"/p/{allowed.pk}/"))
    assert "bring it" not in text(phone.get(f"/p/{forbidden.pk}/"))
    assert "please bring it" in text(phone.send(f"/p/{allowed.pk}/bring/"))
    phone.send(f"/p/{forbidden.pk}/bring/")
    assert now_is(allowed).bring_along
    assert not now_is(forbidden).bring_along
    assert "You bring it to the appointment" in text(phone.get("/p/"))
    assert "Send it to the practice" in text(phone.get(f"/p/{allowed.pk}/"))


def test_who_cannot_get_something_says_why_and_the_practice_knows(phone: Phone) -> None:
    requirement = require(phone.case)
    path = f"/p/{requirement.pk}/cannot/"
    assert "Choose what comes closest" in text(phone.send(path, text="On holiday"))
    assert "On holiday" in text(phone.send(path, text="On holiday"))
    page = text(phone.send(path, reason="surgery_closed", text="On holiday"))
    assert "will get in touch" in page
    assert now_is(requirement).obstacle == Obstacle.SURGERY_CLOSED
    with tenancy.scope(phone.practice.pk):
        assert Case.objects.get().escalation_due_at is not None


def test_what_can_no_longer_be_taken_is_said_in_a_sentence_and_nothing_is_half_done(phone: Phone) -> None:
    """The calendar names somebody else meanwhile: the case has no patient whose key could seal it."""
    answers, document = require(phone.case, Kind.FORM, questions=QUESTIONS), require(phone.case)
    phone.get("/p/?lang=en")
    token = phone.token()
    with tenancy.scope(phone.practice.pk):
        Appointment.objects.update(patient=None)
    for path, given in (
        (f"/p/{answers.pk}/questions/weight/", GOOD),
        (f"/p/{document.pk}/cannot/", {"reason": "surgery_closed", "text": "On holiday"}),
    ):
        response = phone.browser.post(path, {"form": token, **given}, follow=True)
        assert response.status_code == 200
        assert "has changed meanwhile. Please call us" in text(response)
    assert now_is(answers).state == RequirementState.OPEN
    assert now_is(document).obstacle == ""


# What the list says


def test_the_list_says_what_by_when_and_what_is_here(phone: Phone) -> None:
    late = require(phone.case, title={"en": "Blood test"}, deadline=clock.now() - timedelta(hours=1))
    require(phone.case, Kind.INFORMATION, title={"en": "Insurance card"}, text={"en": "Bring it."})
    require(phone.case, Kind.STAFF_CHECK, title={"en": "Check by staff"})
    page = text(phone.get("/p/"))
    assert "two things" in page
    assert "Was due by" in page
    assert "Insurance card" in page
    assert "Check by staff" not in page
    phone.send(f"/p/{late.pk}/", **upload(files.pdf()))
    page = text(phone.get("/p/"))
    assert "one thing" in page
    assert "Arrived, we are looking at it" in page


def test_a_cancelled_appointment_asks_for_nothing(phone: Phone) -> None:
    requirement = require(phone.case)
    with tenancy.scope(phone.practice.pk):
        appointment = phone.case.appointment
        appointment.status = "cancelled"
        appointment.save()
    page = text(phone.get("/p/"))
    assert "was cancelled" in page
    assert "What we still need" not in page
    assert phone.get(f"/p/{requirement.pk}/")["Location"] == "/p/"
    with tenancy.scope(phone.practice.pk):
        assert not Submission.objects.exists()


def test_who_sends_while_the_appointment_is_cancelled_is_told_so_and_nothing_is_stored(phone: Phone) -> None:
    requirement = require(phone.case)
    token = phone.token()
    with tenancy.scope(phone.practice.pk):
        Appointment.objects.update(status="cancelled")
    page = phone.browser.post(f"/p/{requirement.pk}/", {"form": token, **upload(files.jpeg())}, follow=True)
    assert page.status_code == 200 and "was cancelled" in text(page)
    assert documents_of(requirement) == []


def test_what_comes_after_it_was_accepted_changes_nothing_and_says_that_it_is_here(phone: Phone) -> None:
    requirement = require(phone.case)
    token = phone.token()
    with tenancy.scope(phone.practice.pk):
        Requirement.objects.filter(pk=requirement.pk).update(state=RequirementState.ACCEPTED)
    for path in (f"/p/{requirement.pk}/", f"/p/{requirement.pk}/cannot/", f"/p/{requirement.pk}/bring/"):
        data = {"form": token, "reason": "lost", **upload(files.jpeg())}
        assert phone.browser.post(path, data, follow=True).status_code == 200
    assert now_is(requirement).state == RequirementState.ACCEPTED
    assert documents_of(requirement) == []


def test_after_the_appointment_the_link_takes_nothing_and_then_shows_nothing(phone: Phone) -> None:
    requirement = require(phone.case)
    token = phone.token()
    with tenancy.scope(phone.practice.pk):
        PatientLink.objects.update(expires_at=clock.now() + timedelta(hours=20))
        Case.objects.update(readiness="closed", closed_at=clock.now())
    data = {"form": token, **upload(files.jpeg())}
    assert phone.browser.post(f"/p/{requirement.pk}/", data, follow=True).status_code == 200
    assert documents_of(requirement) == []
    with tenancy.scope(phone.practice.pk):
        PatientLink.objects.update(expires_at=clock.now())
    assert phone.get("/p/").status_code == 404
    assert phone.tap_link().status_code == 404


def test_the_calendar_file_gives_nothing_away(phone: Phone) -> None:
    answer = phone.get("/p/calendar.ics")
    content = answer.content.decode()
    assert answer["Content-Type"].startswith("text/calendar")
    assert "SUMMARY:Appointment: Praxis am Sonnenbogen" in content
    for word in ("CT", "Probefeld", "Radiologie", "Referral"):
        assert word not in content
