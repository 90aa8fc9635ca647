"""A plan with every kind of prerequisite, question and condition, as the patient's page shows it and asks for it."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from practices import tenancy
from practices.models import Practice
from prerequisites import planning
from prerequisites.models import Case, Requirement
from tests import factories
from tests.treffa.patients import Phone, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]
QUESTIONS: list[dict[str, Any]] = [
    {"key": "note", "type": "text", "label": {"en": "What happened?"}, "help": {"en": "In a few words."}},
    {"key": "weight", "type": "number", "label": {"en": "Weight?"}, "unit": "kg", "minimum": 20, "maximum": 350},
    {"key": "since", "type": "date", "label": {"en": "Since when?"}},
    {"key": "kidney", "type": "yes_no", "label": {"en": "Kidney disease?"}},
    {"key": "side", "type": "one_of", "label": {"en": "Which side?"}, "choices": [["l", {"en": "Left"}], ["r", {"en": "Right"}]]},
    {"key": "implants", "type": "many_of", "label": {"en": "What do you carry?"}, "choices": [["pacemaker", {"en": "Pacemaker"}], ["clips", {"en": "Clips"}]]},
]  # fmt: skip
PACEMAKER = {"answer": "questions.implants", "is": ["pacemaker"]}
HEAVY = {"answer": "questions.weight", "at_least": 120}
GOOD = {
    "q-note": "Fell", "q-weight": "72,5", "q-since-day": "1", "q-since-month": "2", "q-since-year": "2026",
    "q-kidney": "yes", "q-side": "l", "q-implants": ["pacemaker", "clips"],
}  # fmt: skip


@pytest.fixture
def case(practice: Practice, now: datetime) -> Case:
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory()
        asked: dict[str, dict[str, Any]] = {
            "questions": {"kind": "form", "questions": QUESTIONS},
            "card": {"condition": PACEMAKER, "may_be_brought": True},
            "look": {"condition": PACEMAKER, "kind": "staff_check", "audience": "practice"},
            "table": {"condition": HEAVY},
            "fasting": {"kind": "acknowledgement"},
            "parking": {"kind": "information", "blocking": False},
            "images": {"blocking": False},
            "letter": {"audience": "referrer"},
            "old": {"condition": {"age": {"at_least": 60}}},
            "young": {"condition": {"age": {"below": 60}}},
            "woman": {"condition": {"sex": ["female"]}},
            "private": {"condition": {"insurance": ["private"]}},
            "first": {"condition": {"first_visit": True}},
            "again": {"condition": {"first_visit": False}},
            "this": {"condition": {"type": [plan.type.name]}},
            "other": {"condition": {"type": ["MRT Kopf"]}},
        }
        for position, (key, more) in enumerate(asked.items()):
            said = {"title": {"en": f"Thing: {key}"}, "text": {"en": f"Why {key}"}}
            factories.PrerequisiteFactory(plan=plan, key=key, position=position, **{**said, **more})
        patient = factories.PatientFactory(language="en", sex="female", insurance="statutory")
        factories.AppointmentFactory(type=plan.type, patient=patient, start=now + timedelta(days=10))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        return Case.objects.get()


def shown(html: str) -> set[str]:
    """The things that the page names."""
    return {part.split("<")[0].split('"')[0].strip() for part in html.split("Thing: ")[1:]}


def number(case: Case, key: str) -> int:
    with tenancy.scope(case.practice_id):
        return Requirement.objects.get(prerequisite__key=key).pk


def test_what_holds_for_the_patient_is_on_their_page_and_nothing_else(practice: Practice, case: Case) -> None:
    page = text(Phone(case=case, practice=practice).identify())
    assert shown(page) == {"questions", "fasting", "parking", "images", "old", "woman", "first", "this"}


def test_each_kind_of_question_says_what_it_takes_and_answers_bring_what_hangs_on_them(
    practice: Practice, case: Case
) -> None:
    phone = Phone(case=case, practice=practice)
    phone.identify()
    form = number(case, "questions")
    pages = [unescape(text(phone.get(f"/p/{form}/questions/{one['key']}/"))) for one in QUESTIONS]
    for words in ("In a few words.", "kg", 'name="q-since-month"', 'type="radio"', 'type="checkbox"'):
        assert any(words in page for page in pages), words
    bad = {
        "weight": {"q-weight": "500"},
        "since": {"q-since-day": "31", "q-since-month": "2", "q-since-year": "2026"},
        "side": {"q-side": "x"},
    }
    for question in QUESTIONS:
        given = bad.get(question["key"], {})
        refused = unescape(text(phone.send(f"/p/{form}/questions/{question['key']}/", **given)))
        assert f'href="#q-{question["key"]}' in refused, question["key"]
    assert "350" in unescape(text(phone.send(f"/p/{form}/questions/weight/", **bad["weight"])))
    phone.answer(form, **GOOD)
    page = text(phone.get("/p/"))
    assert "card" in shown(page) and not shown(page) & {"look", "table", "letter"}
    with tenancy.scope(practice.pk):
        held = dict(case.requirements.values_list("prerequisite__key", "state"))
    assert held["questions"] == "submitted" and held["card"] == held["look"] == "open"
    assert "table" not in held


def test_what_was_booked_too_late_to_be_had_is_said_at_once_and_never_due_in_the_past(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory()
        factories.PrerequisiteFactory(plan=plan, key="lab", days_before=2, lead_days=3)
        factories.PrerequisiteFactory(plan=plan, key="card", days_before=5, may_be_brought=True)
        factories.PrerequisiteFactory(plan=plan, key="letter", days_before=5)
        factories.AppointmentFactory(type=plan.type, start=now + timedelta(days=2))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
        due = {one.prerequisite.key: one for one in case.requirements.select_related("prerequisite")}
    assert case.readiness == "not_performable"
    assert due["card"].bring_along
    assert all(one.deadline > now for one in due.values())
