"""Forms and answers as FHIR R4 says they are: required elements, types, extensions, translations, nothing empty."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practices import record, tenancy
from prerequisites import adoption, exchange, fhir, operations, packs, planning, queries
from prerequisites.answers import Question, QuestionType
from prerequisites.fhir import Form
from prerequisites.models import Case, Kind, Plan, Requirement
from tests.factories import AppointmentFactory, make_practice

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# hl7.org/fhir/R4/valueset-item-type.html, and the elements of R4's Questionnaire.item and its answers.
ITEM_TYPES = {"group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text",
              "url", "choice", "open-choice", "attachment", "reference", "quantity"}  # fmt: skip
ITEM = {"linkId", "definition", "code", "prefix", "text", "_text", "type", "enableWhen", "enableBehavior", "required",
        "repeats", "readOnly", "maxLength", "answerValueSet", "answerOption", "initial", "item", "extension"}  # fmt: skip
QUESTIONNAIRE = {"resourceType", "id", "language", "url", "identifier", "version", "name", "title", "_title", "status",
                 "subjectType", "date", "publisher", "description", "_description", "item"}  # fmt: skip
VALUES = {"boolean": "valueBoolean", "decimal": "valueDecimal", "date": "valueDate", "choice": "valueCoding",
          "text": "valueString"}  # fmt: skip
CODE = re.compile(r"[^\s]+( [^\s]+)*")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def form(*questions: Question, state: str = "published", title: dict[str, str] | None = None) -> Form:
    return Form(
        url="urn:treffa:form:1",
        version="3",
        state=state,
        key="contrast-questions",
        title=title or {"de": "Fragen", "fr": "Questions", "it": "Domande"},
        text={"de": "Kurz."},
        questions=questions,
        published_at=NOW,
    )


def question(kind: QuestionType, **more: Any) -> Question:
    return Question(key="q", type=kind, label={"de": "Frage?", "fr": "Question ?"}, **more)


def item_of(one: Question) -> dict[str, Any]:
    (item,) = fhir.questionnaire(form(one), languages=["de"])["item"]
    return dict(item)


def shipped() -> Iterator[tuple[str, Form]]:
    for name in packs.NAMES:
        for plan in packs.load(name).plans:
            for one in plan.prerequisites:
                if one.kind == "form":
                    yield f"{name}.{one.key}", form(*one.questions, title=dict(one.title))


def check_nothing_is_empty(node: Any) -> None:
    """FHIR's JSON has no empty arrays, objects, texts and no nulls."""
    assert node not in ([], {}, "", None)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        check_nothing_is_empty(child)


def check_extensions(node: Any) -> None:
    """Each has its url and either one value or parts."""
    if isinstance(node, dict):
        for one in node.get("extension", []):
            values = [key for key in one if key.startswith("value")]
            assert one["url"] and (len(values) == 1) != ("extension" in one), one
        for name, child in node.items():
            assert not name.startswith("_") or name[1:] in node, "a text's extension stands beside the text"
            check_extensions(child)
    for child in node if isinstance(node, list) else ():
        check_extensions(child)


def check_item(item: dict[str, Any], seen: set[str]) -> None:
    assert set(item) <= ITEM and item["type"] in ITEM_TYPES
    assert item["linkId"] not in seen, "que-2: link ids are unique within the questionnaire"
    seen.add(item["linkId"])
    if item["type"] == "display":
        assert not {"required", "repeats", "answerOption", "item"} & set(item), "que-6 and que-1"
    assert item["type"] == "choice" or "answerOption" not in item, "que-5"
    for option in item.get("answerOption", []):
        assert CODE.fullmatch(option["valueCoding"]["code"]) and option["valueCoding"]["display"]
    for child in item.get("item", []):
        check_item(child, seen)


@pytest.mark.parametrize(("name", "shown"), shipped())
def test_every_form_that_ships_is_a_questionnaire(name: str, shown: Form) -> None:
    resource = json.loads(json.dumps(fhir.questionnaire(shown, languages=["de", "fr"])))
    assert resource["resourceType"] == "Questionnaire" and set(resource) <= QUESTIONNAIRE
    assert resource["status"] in {"draft", "active", "retired", "unknown"}
    assert re.fullmatch(r"[A-Z]([A-Za-z0-9_]){0,254}", resource["name"]), "que-0"
    assert INSTANT.fullmatch(resource["date"]) and resource["subjectType"] == ["Patient"]
    check_nothing_is_empty(resource)
    check_extensions(resource)
    seen: set[str] = set()
    for item in resource["item"]:
        check_item(item, seen)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        (QuestionType.TEXT, "text"),
        (QuestionType.NUMBER, "decimal"),
        (QuestionType.DATE, "date"),
        (QuestionType.YES_NO, "boolean"),
    ],
)
def test_each_type_of_question_has_its_type_of_item(kind: QuestionType, type_: str) -> None:
    item = item_of(question(kind, required=False))
    assert (item["type"], item["required"], item["linkId"], item["text"]) == (type_, False, "q", "Frage?")
    assert "answerOption" not in item and "repeats" not in item


def test_choices_are_codings_with_their_text_in_each_language() -> None:
    choices = {"no": {"de": "Nein", "fr": "Non"}, "yes": {"de": "Ja", "fr": "Oui"}}
    one, many = (
        item_of(question(QuestionType.ONE_OF, choices=choices)),
        item_of(question(QuestionType.MANY_OF, choices=choices)),
    )
    assert [option["valueCoding"]["code"] for option in one["answerOption"]] == ["no", "yes"]
    assert one["type"] == many["type"] == "choice" and many["repeats"] is True and "repeats" not in one
    assert one["answerOption"][0]["valueCoding"]["_display"]["extension"] == [translation("fr", "Non")]


def translation(language: str, text: str) -> dict[str, Any]:
    return {
        "url": "http://hl7.org/fhir/StructureDefinition/translation",
        "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
    }


def test_a_number_carries_its_unit_and_bounds() -> None:
    item = item_of(question(QuestionType.NUMBER, unit="kg", minimum=20, maximum=350.5))
    base = "http://hl7.org/fhir/StructureDefinition"
    unit = {"system": "http://unitsofmeasure.org", "code": "kg", "display": "kg"}
    assert item["extension"] == [
        {"url": f"{base}/questionnaire-unit", "valueCoding": unit},
        {"url": f"{base}/minValue", "valueDecimal": 20},
        {"url": f"{base}/maxValue", "valueDecimal": 350.5},
    ]


def test_a_unit_that_is_not_coded_goes_as_text() -> None:
    (extension,) = item_of(question(QuestionType.NUMBER, unit="Tassen"))["extension"]
    assert extension["valueCoding"] == {"display": "Tassen"}


def test_the_help_is_a_display_beneath_its_question() -> None:
    (shown,) = item_of(question(QuestionType.TEXT, help={"de": "So.", "fr": "Ainsi."}))["item"]
    assert (shown["type"], shown["linkId"], shown["text"]) == ("display", "q.help", "So.")


def test_the_other_languages_stand_as_translations_of_the_first() -> None:
    resource = fhir.questionnaire(form(question(QuestionType.TEXT)), languages=["fr", "de"])
    assert (resource["language"], resource["title"]) == ("fr", "Questions")
    assert resource["_title"]["extension"] == [translation("de", "Fragen"), translation("it", "Domande")]
    assert resource["description"] == "Kurz." and "_description" not in resource


@pytest.mark.parametrize(
    ("state", "status"), [("draft", "draft"), ("published", "active"), ("retired", "retired")]
)
def test_a_plans_state_is_the_questionnaires_status(state: str, status: str) -> None:
    assert fhir.questionnaire(form(state=state), languages=[])["status"] == status


def response(*questions: Question, **answers: Any) -> dict[str, Any]:
    return fhir.questionnaire_response(
        form(*questions), answers, languages=["de"], subject="Patient/12", authored=NOW
    )


@pytest.mark.parametrize(
    ("kind", "given_", "answer"),
    [
        (QuestionType.TEXT, "Ausschlag", {"valueString": "Ausschlag"}),
        (QuestionType.NUMBER, "72,50", {"valueDecimal": 72.5}),
        (QuestionType.NUMBER, " 72 ", {"valueDecimal": 72}),
        (QuestionType.DATE, "2020-05-04", {"valueDate": "2020-05-04"}),
        (QuestionType.YES_NO, "yes", {"valueBoolean": True}),
        (QuestionType.YES_NO, "no", {"valueBoolean": False}),
    ],
)
def test_each_answer_has_the_value_of_its_question(
    kind: QuestionType, given_: str, answer: dict[str, Any]
) -> None:
    resource = response(question(kind), q=given_)
    assert resource["item"][0]["answer"] == [answer]
    assert resource["questionnaire"] == "urn:treffa:form:1|3" and resource["status"] == "completed"
    assert resource["subject"] == {"reference": "Patient/12"} and INSTANT.fullmatch(resource["authored"])
    check_nothing_is_empty(resource)
    check_extensions(resource)


def test_each_of_many_choices_is_an_answer() -> None:
    choices = {"a": {"de": "A"}, "b": {"de": "B"}, "c": {"de": "C"}}
    (item,) = response(question(QuestionType.MANY_OF, choices=choices), q=["a", "c"])["item"]
    assert [answer["valueCoding"]["code"] for answer in item["answer"]] == ["a", "c"]


@pytest.mark.parametrize("answers", [{}, {"q": ""}, {"q": "maybe"}, {"other": "yes"}])
def test_what_was_not_answered_is_left_out(answers: dict[str, str]) -> None:
    assert "item" not in response(question(QuestionType.YES_NO), **answers)


@given(st.decimals(min_value=-999_999, max_value=999_999, places=4, allow_nan=False))
def test_a_number_is_never_another_than_what_was_written(number: Any) -> None:
    (item,) = response(question(QuestionType.NUMBER), q=str(number).replace(".", ","))["item"]
    assert item["answer"][0]["valueDecimal"] == float(number)


@given(st.text(max_size=60), st.sampled_from(list(QuestionType)))
def test_no_answer_whatever_breaks_the_response(text: str, kind: QuestionType) -> None:
    choices = (
        {"a": {"de": "A"}, "b": {"de": "B"}} if kind in (QuestionType.ONE_OF, QuestionType.MANY_OF) else {}
    )
    resource = response(question(kind, choices=choices), q=text)
    for item in resource.get("item", []):
        assert set(item["answer"][0]) == {VALUES[fhir.TYPES[kind]]}
    json.dumps(resource)


@pytest.mark.django_db
def test_what_a_patient_handed_in_goes_out_as_a_response_to_the_form_of_its_plan() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        adoption.adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=NOW)
        plan = Plan.objects.get(type__name="CT mit Kontrastmittel")
        AppointmentFactory(type=plan.type)
    planning.advance_cases(practice_id=practice.pk, now=NOW)
    with tenancy.scope(practice.pk):
        asked = Requirement.objects.get(prerequisite__key="contrast-questions")
        answers = {"reaction": "no", "kidney": "no", "metformin": "yes", "thyroid": "no", "weight": "72,5"}
        operations.submit_answers(requirement_id=asked.pk, answers=answers, by=record.PATIENT, now=NOW)
        rows = queries.case_detail(Case.objects.get().pk).requirements
        given_ = [exchange.response(row, plan=plan) for row in rows]
        (resource,) = [one for one in given_ if one is not None]
        forms = [one for one in plan.prerequisites.all() if one.kind == Kind.FORM]
    assert resource["questionnaire"].endswith(f"form:{forms[0].key}|1")
    values = {item["linkId"]: item["answer"][0] for item in resource["item"]}
    assert values["metformin"] == {"valueBoolean": True} and values["weight"] == {"valueDecimal": 72.5}
    assert "reaction_text" not in values
