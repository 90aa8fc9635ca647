"""The pages of plans and packs: looking, adopting, editing a draft, signing off, publishing, moving open cases."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import adoption, drafts, plan_versions, planning
from prerequisites.models import Case, Plan, PlanState, Prerequisite
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]

HTMX = {"hx-request": "true"}


@pytest.fixture
def manager(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.MANAGER)


@pytest.fixture
def draft(practice: Practice, now: datetime) -> Plan:
    """A draft of the colonoscopy's plan from its pack."""
    with tenancy.scope(practice.pk):
        (plan,) = adoption.draft_pack("gastroenterology", chosen=["Koloskopie"], by=record.SYSTEM, now=now)
        return plan


def row(practice: Practice, plan: Plan, key: str) -> Prerequisite:
    with tenancy.scope(practice.pk):
        return plan.prerequisites.get(key=key)


def events(practice: Practice) -> list[str]:
    with tenancy.scope(practice.pk):
        return list(RecordEntry.objects.order_by("pk").values_list("event", flat=True))


def fields(html: str) -> dict[str, Any]:
    """What the editor's form would send as it stands."""
    form = re.search(r'<form class="stack" id="edit".*?</form>', html, re.DOTALL)
    assert form, html
    given: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is None or (('type="checkbox"' in tag or 'type="radio"' in tag) and " checked" not in tag):
            continue
        given.setdefault(name[1], []).append(
            unescape(value[1]) if value else "on" if "checkbox" in tag else ""
        )
    for name, inner in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form[0], re.DOTALL
    ):
        given[name] = [unescape(inner)]
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]* selected', inner)
        first = re.search(r'<option value="([^"]*)"', inner)
        given[name] = [(chosen or first)[1]]  # type: ignore[index]
    return given


class TestPacks:
    def test_a_practice_without_plans_is_led_to_the_packs(self, manager: Client) -> None:
        html = manager.get("/plans/").content.decode()
        assert "No plan yet" in html and "/plans/packs/" in html
        packs = manager.get("/plans/packs/").content.decode()
        assert "Radiology" in packs and "MRT nativ" in packs

    def test_a_pack_says_what_it_brings_and_what_it_would_do(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            factories.AppointmentFactory(type=None, type_text="Koloskopie", start=now + timedelta(days=5))
        html = manager.get("/plans/packs/gastroenterology/").content.decode()
        for expected in (
            "A new appointment type. 1 coming appointment is known by its words and gets this type.",
            "known by",
            "Due ",
            "Source: ",
            "looked up on",
            "srcdoc=",
            "As the patient reads it",
        ):
            assert expected in html, expected
        german = manager.get("/plans/packs/gastroenterology/?plan=0&language=de").content.decode()
        assert "Das brauchen wir noch" in german
        with tenancy.scope(practice.pk):
            assert not Plan.objects.exists(), "a look writes nothing"

    def test_chosen_plans_land_as_drafts_and_nothing_is_overwritten(
        self, manager: Client, practice: Practice
    ) -> None:
        address = "/plans/packs/gastroenterology/"
        html = manager.post(address, {"plan": ["Koloskopie"]}, follow=True).content.decode()
        assert "1 draft is ready." in html and "Draft, version 1" in html
        with tenancy.scope(practice.pk):
            assert [plan.state for plan in Plan.objects.all()] == [PlanState.DRAFT]
        html = manager.get(address).content.decode()
        assert "You have a draft of it already, which stays as it is." in html
        html = manager.post(address, {"plan": ["Koloskopie", "Gastroskopie"]}, follow=True).content.decode()
        assert "1 type has a draft already, which stays as it is." in html
        with tenancy.scope(practice.pk):
            assert Plan.objects.count() == 2

    def test_nothing_ticked_is_said_beside_the_list(self, manager: Client) -> None:
        assert "Tick at least one plan." in manager.post("/plans/packs/cardiology/", {}).content.decode()

    @pytest.mark.parametrize("query", ["plan=99", "plan=x", "plan=²", f"plan={'9' * 40}", "language=xx"])
    def test_odd_addresses_show_the_first_plan(self, manager: Client, query: str) -> None:
        assert manager.get(f"/plans/packs/radiology/?{query}").status_code == 200

    def test_unknown_packs_and_plans_are_not_found(self, manager: Client) -> None:
        assert manager.get("/plans/packs/astrology/").status_code == 404
        assert manager.post("/plans/packs/radiology/", {"plan": ["Aderlass"]}).status_code == 404

    @pytest.mark.parametrize("role", [Role.STAFF, Role.VIEWER])
    def test_staff_and_viewers_look_and_adopt_nothing(
        self, client: Client, practice: Practice, draft: Plan, role: Role
    ) -> None:
        member = sign_in(client, practice, role)
        for address in ("/plans/", "/plans/packs/", "/plans/packs/radiology/", f"/plans/{draft.pk}/"):
            assert member.get(address).status_code == 200
        item = row(practice, draft, "history").pk
        for address in (
            "/plans/packs/radiology/",
            "/plans/new/",
            f"/plans/{draft.pk}/discard/",
            f"/plans/{draft.pk}/restore/",
            f"/plans/{draft.pk}/publish/",
            f"/plans/{draft.pk}/retire/",
            f"/plans/{draft.pk}/cases/move/",
            f"/plans/{draft.pk}/items/new/document/",
            f"/plans/{draft.pk}/items/{item}/",
            f"/plans/{draft.pk}/items/{item}/move/",
            f"/plans/{draft.pk}/items/{item}/remove/",
            f"/plans/{draft.pk}/items/{item}/questions/new/",
        ):
            assert member.post(address, {"do": "save", "plan": "CT nativ"}).status_code == 403, address


class TestEditing:
    def test_every_prerequisite_of_every_pack_opens_and_saves_as_it_is(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            plans = [
                plan
                for name in ("radiology", "orthopaedics")
                for plan in adoption.draft_pack(name, by=record.SYSTEM, now=now)
            ]
            before = [drafts.plan_state(plan) for plan in plans]
            rows = [row for plan in plans for row in plan.prerequisites.all()]
        for one in rows:
            address = f"/plans/{one.plan_id}/items/{one.pk}/"
            html = manager.get(address).content.decode()
            response = manager.post(address, {**fields(html), "do": "save"})
            assert response.status_code == 302, (one.key, response.content.decode())
        with tenancy.scope(practice.pk):
            assert [drafts.plan_state(plan) for plan in plans] == before
        assert "plan.changed" not in events(practice)

    def test_what_is_typed_by_choices_becomes_the_plan(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        item = row(practice, draft, "escort")
        address = f"/plans/{draft.pk}/items/{item.pk}/"
        given = {
            **fields(manager.get(address).content.decode()),
            "title_de": "Begleitperson",
            "days_before": "2",
            "working_days": "yes",
            "time_of_day": "7:30",
            "c-mode": "any",
            "c0-fact": "history.anticoagulants",
            "c0-values": ["yes"],
            "c1-fact": "age",
            "c1-least": "75",
            "c1-below": "",
        }
        html = manager.post(address, {**given, "do": "preview"}, headers=HTMX).content.decode()
        assert "or the patient&#x27;s age is at least 75" in html and "<html" not in html.split("srcdoc")[0]
        page = manager.post(address, {**given, "do": "save"}, follow=True).content.decode()
        assert "“Begleitperson” is saved." in page or "is saved." in page
        item = row(practice, draft, "escort")
        assert (item.title["de"], item.days_before, item.working_days) == ("Begleitperson", 2, True)
        assert item.condition == {
            "any": [{"answer": "history.anticoagulants", "is": ["yes"]}, {"age": {"at_least": 75}}]
        }
        assert item.title["fr"], "a language that the practice does not have keeps its text"
        assert "plan.changed" in events(practice)

    def test_mistakes_stand_beside_the_fields_and_what_was_typed_stays(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        item = row(practice, draft, "escort")
        address = f"/plans/{draft.pk}/items/{item.pk}/"
        given = {
            **fields(manager.get(address).content.decode()),
            "title_de": "",
            "text_de": "Jemand <b>holt</b> Sie ab.",
            "days_before": "366",
            "time_of_day": "25:00",
            "c-mode": "all",
            "c0-fact": "sex",
            "c1-fact": "age",
            "c1-least": "60",
            "c1-below": "12",
            "do": "save",
        }
        html = manager.post(address, given).content.decode()
        for said in (
            "Say what it is called.",
            "Write a time of day, such as 18:00.",
            "Tick at least one answer.",
            "Nothing lies between these two numbers.",
            "Jemand &lt;b&gt;holt&lt;/b&gt; Sie ab.",
            'value="366"',
        ):
            assert said in html, said
        assert row(practice, draft, "escort").title == item.title

    @pytest.mark.parametrize("kind", ["document", "form", "acknowledgement", "staff_check", "information"])
    def test_a_prerequisite_of_every_kind_is_added_at_the_end(
        self, manager: Client, practice: Practice, draft: Plan, kind: str
    ) -> None:
        address = f"/plans/{draft.pk}/items/new/{kind}/"
        html = manager.get(address).content.decode()
        given = {**fields(html), "title_de": "Österliche Größe", "text_de": "Wozu", "do": "save"}
        response = manager.post(address, given)
        assert response.status_code == 302, response.content.decode()
        with tenancy.scope(practice.pk):
            last = draft.prerequisites.last()
            assert last is not None
            assert (last.key, last.kind, last.title) == (
                "oesterliche-groesse",
                kind,
                {"de": "Österliche Größe"},
            )
        assert manager.get(response["Location"]).status_code == 200
        assert manager.get(f"/plans/{draft.pk}/items/new/spell/").status_code == 404

    def test_an_answer_that_a_condition_asks_for_is_read_out_once(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            (plan,) = adoption.draft_pack("radiology", chosen=["CT nativ"], by=record.SYSTEM, now=now)
        html = manager.get(f"/plans/{plan.pk}/").content.decode()
        assert "“Are you pregnant, or could you be?”: Yes or I don&#x27;t know" in html

    def test_what_no_row_can_say_is_read_out_and_stays(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        when = {"all": [{"not": {"sex": ["male"]}}, {"any": [{"first_visit": True}, {"age": {"below": 12}}]}]}
        rule = {"days": 30, "limits": [{"when": {"not": {"insurance": ["private"]}}, "days": 7}]}
        with tenancy.scope(practice.pk):
            draft.prerequisites.filter(key="coagulation").update(condition=when, validity=rule)
        address = f"/plans/{draft.pk}/items/{row(practice, draft, 'coagulation').pk}/"
        html = unescape(manager.get(address).content.decode())
        assert "not: sex: male and (it is the first visit or the patient's age is below 12)" in html
        assert "If not: insurance: private: at most 7 days." in html
        given = {**fields(manager.get(address).content.decode()), "days_before": "8", "do": "save"}
        assert manager.post(address, given).status_code == 302
        saved = row(practice, draft, "coagulation")
        assert (saved.condition, saved.days_before) == (when, 8)
        assert saved.validity["limits"] == rule["limits"]
        manager.post(address, {**given, "seen": drafts.state_of(saved), "c-mode": "always"})
        assert row(practice, draft, "coagulation").condition == {}

    @pytest.mark.parametrize(
        "odd",
        [
            {"c-mode": "kept"},
            {"c-mode": "<b>"},
            {"c-mode": "all", "c0-fact": "history.weight", "c0-least": "1e999"},
            {"c-mode": "all", "c0-fact": "no.such", "c0-values": ["yes"]},
            {"l0-fact": "age", "l0-least": "60", "l0-days": "²"},
            {"title_de": "a\x00b"},
            {"title_de": "x" * 5000},
            {"days_before": "9" * 5000},
            {"kind": "spell", "audience": "moon"},
        ],
    )
    def test_odd_input_is_answered_and_breaks_nothing(
        self, manager: Client, practice: Practice, draft: Plan, odd: dict[str, Any]
    ) -> None:
        item = row(practice, draft, "coagulation")
        address = f"/plans/{draft.pk}/items/{item.pk}/"
        given = {**fields(manager.get(address).content.decode()), **odd}
        for do in ("preview", "form", "save", "add-condition", "drop-c0", "drop-²"):
            assert manager.post(address, {**given, "do": do}, headers=HTMX).status_code in (200, 302)
        assert manager.get(f"/plans/{draft.pk}/").status_code == 200

    def test_the_later_of_two_tabs_is_told_and_nothing_is_lost(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        item = row(practice, draft, "escort")
        address = f"/plans/{draft.pk}/items/{item.pk}/"
        stale = fields(manager.get(address).content.decode())
        assert manager.post(address, {**stale, "days_before": "4", "do": "save"}).status_code == 302
        html = manager.post(address, {**stale, "days_before": "5", "do": "save"}).content.decode()
        assert "Somebody changed this while you did." in html
        assert fields(html)["days_before"] == ["5"]
        assert row(practice, draft, "escort").days_before == 4
        assert manager.post(address, {**fields(html), "do": "save"}).status_code == 302
        assert row(practice, draft, "escort").days_before == 5

    def test_who_edits_what_was_removed_meanwhile_may_add_it_anew(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        item = row(practice, draft, "escort")
        address = f"/plans/{draft.pk}/items/{item.pk}/"
        stale = fields(manager.get(address).content.decode())
        manager.post(f"{address}remove/")
        html = manager.post(address, {**stale, "do": "save"}).content.decode()
        assert "Somebody removed this while you edited it." in html
        assert (
            manager.post(
                f"/plans/{draft.pk}/items/new/{item.kind}/", {**fields(html), "do": "save"}
            ).status_code
            == 302
        )
        with tenancy.scope(practice.pk):
            assert draft.prerequisites.filter(title__de=item.title["de"]).exists()

    def test_what_was_removed_comes_back_where_it_stood(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        with tenancy.scope(practice.pk):
            before = drafts.plan_state(draft)
        item = row(practice, draft, "coagulation")
        html = manager.post(f"/plans/{draft.pk}/items/{item.pk}/remove/", follow=True).content.decode()
        assert 'id="removed"' in html and "Undo" in html
        assert (
            "It was removed already."
            in manager.post(f"/plans/{draft.pk}/items/{item.pk}/remove/", follow=True).content.decode()
        )
        html = manager.post(f"/plans/{draft.pk}/restore/", follow=True).content.decode()
        assert "It is back, where it stood." in html and 'id="removed"' not in html
        with tenancy.scope(practice.pk):
            assert drafts.plan_state(Plan.objects.get(pk=draft.pk)) == before
        twice = manager.post(f"/plans/{draft.pk}/restore/", follow=True).content.decode()
        assert "nothing to bring back" in twice

    def test_order_is_changed_by_buttons(self, manager: Client, practice: Practice, draft: Plan) -> None:
        with tenancy.scope(practice.pk):
            first, second, *_ = draft.prerequisites.all()
        down = {"to": "down"}
        html = manager.post(f"/plans/{draft.pk}/items/{first.pk}/move/", down, headers=HTMX).content.decode()
        assert html.index(f"item-{second.pk}") < html.index(f"item-{first.pk}") and "<html" not in html
        manager.post(f"/plans/{draft.pk}/items/{second.pk}/move/", {"to": "up"})
        with tenancy.scope(practice.pk):
            assert [row.pk for row in draft.prerequisites.all()][:2] == [second.pk, first.pk]

    def test_questions_are_written_by_choices_and_their_keys_stay(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        form = row(practice, draft, "history")
        address = f"/plans/{draft.pk}/items/{form.pk}/questions/"
        html = manager.get(f"{address}new/").content.decode()
        given = {
            **fields(html),
            "label_de": "Wie schlafen Sie?",
            "type": "one_of",
            "choice-0-de": "Gut",
            "choice-0-en": "Well",
            "choice-1-de": "",
            "choice-1-en": "",
            "do": "save",
        }
        assert "Write at least two answers" in manager.post(f"{address}new/", given).content.decode()
        given |= {"choice-1-de": "Schlecht", "flag": "choice-1"}
        assert manager.post(f"{address}new/", given).status_code == 302
        question = row(practice, draft, "history").questions[-1]
        assert question["key"] == "wie-schlafen-sie" and question["flag"] == "schlecht"
        assert question["choices"] == [["gut", {"de": "Gut", "en": "Well"}], ["schlecht", {"de": "Schlecht"}]]
        html = manager.get(f"{address}wie-schlafen-sie/").content.decode()
        renamed = {**fields(html), "choice-1-de": "Gar nicht", "flag": "choice-1", "do": "save"}
        assert manager.post(f"{address}wie-schlafen-sie/", renamed).status_code == 302
        question = row(practice, draft, "history").questions[-1]
        assert question["choices"][1] == ["schlecht", {"de": "Gar nicht"}] and question["flag"] == "schlecht"
        manager.post(f"{address}wie-schlafen-sie/change/", {"to": "up"})
        assert row(practice, draft, "history").questions[-2]["key"] == "wie-schlafen-sie"
        manager.post(f"{address}wie-schlafen-sie/change/", {"to": "away"})
        assert "wie-schlafen-sie" not in [q["key"] for q in row(practice, draft, "history").questions]

    def test_bounds_that_hold_nothing_are_refused(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        form = row(practice, draft, "history")
        address = f"/plans/{draft.pk}/items/{form.pk}/questions/weight/"
        given = fields(manager.get(address).content.decode())
        html = manager.post(
            address, {**given, "minimum": "90", "maximum": "9", "do": "save"}
        ).content.decode()
        assert "This is below the smallest number." in html
        html = manager.post(address, {**given, "minimum": "viel", "do": "save"}).content.decode()
        assert "Write a number, or leave it empty." in html and 'value="viel"' in html

    def test_an_example_says_what_is_asked_and_by_when(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        address = f"/plans/{draft.pk}/"
        html = manager.get(address).content.decode()
        assert "not known yet" in html and "hangs on" in html
        answered = {
            "try-history.anticoagulants": "yes",
            "try-start": "2026-04-20T09:00",
            "try-booked": "2026-03-02T10:00",
            "try-born": "1950-01-01",
            "try-insurance": "statutory",
        }
        html = manager.get(address, answered, headers={**HTMX, "hx-target": "plan-preview"}).content.decode()
        assert ("not known yet" not in html and "by Fri 17 Apr, " in html) or "by " in html
        for odd in (
            {"try-start": "0001-01-01T00:00"},
            {"try-start": "x"},
            {"try-booked": "9999-12-31T23:59"},
        ):
            assert manager.get(address, odd).status_code == 200

    def test_a_published_version_is_not_edited(
        self, manager: Client, practice: Practice, draft: Plan, now: datetime
    ) -> None:
        item = row(practice, draft, "escort")
        address = f"/plans/{draft.pk}/items/{item.pk}/"
        stale = fields(manager.get(address).content.decode())
        with tenancy.scope(practice.pk):
            plan_versions.publish(plan_id=draft.pk, by=record.SYSTEM, now=now)
        html = manager.post(address, {**stale, "days_before": "5", "do": "save"}).content.decode()
        assert "published by now and is not changed any more" in html
        assert fields(html)["days_before"] == ["5"]
        assert manager.get(address).status_code == 302
        assert "published by now" in manager.post(f"{address}remove/", follow=True).content.decode()
        discarded = manager.post(f"/plans/{draft.pk}/discard/", follow=True).content.decode()
        assert "it is published by now" in discarded

    def test_a_draft_is_discarded(self, manager: Client, practice: Practice, draft: Plan) -> None:
        assert "is discarded" in manager.post(f"/plans/{draft.pk}/discard/", follow=True).content.decode()
        with tenancy.scope(practice.pk):
            assert not Plan.objects.exists()


class TestPublishing:
    @pytest.fixture
    def physician(self, practice: Practice) -> Client:
        return sign_in(Client(), practice, Role.PHYSICIAN, name="Dr. Fiktiva Beispiel")

    def sign(self, client: Client, plan: Plan) -> str:
        html = client.get(f"/plans/{plan.pk}/publish/").content.decode()
        seen = re.search(r'name="seen" value="([^"]+)"', html)
        given = {"do": "sign", "seen": seen[1] if seen else ""}
        return client.post(f"/plans/{plan.pk}/publish/", given, follow=True).content.decode()

    def test_only_a_physician_signs_and_the_manager_sees_who_must(
        self, manager: Client, practice: Practice, draft: Plan, physician: Client
    ) -> None:
        address = f"/plans/{draft.pk}/publish/"
        assert "Dr. Fiktiva Beispiel" in manager.get(address).content.decode()
        assert manager.post(address, {"do": "sign"}).status_code == 403
        html = manager.post(address, {"do": "publish"}, follow=True).content.decode()
        assert "a physician has to sign it off first" in html
        assert "Signed off with your name" in self.sign(physician, draft)
        assert "Signed off by Dr. Fiktiva Beispiel" in manager.get(address).content.decode()
        html = manager.post(address, {"do": "publish"}, follow=True).content.decode()
        assert "Version 1 is published." in html
        assert "published already" in manager.post(address, {"do": "publish"}, follow=True).content.decode()
        assert {"plan.drafted", "plan.signed_off", "plan.published"} <= set(events(practice))

    def test_without_a_physician_the_page_says_so(self, manager: Client, draft: Plan) -> None:
        html = manager.get(f"/plans/{draft.pk}/publish/").content.decode()
        assert "Nobody in your practice has the role of a physician" in html

    def test_what_was_changed_after_the_physician_looked_is_not_signed(
        self, manager: Client, practice: Practice, draft: Plan, physician: Client
    ) -> None:
        html = physician.get(f"/plans/{draft.pk}/publish/").content.decode()
        seen = re.search(r'name="seen" value="([^"]+)"', html)
        assert seen
        item = row(practice, draft, "escort")
        manager.post(f"/plans/{draft.pk}/items/{item.pk}/remove/")
        given = {"do": "sign", "seen": seen[1]}
        html = physician.post(f"/plans/{draft.pk}/publish/", given, follow=True).content.decode()
        assert "somebody changed the draft after you opened this page" in html
        self.sign(physician, draft)
        manager.post(f"/plans/{draft.pk}/restore/")
        with tenancy.scope(practice.pk):
            assert Plan.objects.get().signed_off_at is None, "any change takes the sign-off back"

    def test_problems_are_listed_by_field_with_links(
        self, manager: Client, practice: Practice, draft: Plan, physician: Client
    ) -> None:
        form = row(practice, draft, "history")
        with tenancy.scope(practice.pk):
            draft.prerequisites.filter(key="escort").update(condition={"wenn": "Mond"})
            draft.prerequisites.filter(key="history").update(questions=[])
        html = manager.get(f"/plans/{draft.pk}/publish/").content.decode()
        assert "This has to be mended first" in html
        assert f"/plans/{draft.pk}/items/{form.pk}/#questions" in html and "a form needs questions" in html
        assert "there is no condition" in html
        assert "there is something to mend first" in self.sign(physician, draft)
        page = manager.get(f"/plans/{draft.pk}/items/{row(practice, draft, 'escort').pk}/").content.decode()
        assert "be read, so it is always asked for" in page

    def test_changes_are_said_in_words_and_open_cases_follow(
        self, manager: Client, practice: Practice, draft: Plan, physician: Client, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            plan_versions.publish(plan_id=draft.pk, by=record.SYSTEM, now=now)
            type_ = draft.type
            for days in (20, 21):
                factories.AppointmentFactory(type=type_, start=now + timedelta(days=days))
        planning.advance_cases(practice_id=practice.pk, now=now)
        response = manager.post("/plans/new/", {"type": type_.pk})
        with tenancy.scope(practice.pk):
            second = Plan.objects.get(state=PlanState.DRAFT)
        assert response["Location"] == f"/plans/{second.pk}/"
        assert "Version 1 holds for 2 open cases" in manager.get(response["Location"]).content.decode()
        fasting = row(practice, second, "bowel-preparation")
        manager.post(f"/plans/{second.pk}/items/{fasting.pk}/remove/")
        talk = f"/plans/{second.pk}/items/{row(practice, second, 'referral').pk}/"
        given = fields(manager.get(talk).content.decode())
        manager.post(talk, {**given, "days_before": "9", "do": "save"})
        html = manager.get(f"/plans/{second.pk}/publish/").content.decode()
        assert "What changes against version 1" in html
        assert "not asked for any more" in html and "Due 9 days before the appointment" in html
        self.sign(physician, second)
        html = manager.post(f"/plans/{second.pk}/publish/", {"do": "publish"}, follow=True).content.decode()
        assert "2 open cases have an earlier version" in html
        assert "2 cases: “" in html and "is not needed any more" in html and "instead of" in html
        assert " stay as they are" in html
        with tenancy.scope(practice.pk):
            first, _other = Case.objects.order_by("pk")
        move = f"/plans/{second.pk}/cases/move/"
        assert "Nothing was moved" in manager.post(move, {"do": "chosen"}, follow=True).content.decode()
        html = manager.post(move, {"do": "chosen", "case": [first.pk, 10**30]}, follow=True).content.decode()
        assert "1 case was moved." in html and "1 open case has an earlier version" in html
        html = manager.post(move, {"do": "all"}, follow=True).content.decode()
        assert "1 case was moved." in html and "have this version" in html
        with tenancy.scope(practice.pk):
            assert set(Case.objects.values_list("plan_id", flat=True)) == {second.pk}
        assert events(practice).count("case.moved_to_version") == 2
        html = manager.post(f"/plans/{second.pk}/retire/", follow=True).content.decode()
        assert "Retired. Open cases keep it" in html
        assert (
            "not published any more"
            in manager.post(f"/plans/{second.pk}/retire/", follow=True).content.decode()
        )
        assert "plan.retired" in events(practice)

    def test_what_was_published_without_a_signature_is_signed_off_later(
        self, manager: Client, practice: Practice, physician: Client, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            plan, *_ = adoption.adopt_pack("gastroenterology", signed_off_by=None, by=record.SYSTEM, now=now)
        page = manager.get(f"/plans/{plan.pk}/").content.decode()
        assert "No physician has signed this plan off" in page and "/sign/" not in page
        assert manager.post(f"/plans/{plan.pk}/sign/").status_code == 403
        html = physician.get(f"/plans/{plan.pk}/").content.decode()
        seen = re.search(r'name="seen" value="([^"]+)"', html)
        assert seen
        html = physician.post(f"/plans/{plan.pk}/sign/", {"seen": seen[1]}, follow=True).content.decode()
        assert "Signed off with your name" in html and "No physician has signed" not in html
        again = physician.post(f"/plans/{plan.pk}/sign/", {"seen": seen[1]}, follow=True).content.decode()
        assert "It is signed off already." in again

    def test_more_plans_cost_no_more_queries(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert manager.get("/plans/").status_code == 200
            return len(captured)

        with tenancy.scope(practice.pk):
            adoption.adopt_pack("gastroenterology", signed_off_by=None, by=record.SYSTEM, now=now)
        queries()
        before = queries()
        with tenancy.scope(practice.pk):
            adoption.adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)
            adoption.draft_pack("radiology", by=record.SYSTEM, now=now)
        assert queries() <= before


class TestFiles:
    def test_what_is_wrong_is_said_beside_its_line_and_nothing_is_imported(
        self, client: Client, practice: Practice, draft: Plan
    ) -> None:
        german = sign_in(client, practice, Role.MANAGER, language="de")
        text = german.get(f"/plans/{draft.pk}/plan.yaml").content.decode()
        broken = text.replace("kind: document", "kind: dokument", 1).replace(
            "days_before: ", "days_befor: ", 1
        )
        html = unescape(german.post("/plans/import/", {"text": broken, "do": "import"}).content.decode())
        number = broken.split("\n").index("    kind: dokument") + 1
        assert f'<span class="plan-line__n">{number}</span>' in html
        assert (
            "„dokument“ ist keins von document, form" in html
            and "vielleicht ist „days_before“ gemeint" in html
        )
        assert "Nichts wurde importiert" in html and broken.strip() in html, "what was given stays"
        with tenancy.scope(practice.pk):
            assert Plan.objects.count() == 1

    def test_a_file_goes_out_and_comes_in_as_drafts(
        self, manager: Client, practice: Practice, draft: Plan
    ) -> None:
        response = manager.get(f"/plans/{draft.pk}/plan.yaml")
        assert "attachment" in response["Content-Disposition"]
        content = response.content
        other = factories.make_practice(name="Andere Praxis")
        theirs = sign_in(Client(), other, Role.PHYSICIAN)
        file = SimpleUploadedFile("pläne.yaml", content)
        html = theirs.post("/plans/import/", {"file": file, "do": "look"}).content.decode()
        assert "Koloskopie" in html and "A new appointment type." in html
        with tenancy.scope(other.pk):
            assert not Plan.objects.exists()
        given = {"text": content.decode(), "plan": ["Koloskopie"], "do": "import"}
        assert (
            "1 plan is here as a draft." in theirs.post("/plans/import/", given, follow=True).content.decode()
        )
        with tenancy.scope(other.pk):
            first = Plan.objects.get()
        again = theirs.post("/plans/import/", given, follow=True).content.decode()
        assert "these types have drafts already" in again
        theirs.post("/plans/import/", {**given, "replace": "yes"})
        with tenancy.scope(other.pk):
            assert Plan.objects.get().pk != first.pk
            assert drafts.plan_state(Plan.objects.get()) != ""

    def test_forms_go_out_as_questionnaires_and_published_plans_as_one_file(
        self, manager: Client, practice: Practice, draft: Plan, now: datetime
    ) -> None:
        bundle = manager.get(f"/plans/{draft.pk}/forms.json").json()
        assert [one["resource"]["resourceType"] for one in bundle["entry"]] == ["Questionnaire"]
        assert "no published plan" in manager.get("/plans/export/", follow=True).content.decode()
        with tenancy.scope(practice.pk):
            plan_versions.publish(plan_id=draft.pk, by=record.SYSTEM, now=now)
        assert manager.get("/plans/export/").content.startswith(b"format: treffa-plans/1")

    def test_nothing_and_too_much_are_refused_beside_the_field(self, manager: Client) -> None:
        assert "Choose a file, or paste its text." in manager.post("/plans/import/", {}).content.decode()
        large = SimpleUploadedFile("plans.yaml", b"x" * (512 * 1024 + 1))
        html = manager.post("/plans/import/", {"file": large}).content.decode()
        assert "The file is larger than 512 KB." in html
        html = manager.post(
            "/plans/import/", {"file": SimpleUploadedFile("a.yaml", b"\xff\xfe\x00")}
        ).content.decode()
        assert "Nothing was imported" in html


class TestWhatCannotBeRead:
    def test_it_is_asked_for_and_said_on_the_board_and_planning_goes_on(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            plan = factories.PlanFactory(type__name="MRT Knie")
            for key, rule in (("odd", {"wenn": "Mond"}), ("fine", {"age": {"at_least": 90}})):
                factories.PrerequisiteFactory(plan=plan, key=key, condition=rule)
            factories.PrerequisiteFactory(plan=plan, key="old", validity={"tage": 3})
            factories.AppointmentFactory(type=plan.type, start=now + timedelta(days=9))
            other = factories.AppointmentTypeFactory(name="CT", keywords=[])
            type_id, plan_type_id = other.pk, plan.type_id
        planning.advance_cases(practice_id=practice.pk, now=now)
        with tenancy.scope(practice.pk):
            asked = Case.objects.get().requirements.values_list("prerequisite__key", flat=True)
            assert set(asked) == {"odd", "old"}
        board = manager.get("/").content.decode()
        assert "2 things are asked for in every case" in board and "MRT Knie: Referral" in board
        html = manager.post(f"/types/{type_id}/plan/", {"type": plan_type_id}, follow=True).content.decode()
        assert "mend it under “Plans” first" in html
        with tenancy.scope(practice.pk):
            assert not Plan.objects.filter(type_id=type_id).exists()

    def test_what_the_referring_practice_has_to_send_says_that_nobody_is_written_to(
        self, manager: Client, practice: Practice, now: datetime
    ) -> None:
        with tenancy.scope(practice.pk):
            plan = factories.PlanFactory()
            factories.PrerequisiteFactory(plan=plan, key="letter", audience="referrer")
            factories.AppointmentFactory(type=plan.type, start=now + timedelta(days=2))
        planning.advance_cases(practice_id=practice.pk, now=now)
        assert "(from the referring practice, nobody is written to)" in manager.get("/").content.decode()
        with tenancy.scope(practice.pk):
            case = Case.objects.get()
        page = manager.get(f"/cases/{case.pk}/").content.decode()
        assert "nobody is written to, your practice asks for it" in page
        assert "Treffa writes to nobody about it" in manager.get(f"/plans/{plan.pk}/").content.decode()
