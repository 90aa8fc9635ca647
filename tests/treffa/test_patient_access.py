"""The patient's link gives little away: who gets in, what is said before, and what a GET never does."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from django.test import Client

from practices import clock, record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import links
from prerequisites.models import Case, Kind, PatientLink
from tests import factories
from tests.treffa.patients import BORN, WRONG, Phone, make_case, require, text

PERSONAL = ("Probefeld", "CT Abdomen", "Referral", "14")


@pytest.fixture
def practice(db: None) -> Practice:
    return factories.make_practice()


@pytest.fixture
def phone(practice: Practice) -> Phone:
    case = make_case(practice)
    require(case)
    return Phone(case=case, practice=practice)


def link_of(phone: Phone) -> PatientLink:
    with tenancy.scope(phone.practice.pk):
        return PatientLink.objects.get(case=phone.case)


def everything_written(phone: Phone) -> list[object]:
    """What a visit may change in the database."""
    with tenancy.scope(phone.practice.pk):
        return [
            *PatientLink.objects.values_list("tries_left", "claimed_birth_date", "generation"),
            *Case.objects.values_list("link_opened_at", "escalation_due_at", "requests_due_at", "due_at"),
            RecordEntry.objects.count(),
        ]


# Who gets in


def test_invented_revoked_and_expired_links_show_the_same_page(phone: Phone) -> None:
    revoked = phone.address
    with tenancy.scope(phone.practice.pk):
        links.revoke(case_id=phone.case.pk, by=record.SYSTEM, now=clock.now())
    expired = phone.address
    with tenancy.scope(phone.practice.pk):
        PatientLink.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    answers = [Client().get(path) for path in (revoked, expired, "/t/invented", "/t/" + "A" * 43)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "This page is closed" in text(Client().get("/t/x", headers={"accept-language": "en"}))


def test_the_link_is_exchanged_for_a_clean_address_and_one_http_only_cookie(phone: Phone) -> None:
    answer = phone.browser.get(phone.address)
    assert (answer.status_code, answer["Location"]) == (302, "/p/")
    assert set(answer.cookies) == {"treffa_visit"}
    cookie = answer.cookies["treffa_visit"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/p/")
    assert phone.address.removeprefix("/t/") not in text(phone.browser.get("/p/"))
    assert set(phone.browser.cookies) == {"treffa_visit"}


def test_get_and_head_change_nothing(phone: Phone) -> None:
    address = phone.address
    before = everything_written(phone)
    for _ in range(3):
        phone.browser.get(address)
        phone.browser.head(address)
        phone.browser.head("/p/")
        phone.browser.get("/p/")
        phone.browser.get("/p/privacy/")
    assert everything_written(phone) == before


def test_the_first_form_sent_counts_as_opened(phone: Phone) -> None:
    phone.identify(**WRONG)
    with tenancy.scope(phone.practice.pk):
        assert Case.objects.get().link_opened_at is not None


@pytest.mark.parametrize("path", ["/t/x", "/p/", "/p/privacy/", "/p/1/", "/p/calendar.ics"])
def test_no_page_is_kept_found_or_passed_on(phone: Phone, path: str) -> None:
    phone.identify()
    for answer in (phone.browser.get(path), Client().get(path)):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]


def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(phone: Phone) -> None:
    page = phone.identify()
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "<script" not in text(page)
    assert "<style" not in text(page)
    assert "style=" not in text(page)
    assert "http" not in text(page).replace("http-equiv", "")


def test_a_session_ends_when_the_link_is_revoked(phone: Phone) -> None:
    phone.identify()
    with tenancy.scope(phone.practice.pk):
        links.revoke(case_id=phone.case.pk, by=record.SYSTEM, now=clock.now())
    assert phone.get("/p/").status_code == 404


def test_a_link_that_is_revoked_while_it_is_opened_opens_nothing(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = phone.address
    find = links.find

    def find_and_revoke(token: str, *, now: datetime) -> links.LinkRef | None:
        found = find(token, now=now)
        with tenancy.scope(phone.practice.pk):
            links.revoke(case_id=phone.case.pk, by=record.SYSTEM, now=now)
        return found

    monkeypatch.setattr(links, "find", find_and_revoke)
    assert phone.get(address).status_code == 404


def test_a_forged_cookie_and_a_form_from_elsewhere_are_turned_away(phone: Phone) -> None:
    phone.tap_link()
    assert phone.browser.post("/p/", BORN).status_code == 404
    assert phone.browser.post("/p/", {**BORN, "form": "x" * 40}).status_code == 404
    assert link_of(phone).tries_left == 5
    phone.browser.cookies["treffa_visit"] = phone.browser.cookies["treffa_visit"].value[:-2] + "xx"
    assert phone.get("/p/").status_code == 404


def test_a_link_shows_its_own_case_only(phone: Phone) -> None:
    other = Phone(case=make_case(phone.practice, name="Erika Anders"), practice=phone.practice)
    foreign = require(other.case, title={"en": "Of somebody else"})
    stranger = require(make_case(factories.make_practice(name="Elsewhere")))
    phone.identify()
    for requirement in (foreign, stranger):
        page = phone.browser.get(f"/p/{requirement.pk}/", follow=True)
        assert "Of somebody else" not in text(page)
        assert page.request["PATH_INFO"] == "/p/"


# The date of birth


def test_before_the_date_of_birth_nothing_personal_is_shown(phone: Phone) -> None:
    page = text(phone.tap_link())
    assert "Praxis am Sonnenbogen" in page
    assert "Radiologie" not in page + text(phone.get("/p/privacy/")), "no speciality on anybody's phone"
    assert "Lindenallee 7" in page
    assert "+49 30 23125400" in page
    for word in ("Probefeld", "CT Abdomen", "Referral"):
        assert word not in page
    with tenancy.scope(phone.practice.pk):
        requirement = phone.case.requirements.get()
    for path in (
        f"/p/{requirement.pk}/",
        f"/p/{requirement.pk}/cannot/",
        f"/p/{requirement.pk}/done/",
        "/p/calendar.ics",
    ):
        assert phone.get(path)["Location"] == "/p/"
        assert phone.send(path).request["PATH_INFO"] == "/p/"


def test_who_is_identified_sees_the_practices_own_name(phone: Phone) -> None:
    assert "Radiologie am Sonnenbogen" in text(phone.identify())


def test_a_code_in_place_of_a_name_is_no_greeting(practice: Practice) -> None:
    phone = Phone(case=make_case(practice, name="P-50441"), practice=practice)
    require(phone.case)
    page = text(phone.identify())
    assert "<h1>Hello</h1>" in page and "P-50441" not in page


def test_whatever_is_posted_to_a_link_gets_the_neutral_page(phone: Phone) -> None:
    strict = Client(enforce_csrf_checks=True)
    invented = strict.get("/t/invented")
    addresses, before = (phone.address, "/t/invented"), everything_written(phone)
    for address in addresses:
        answer = strict.post(address, {"x": "y"})
        assert (answer.status_code, text(answer)) == (404, text(invented))
        assert "treffa_visit" not in answer.cookies
    assert everything_written(phone) == before


def test_the_right_date_of_birth_opens_the_list(phone: Phone) -> None:
    page = text(phone.identify())
    assert "Hello, Otto Probefeld" in page
    assert "CT Abdomen" in page
    assert "Referral" in page
    assert "one thing" in page


def test_a_typing_error_costs_no_try_and_stays_on_the_page(phone: Phone) -> None:
    page = text(phone.identify(**{"born-day": "31", "born-month": "2", "born-year": "1947"}))
    assert "Write a date that exists" in page
    assert 'value="31"' in page
    assert 'href="#born-day"' in page
    assert link_of(phone).tries_left == 5


def test_five_wrong_dates_lock_the_link_and_the_right_one_comes_too_late(phone: Phone) -> None:
    phone.tap_link()
    token = phone.token()
    for _ in range(4):
        assert "does not match" in text(phone.browser.post("/p/", {**WRONG, "form": token}))
    for born in (WRONG, BORN):
        assert "Please call the practice" in text(phone.browser.post("/p/", {**born, "form": token}))
    assert "Please call the practice" in text(phone.tap_link())
    assert "Probefeld" not in text(phone.get("/p/"))
    with tenancy.scope(phone.practice.pk):
        assert RecordEntry.objects.filter(event="link.locked").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.chaos)])
def test_guesses_at_once_get_five_tries_between_them(phone: Phone, rounds: int) -> None:
    """Fifty of ten people; in the full set a thousand."""
    phone.tap_link()
    token, cookie = phone.token(), phone.browser.cookies["treffa_visit"].value
    answers: list[str] = []
    start = threading.Barrier(10)

    def guess(first: int) -> None:
        browser = Client()
        browser.cookies["treffa_visit"] = cookie
        start.wait()
        for guess_number in range(first, first + rounds):
            month, year = 1 + guess_number % 12, 1900 + guess_number // 12
            born = {"born-day": "1", "born-month": str(month), "born-year": str(year), "form": token}
            answers.append(text(browser.post("/p/", born)))
        connections["default"].close()

    threads = [threading.Thread(target=guess, args=(number * rounds,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10 * rounds
    assert sum("does not match" in answer for answer in answers) == 4
    assert link_of(phone).tries_left == 0
    with tenancy.scope(phone.practice.pk):
        assert RecordEntry.objects.filter(event="link.wrong_birth_date").count() == 4
        assert RecordEntry.objects.filter(event="link.locked").count() == 1
    connection.close()


def test_where_no_date_is_known_it_is_noted_and_neither_name_nor_examination_are_said(
    practice: Practice,
) -> None:
    case = make_case(practice, known=False)
    require(case)
    phone = Phone(case=case, practice=practice)
    assert "When were you born?" in text(phone.tap_link())
    page = text(phone.send("/p/", **BORN))
    assert "Referral" in page
    for word in ("Probefeld", "CT Abdomen"):
        assert word not in page
    assert link_of(phone).claimed_birth_date is not None


def test_once_staff_have_the_date_a_noted_one_no_longer_opens_the_page(practice: Practice) -> None:
    case = make_case(practice, known=False)
    require(case)
    phone = Phone(case=case, practice=practice)
    phone.identify(**WRONG)
    with tenancy.scope(practice.pk):
        patient = case.appointment.patient
        patient.birth_date = factories.PatientFactory.build(wrapped_key=b"").birth_date
        patient.save()
    assert "When were you born?" in text(phone.get("/p/"))


def test_a_noted_date_that_staff_turn_down_no_longer_opens_the_page(practice: Practice) -> None:
    case = make_case(practice, known=False)
    require(case)
    phone = Phone(case=case, practice=practice)
    phone.identify(**WRONG)
    link = link_of(phone)
    with tenancy.scope(practice.pk):
        assert links.reject_birth_date(
            link_id=link.pk, birth_date=link.claimed_birth_date, by=record.SYSTEM, now=clock.now()
        )
    assert "When were you born?" in text(phone.get("/p/"))
    phone.identify()
    assert "When were you born?" not in text(phone.get("/p/"))


# Languages


def test_the_page_speaks_the_patients_language_and_remembers_another_choice(practice: Practice) -> None:
    case = make_case(practice, language="")
    require(case, Kind.ACKNOWLEDGEMENT)
    phone = Phone(case=case, practice=practice)
    assert '<html lang="de"' in text(phone.tap_link())
    assert '<html lang="en"' in text(phone.get("/p/?lang=en"))
    page = text(phone.identify())
    assert '<html lang="de"' in page
    phone.get("/p/?lang=en")
    assert "Referral" in text(phone.get("/p/"))
    assert '<html lang="en"' in text(phone.get("/p/?lang=xx"))
