"""Asking the practice, "this is not me", a link for a relative, and a letter for the practice that refers."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from escalation.models import Task, TaskKind
from escalation.operations import advance
from practices import clock, record, tenancy
from practices.models import Practice
from prerequisites import helping, links
from prerequisites.models import Enquiry, HelperLink, PatientLink, RequirementState
from tests import factories, files
from tests.treffa.patients import BORN, MARK, Phone, make_case, require, text
from tests.treffa.test_patient_handing_in import documents_of, now_is, upload


@pytest.fixture
def practice(db: None, settings: Any, tmp_path: Path) -> Practice:
    settings.DOCUMENT_ROOT = tmp_path
    return factories.make_practice()


@pytest.fixture
def phone(practice: Practice) -> Phone:
    phone = Phone(case=make_case(practice), practice=practice)
    require(phone.case, title={"en": "Referral"})
    phone.identify()
    return phone


def tasks(phone: Phone) -> list[str]:
    advance(practice_id=phone.practice.pk, now=clock.now())
    with tenancy.scope(phone.practice.pk):
        return list(Task.objects.filter(state="open").values_list("kind", flat=True))


def helper_address(phone: Phone) -> str:
    with tenancy.scope(phone.practice.pk):
        return helping.url_of(HelperLink.objects.get(ended_at=None)).split("//")[1].split("/", 1)[1]


def token_of(page: Any) -> str:
    return text(page).split(MARK)[1].split('"')[0]


@pytest.mark.django_db(transaction=True)
def test_a_question_becomes_a_task_once_and_five_a_day_are_enough(phone: Phone) -> None:
    assert "Write your question" in text(phone.send("/p/question/", text="  "))
    for _ in range(2):
        page = phone.send("/p/question/", text="May I drink water?")
        assert "Your question is with us" in text(page)
    assert tasks(phone).count(TaskKind.QUESTION) == 1
    for number in range(4):
        phone.send("/p/question/", text=f"And what about {number}?")
    assert "several questions today" in text(phone.send("/p/question/", text="One more?"))
    with tenancy.scope(phone.practice.pk):
        assert b"water" not in bytes(Enquiry.objects.first().sealed_text)
        assert Enquiry.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_who_is_not_the_patient_locks_the_link_and_staff_open_it_again(practice: Practice) -> None:
    phone = Phone(case=make_case(practice), practice=practice)
    require(phone.case)
    assert "Probefeld" not in text(phone.tap_link()) + text(phone.get("/p/not-me/"))
    token = token_of(phone.get("/p/not-me/"))
    with tenancy.scope(practice.pk):
        assert PatientLink.objects.get().disowned_at is None, "looking at the page locks nothing"
    page = phone.browser.post("/p/not-me/", {"form": token}, follow=True)
    assert "The link is locked now" in text(page)
    for answer in (phone.browser.post("/p/", {"form": token, **BORN}), phone.tap_link()):
        assert "Please call the practice" in text(answer)
    assert TaskKind.NOT_ME in tasks(phone) and TaskKind.LINK_LOCKED not in tasks(phone)
    with tenancy.scope(practice.pk):
        links.unlock(link_id=PatientLink.objects.get().pk, by=record.SYSTEM, now=clock.now())
    assert "Referral" in text(phone.identify())


def test_a_relative_sees_the_list_after_the_date_of_birth_until_the_patient_ends_it(phone: Phone) -> None:
    assert "Make a link" in text(phone.get("/p/helper/"))
    page = text(phone.send("/p/helper/"))
    assert "/h/" in page
    daughter = Client()
    page = daughter.get(f"/{helper_address(phone)}", follow=True)
    assert "When were you born?" in text(page) and "Probefeld" not in text(page)
    page = daughter.post("/p/", {"form": token_of(page), **BORN}, follow=True)
    assert "Referral" in text(page) and "No more messages" not in text(page)
    assert daughter.get("/p/messages/").status_code == 404
    address = helper_address(phone)
    phone.send("/p/helper/", end="1")
    invented = Client().get("/h/invented")
    for answer in (daughter.get("/p/"), Client().get(f"/{address}")):
        assert (answer.status_code, text(answer)) == (404, text(invented))


def test_the_referrer_sends_one_item_sees_nothing_else_and_the_link_ends(phone: Phone) -> None:
    requirement, other = require(phone.case, title={"en": "Laboratory"}), require(phone.case)
    letter = text(phone.send(f"/p/{requirement.pk}/referrer/"))
    assert "<svg" in letter and "Otto Probefeld" in letter and "Laboratory" in letter
    surgery, address = Client(), helper_address(phone)
    page = surgery.get(f"/{address}", follow=True)
    said = text(page)
    assert "Otto Probefeld" in said and "Laboratory" in said and "Radiologie am Sonnenbogen" in said
    for word in ("CT Abdomen", "1947", "Referral", "+4915"):
        assert word not in said
    for path in ("/p/", f"/p/{other.pk}/", f"/p/{requirement.pk}/"):
        assert surgery.get(path).status_code == 404
    here = page.request["PATH_INFO"]
    assert now_is(requirement).state == RequirementState.OPEN
    with tenancy.scope(phone.practice.pk):
        assert HelperLink.objects.get().used_at is None, "a scanner's look counts for nothing"
    refused = surgery.post(here, {"form": token_of(page), **upload(b"<svg/>")})
    assert "weder ein PDF noch ein Foto" in text(refused)
    done = surgery.post(here, {"form": token_of(page), **upload(files.pdf())})
    assert done.status_code == 200 and now_is(requirement).state == RequirementState.SUBMITTED
    assert [document.pages for document in documents_of(requirement)] == [1]
    for answer in (surgery.get(here), Client().get(f"/{address}"), Client().get("/r/invented")):
        assert answer.status_code == 404
        assert text(answer) == text(Client().get("/h/invented"))


def test_a_new_link_of_the_patient_ends_those_of_helpers(phone: Phone) -> None:
    phone.send("/p/helper/")
    address = helper_address(phone)
    with tenancy.scope(phone.practice.pk):
        links.revoke(case_id=phone.case.pk, by=record.SYSTEM, now=clock.now())
    assert Client().get(f"/{address}").status_code == 404
