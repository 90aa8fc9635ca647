"""The board: what it shows, in which order, at what price."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Feed, FeedState, QuarantinedEvent
from messaging.models import MessageState
from practices import record, tenancy
from practices.models import Practice, Role
from prerequisites.models import Case, Kind, Readiness
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


def make_case(
    start: datetime, readiness: Readiness = Readiness.WAITING, *, name: str = "Otto Probefeld", **patient: Any
) -> Case:
    appointment = factories.AppointmentFactory(
        start=start,
        patient=factories.PatientFactory(name=name, **patient),
        feed=Feed.objects.first() or factories.FeedFactory(),
        needs_planning=False,
    )
    case: Case = factories.CaseFactory(appointment=appointment, readiness=readiness)
    factories.RequirementFactory(case=case, deadline=start - timedelta(days=2))
    return case


def test_nobody_sees_the_board_without_signing_in(client: Client, practice: Practice) -> None:
    response = client.get("/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_person_without_a_practice_is_told_so(client: Client) -> None:
    client.force_login(factories.UserFactory())
    response = client.get("/", headers={"Accept-Language": "en"})
    assert response.status_code == 403
    assert "no practice has you as a member" in response.content.decode()


def test_opening_sentence_says_how_today_stands_and_who_is_needed(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        make_case(now + timedelta(hours=2), Readiness.READY)
        make_case(now + timedelta(hours=3), Readiness.OVERDUE)
        make_case(now + timedelta(days=3), Readiness.AT_RISK)
    html = staff.get("/").content.decode()
    assert "Good morning, Petra" in html
    assert "Today 2 appointments, 1 is ready." in html
    assert "Two need you now." in html


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["waiting"], "Today 1 appointment, it is not ready yet."),
        (["ready"], "Today 1 appointment, it is ready."),
        (["waiting", "overdue"], "Today 2 appointments, none is ready yet."),
        (["ready", "ready"], "Today 2 appointments, all are ready."),
        (["ready", "waived"], "Today 2 appointments, 1 is ready. 1 is waived."),
    ],
)
def test_opening_sentence_counts_as_people_do(
    staff: Client, practice: Practice, now: datetime, states: list[str], said: str
) -> None:
    with tenancy.scope(practice.pk):
        for state in states:
            make_case(now + timedelta(hours=2), Readiness(state))
    assert said in staff.get("/").content.decode()


def test_what_needs_a_person_stands_on_top_whatever_its_day_and_the_next_one_first(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        make_case(now + timedelta(hours=1), Readiness.READY, name="Rita Ready")
        make_case(now + timedelta(days=9), Readiness.NEEDS_CONTACT, name="Klara Kontakt", phone="", email="")
        make_case(now + timedelta(days=2), Readiness.TO_REVIEW, name="Paul Pruef")
        make_case(now + timedelta(days=2), Readiness.WAITING, name="Willi Warten")
    html = staff.get("/").content.decode()
    assert (
        html.index("Act now")
        < html.index("Paul Pruef")
        < html.index("Klara Kontakt")
        < html.index("Rita Ready")
    )
    assert "Willi Warten" not in html
    assert "No number, no e-mail in the calendar" in html


def test_each_span_shows_its_own_days(staff: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        make_case(now + timedelta(hours=4), name="Tina Today")
        make_case(now + timedelta(days=5), name="Wanda Week")
        make_case(now + timedelta(days=20), name="Lars Later")
        make_case(now + timedelta(hours=5), Readiness.CLOSED, name="Carla Closed")
    shown = {span: staff.get("/", {"when": span}).content.decode() for span in ("today", "week", "later")}
    for span, name in (("today", "Tina Today"), ("week", "Wanda Week"), ("later", "Lars Later")):
        assert name in shown[span]
        assert sum(name in html for html in shown.values()) == 1
    assert not any("Carla Closed" in html for html in shown.values())


def test_row_says_what_is_missing_by_when_what_was_last_said_and_offers_the_call(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = make_case(now + timedelta(days=3), Readiness.OVERDUE)
        case.requirements.update(deadline=now - timedelta(hours=16))
        factories.MessageFactory(case=case, state=MessageState.FAILED, created_at=now - timedelta(hours=1))
    html = staff.get("/").content.decode()
    for expected in ("Referral", "since yesterday, 18:00", "SMS not delivered, today, 09:00", "*1947"):
        assert expected in html
    assert 'href="tel:+4915254599371"' in html


def test_missing_contact_stays_what_is_to_do_once_it_is_overdue(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = make_case(now + timedelta(days=1), Readiness.OVERDUE, phone="", email="")
    html = staff.get("/").content.decode()
    for expected in (
        "Overdue",
        "No number, no e-mail in the calendar",
        f'action="/cases/{case.pk}/contact/"',
    ):
        assert expected in html
    page = staff.get(f"/cases/{case.pk}/").content.decode()
    assert 'class="btn btn-primary" href="#contact"' in page


def test_check_of_the_practice_is_offered_as_such_and_not_as_a_call(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = make_case(now + timedelta(days=3), Readiness.TO_REVIEW)
        check = factories.PrerequisiteFactory(kind=Kind.STAFF_CHECK, title={"en": "Talk with the physician"})
        requirement = factories.RequirementFactory(case=case, prerequisite=check)
    for address in ("/", f"/cases/{case.pk}/"):
        html = staff.get(address).content.decode()
        assert "Talk with the physician" in html
        assert f'href="/review/{requirement.pk}/"' in html
        assert "Call" not in html.split("timeline__item")[0]


def test_something_optional_that_was_handed_in_waits_for_review_though_all_is_ready(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = make_case(now + timedelta(hours=3), Readiness.READY)
        images = factories.PrerequisiteFactory(title={"en": "Prior images"}, blocking=False)
        row = factories.RequirementFactory(case=case, prerequisite=images, state="submitted")
    for address in ("/", f"/cases/{case.pk}/"):
        html = staff.get(address).content.decode()
        assert "Prior images" in html and "Ready" in html
        assert f'href="/review/{row.pk}/"' in html, "the button leads to the review"


def test_what_takes_longer_than_is_left_is_named_with_the_reason(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = make_case(now + timedelta(days=1), Readiness.NOT_PERFORMABLE)
        lab = factories.PrerequisiteFactory(title={"de": "Laborbericht", "en": "Lab report"}, lead_days=2)
        factories.RequirementFactory(case=case, prerequisite=lab, deadline=now + timedelta(hours=8))
    text = staff.get("/").content.decode()
    assert "takes 2 days, too late now" in text or "braucht 2 Tage, das reicht nicht mehr" in text


def test_filter_shows_its_state_alone_and_keeps_the_counts(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        make_case(now + timedelta(hours=1), Readiness.READY, name="Rita Ready")
        make_case(now + timedelta(hours=2), Readiness.WAITING, name="Willi Warten")
    html = staff.get("/", {"is": "ready"}).content.decode()
    assert "Rita Ready" in html
    assert "Willi Warten" not in html
    assert 'All <span class="filter__n">2</span>' in html


def test_search_finds_by_parts_of_the_name_on_any_day(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        make_case(now + timedelta(days=40), name="Annegret Platzhalter-Musterberg")
        make_case(now + timedelta(hours=1), name="Otto Probefeld")
    html = staff.post("/search/", {"q": "muster anne"}, follow=True).content.decode()
    assert "Annegret Platzhalter-Musterberg" in html
    assert "Otto Probefeld" not in html
    assert (
        "Nobody is called “Zacharias”"
        in staff.post("/search/", {"q": "Zacharias"}, follow=True).content.decode()
    )


def test_another_practice_is_never_on_the_board(staff: Client, now: datetime) -> None:
    other = factories.make_practice(name="Andere Praxis")
    with tenancy.scope(other.pk):
        make_case(now + timedelta(hours=1), name="Fremde Person")
    assert "Fremde Person" not in staff.get("/").content.decode()


def test_empty_practice_is_told_what_comes_next(staff: Client) -> None:
    assert "Connect your calendar" in staff.get("/").content.decode()


def test_facts_that_nobody_may_miss_stand_on_top(staff: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        good = now - timedelta(hours=3)
        factories.FeedFactory(name="MRT 1", state=FeedState.FAILING, problem="not_found", last_good_at=good)
        frozen = factories.FeedFactory(name="MRT 2", state=FeedState.FROZEN, missing_ids=[1, 2, 3], events=9)
        factories.AppointmentFactory(type=None, type_text="Spezial 2", feed=frozen)
        QuarantinedEvent.objects.create(
            practice=practice, feed=frozen, fingerprint="f", reason="zone_unknown", seen_at=now
        )
        factories.MessageFactory(state=MessageState.UNKNOWN, created_at=now - timedelta(hours=1))
    html = staff.get("/").content.decode()
    for expected in (
        "Calendar “MRT 1” was last read today, 07:00",
        "Doctolib no longer knows this link.",
        "Calendar “MRT 2”: 3 of 9 appointments have disappeared",
        "1 appointment fits no type",
        "Spezial 2",
        "Calendar “MRT 2”: 1 entry can&#x27;t be read",
        "Of 1 message it is not known whether it went out",
    ):
        assert expected in html


def test_ten_rows_cost_as_many_queries_as_one(staff: Client, practice: Practice, now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert staff.get("/").status_code == 200
        return len(captured)

    with tenancy.scope(practice.pk):
        factories.MessageFactory(case=make_case(now + timedelta(hours=1), Readiness.OVERDUE))
    one = queries()
    with tenancy.scope(practice.pk):
        for number in range(9):
            factories.MessageFactory(
                case=make_case(
                    now + timedelta(hours=1), Readiness.TO_REVIEW, name=f"Vorname{number} P{number}"
                )
            )
    assert queries() == one


def test_look_for_news_costs_one_query_and_says_nothing_if_there_is_none(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        make_case(now + timedelta(hours=1))
    html = staff.get("/").content.decode()
    address = html.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert staff.get("/" + address, headers={"HX-Request": "true"}).status_code == 304
    with tenancy.scope(practice.pk):
        record.write(record.Entry(event="case.readiness", at=now))
    news = staff.get("/" + address, headers={"HX-Request": "true"})
    assert news.status_code == 200
    assert news.content.decode().strip().startswith('<div class="page__inner" id="board"')


def test_switch_goes_to_own_practices_only(client: Client, practice: Practice) -> None:
    second, foreign = (
        factories.make_practice(name="Zweite Praxis"),
        factories.make_practice(name="Fremde Praxis"),
    )
    sign_in(client, practice)
    with tenancy.scope(second.pk):
        factories.MembershipFactory(user_id=client.session["_auth_user_id"], role=Role.VIEWER)
    assert client.post("/practice/", {"practice": foreign.pk}).status_code == 404
    assert client.post("/practice/", {"practice": second.pk}).status_code == 302
    del client.defaults["HTTP_X_SHOWN_PRACTICE"]
    assert client.get("/").context["practice"] == second


def test_language_is_the_persons_own(staff: Client) -> None:
    assert staff.post("/language/", {"language": "xx"}).status_code == 404
    html = staff.post("/language/", {"language": "de"}, follow=True).content.decode()
    assert '<html lang="de"' in html


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ff", "rows=99999999999999999999", "is=%00&when=%00", "known=%00"]
)
def test_an_address_that_makes_no_sense_is_the_plain_board(staff: Client, query: str) -> None:
    assert staff.get(f"/?{query}").status_code == 200
