"""The page of the appointment types, and taking back on the board what was said."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment, AppointmentType, Feed, TypeText
from practices import tenancy
from practices.models import Practice, Role
from prerequisites import planning
from prerequisites.models import Case
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]

HTMX = {"hx-request": "true"}


@pytest.fixture
def practice() -> Practice:
    practice = factories.make_practice()
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory(type__name="MRT Knie", type__keywords=["kernspin knie"])
        factories.PrerequisiteFactory(plan=plan, key="referral")
        factories.AppointmentTypeFactory(name="CT Abdomen", keywords=[])
    return practice


@pytest.fixture
def manager(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.MANAGER)


def book(practice: Practice, now: datetime, text: str = "Röhre Bein", *, type: str = "") -> None:
    with tenancy.scope(practice.pk):
        factories.AppointmentFactory(
            type=AppointmentType.objects.get(name=type) if type else None,
            type_text=text,
            feed=Feed.objects.first() or factories.FeedFactory(),
            start=now + timedelta(days=5),
        )
    planning.advance_cases(practice_id=practice.pk, now=now)


def number(practice: Practice, name: str) -> int:
    with tenancy.scope(practice.pk):
        return AppointmentType.objects.get(name=name).pk


def known(practice: Practice) -> list[str | None]:
    with tenancy.scope(practice.pk):
        return list(Appointment.objects.order_by("id").values_list("type__name", flat=True))


def assign(client: Client, practice: Practice, name: str, text: str = "Röhre Bein", **more: str) -> str:
    chosen = str(number(practice, name)) if name else "nothing"
    given = {"text": text, "type": chosen, **more}
    return client.post("/types/assign/", given, follow=True).content.decode()


def undo_in(html: str) -> dict[str, str]:
    """What the line's form sends."""
    form = re.search(r'<form[^>]*id="answered".*?</form>', html, flags=re.DOTALL)
    assert form, html
    return dict(re.findall(r'name="(answer|type|from)" value="([^"]*)"', form[0]))


class TestUndo:
    @pytest.mark.parametrize("name", ["MRT Knie", ""], ids=["assigned", "never needs anything"])
    def test_the_line_on_the_board_takes_it_back(
        self, client: Client, practice: Practice, now: datetime, name: str
    ) -> None:
        staff = sign_in(client, practice)
        book(practice, now)
        html = assign(staff, practice, name)
        assert known(practice) == [name or "Röhre Bein"]
        undone = staff.post("/types/undo/", undo_in(html), follow=True).content.decode()
        assert known(practice) == [None]
        assert "Taken back: 1 appointment is asked about again." in undone
        assert "fits no type" in undone and 'id="answered"' not in undone
        twice = staff.post("/types/undo/", undo_in(html), follow=True).content.decode()
        assert "This was taken back already." in twice

    def test_it_is_offered_for_ten_minutes_and_to_oneself(
        self, client: Client, practice: Practice, now: datetime
    ) -> None:
        staff = sign_in(client, practice)
        book(practice, now)
        answer = undo_in(assign(staff, practice, "MRT Knie"))
        colleague = sign_in(Client(), practice)
        assert 'id="answered"' not in colleague.get("/").content.decode()
        refused = "by now a manager has to take it back"
        assert refused in colleague.post("/types/undo/", answer, follow=True).content.decode()
        with time_machine.travel(now + timedelta(minutes=9), tick=False):
            assert 'id="answered"' in staff.get("/").content.decode()
        with time_machine.travel(now + timedelta(minutes=11), tick=False):
            assert 'id="answered"' not in staff.get("/").content.decode()
            assert refused in staff.post("/types/undo/", answer, follow=True).content.decode()
        assert known(practice) == ["MRT Knie"]

    def test_a_type_of_which_it_was_said_on_the_board_that_it_needs_nothing(
        self, client: Client, practice: Practice, now: datetime
    ) -> None:
        staff = sign_in(client, practice)
        book(practice, now, "CT Abdomen", type="CT Abdomen")
        type_id = number(practice, "CT Abdomen")
        html = staff.post(f"/types/{type_id}/plan/", {"type": "nothing"}, follow=True).content.decode()
        assert "type without a plan" not in html
        html = staff.post("/types/undo/", undo_in(html), follow=True).content.decode()
        assert "type without a plan" in html

    @pytest.mark.parametrize("given", ["", "x", "-1", "²", "9" * 30, "0"])
    def test_nonsense_is_said_to_be_taken_back_already(self, manager: Client, given: str) -> None:
        for field in ("answer", "type"):
            html = manager.post("/types/undo/", {field: given}, follow=True).content.decode()
            assert "taken back already" in html

    def test_a_case_that_was_opened_rests_in_sight_and_goes_on(
        self, client: Client, practice: Practice, now: datetime
    ) -> None:
        staff = sign_in(client, practice)
        book(practice, now)
        html = assign(staff, practice, "MRT Knie")
        planning.advance_cases(practice_id=practice.pk, now=now)
        staff.post("/types/undo/", undo_in(html))
        planning.advance_cases(practice_id=practice.pk, now=now)
        with tenancy.scope(practice.pk):
            case = Case.objects.get()
        board = staff.get("/").content.decode()
        assert "One was being prepared already" in board and f"/cases/{case.pk}/" in board
        page = staff.get(f"/cases/{case.pk}/").content.decode()
        assert "Say what “Röhre Bein” is" in page and "as “MRT Knie”" in page
        for html in (page, staff.post("/search/", {"q": "Probefeld"}, follow=True).content.decode()):
            assert "Rests" in html and "Otto Probefeld" in html
        assert "Nothing is asked for at present" in html and 'href="tel:' not in html
        assign(staff, practice, "MRT Knie")
        planning.advance_cases(practice_id=practice.pk, now=now)
        assert "Asked for again" in staff.get(f"/cases/{case.pk}/").content.decode()
        with tenancy.scope(practice.pk):
            assert Case.objects.get().closed_at is None

    def test_two_tabs_hear_of_each_other(self, client: Client, practice: Practice, now: datetime) -> None:
        staff = sign_in(client, practice)
        book(practice, now)
        assign(staff, practice, "MRT Knie")
        html = assign(staff, practice, "CT Abdomen")
        assert "Not done: meanwhile “Röhre Bein” means “MRT Knie”." in html
        assert "You have done this already." in assign(staff, practice, "MRT Knie")

    def test_odd_texts_stay_what_they_are(self, client: Client, practice: Practice, now: datetime) -> None:
        staff = sign_in(client, practice)
        for text in ('<script>alert("x")</script>', "%(name)s %s", "Röhre\u202eBein"):
            book(practice, now, text)
            html = assign(staff, practice, "MRT Knie", text)
            assert "<script>alert" not in html
        assert known(practice) == ["MRT Knie"] * 3


class TestPage:
    def test_it_shows_how_each_type_is_known_and_what_it_needs(
        self, client: Client, practice: Practice, now: datetime
    ) -> None:
        staff = sign_in(client, practice)
        book(practice, now)
        assign(staff, practice, "MRT Knie")
        book(practice, now, "Rezept")
        assign(staff, practice, "", "Rezept")
        book(practice, now, "CT Abdomen", type="CT Abdomen")
        html = staff.get("/types/").content.decode()
        for expected in (
            "kernspin knie",
            "“Röhre Bein”",
            "Has a plan",
            "No plan",
            "What never needs anything",
            "The same as MRT Knie",
            "1 coming appointment",
        ):
            assert expected in html, expected
        assert "Add a type" not in html
        page = staff.get(f"/types/{number(practice, 'MRT Knie')}/").content.decode()
        assert "Your practice manager changes it." in page and 'name="do"' not in page

    def test_staff_look_and_managers_change(self, client: Client, practice: Practice) -> None:
        staff = sign_in(client, practice)
        type_id = number(practice, "MRT Knie")
        assert staff.get("/types/new/").status_code == 403
        for address in ("/types/new/", f"/types/{type_id}/", f"/types/{type_id}/remove/"):
            assert staff.post(address, {"name": "x", "do": "save"}).status_code == 403
        viewer = sign_in(Client(), practice, Role.VIEWER)
        assert viewer.get("/types/").status_code == 200
        assert viewer.post("/types/undo/", {"answer": "1"}).status_code == 403

    def test_a_preview_says_what_would_change_and_saves_nothing(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        book(practice, now)
        address = f"/types/{number(practice, 'MRT Knie')}/"
        given = {"name": "MRT Knie", "keywords": "röhre bein\nct abdomen"}
        html = manager.post(address, given, headers=HTMX).content.decode()
        assert "<strong>1 coming appointment</strong> gets another type." in html
        assert "“ct abdomen” says the same as “CT Abdomen”" in html and "<html" not in html
        assert "<html" in manager.post(address, {**given, "do": "preview"}).content.decode()
        assert known(practice) == [None]

    def test_what_is_refused_stays_in_the_form_with_the_reason(
        self, manager: Client, practice: Practice
    ) -> None:
        address = f"/types/{number(practice, 'MRT Knie')}/"
        html = manager.get(address).content.decode()
        seen = re.search(r'name="seen" value="([^"]+)"', html)
        assert seen
        given = {"name": "CT Abdomen", "keywords": "röhre\nmit", "do": "save", "seen": seen[1]}
        html = manager.post(address, given).content.decode()
        assert "A type is called like that already." in html and "röhre\nmit" in html
        html = manager.post(address, {**given, "name": "MRT Knie"}).content.decode()
        assert "One of these says nothing by itself" in html
        html = manager.post(address, {**given, "name": "", "keywords": ""}).content.decode()
        assert "is-invalid" in html

    def test_who_saves_over_a_change_is_told_first(self, manager: Client, practice: Practice) -> None:
        address = f"/types/{number(practice, 'MRT Knie')}/"
        found = re.search(r'name="seen" value="([^"]+)"', manager.get(address).content.decode())
        assert found
        old = found[1]
        first = {"name": "MRT Knie", "keywords": "röhre", "do": "save", "seen": old}
        assert manager.post(address, first).status_code == 302
        second = {**first, "keywords": "bein"}
        html = manager.post(address, second).content.decode()
        assert "Somebody changed this type while you did." in html
        again = re.search(r'name="seen" value="([^"]+)"', html)
        assert again and again[1] != old
        assert manager.post(address, {**second, "seen": again[1]}).status_code == 302
        with tenancy.scope(practice.pk):
            assert AppointmentType.objects.get(name="MRT Knie").keywords == ["bein"]

    def test_a_type_is_added_and_removed(self, manager: Client, practice: Practice, now: datetime) -> None:
        book(practice, now)
        given = {"name": "Röhre Bein", "keywords": "", "do": "save"}
        html = manager.post("/types/new/", given, follow=True).content.decode()
        assert "Saved. 1 coming appointment has another type now." in html
        assert known(practice) == ["Röhre Bein"]
        type_id = number(practice, "Röhre Bein")
        refused = manager.post(f"/types/{type_id}/remove/", follow=True).content.decode()
        assert "appointments are to come" in refused
        with tenancy.scope(practice.pk):
            Appointment.objects.update(status="cancelled")
        assert "is removed." in manager.post(f"/types/{type_id}/remove/", follow=True).content.decode()

    def test_a_remembered_text_is_taken_away_later_by_a_manager(
        self, client: Client, practice: Practice, now: datetime
    ) -> None:
        staff = sign_in(client, practice)
        book(practice, now)
        assign(staff, practice, "MRT Knie")
        manager = sign_in(Client(), practice, Role.MANAGER)
        type_id = number(practice, "MRT Knie")
        assert "Röhre Bein" in manager.get(f"/types/{type_id}/").content.decode()
        with tenancy.scope(practice.pk):
            text_id = TypeText.objects.get().pk
        given = {"answer": text_id, "from": type_id}
        response = manager.post("/types/undo/", given)
        assert response["Location"] == f"/types/{type_id}/"
        assert known(practice) == [None]

    def test_more_types_cost_no_more_queries(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert manager.get("/types/").status_code == 200
            return len(captured)

        queries()
        before = queries()
        for text in ("eins", "zwei", "drei"):
            book(practice, now, text)
            assign(manager, practice, "", text)
        manager.get("/types/")
        assert queries() <= before + 1, "the line that offers to take it back"

    @pytest.mark.parametrize("text", ["", "Röhre"])
    def test_what_says_nothing_is_said_on_the_board(
        self, client: Client, practice: Practice, now: datetime, text: str
    ) -> None:
        book(practice, now, text)
        html = sign_in(client, practice).get("/").content.decode()
        assert ("say what is booked" in html) is (not text)

    def test_a_text_that_two_types_fit_names_them(
        self, client: Client, practice: Practice, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            AppointmentType.objects.filter(name="CT Abdomen").update(keywords=["kernspin knie"])
        book(practice, now, "Kernspin Knie")
        html = sign_in(client, practice).get("/").content.decode()
        assert "fits “MRT Knie”, “CT Abdomen” alike" in html
        with tenancy.scope(practice.pk):
            ids = AppointmentType.objects.filter(name__in=("MRT Knie", "CT Abdomen")).values_list(
                "pk", flat=True
            )
            for pk in ids:
                assert f'name="type" value="{pk}" formnovalidate' in html
        assert "Shares words with another type" in sign_in(Client(), practice).get("/types/").content.decode()
