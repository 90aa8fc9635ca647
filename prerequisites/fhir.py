"""Forms as FHIR R4 Questionnaire, answers as QuestionnaireResponse (hl7.org/fhir/R4/questionnaire.html). Pure:
questions and opened answers -> dictionaries that json.dumps takes.

Texts stand in the first of the languages; the others go by the translation extension. A number is a decimal with its unit
and bounds by extension, "many of" a choice that repeats. Answers stand in the order of the questions; what was not
answered, or is no answer to its question, is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from prerequisites.answers import YES, Answer, Question, QuestionType, check_answers

CORE = "http://hl7.org/fhir/StructureDefinition"
UCUM = "http://unitsofmeasure.org"
# Units as practices write them, in the code of UCUM; others go as text alone.
UNITS = {
    "kg": "kg", "g": "g", "cm": "cm", "m": "m", "mg/dl": "mg/dL", "mg/dL": "mg/dL", "µmol/l": "umol/L",
    "ml/min": "mL/min", "mmol/l": "mmol/L", "mmHg": "mm[Hg]", "%": "%", "°C": "Cel", "years": "a",
}  # fmt: skip
TYPES = {
    QuestionType.TEXT: "text",
    QuestionType.NUMBER: "decimal",
    QuestionType.DATE: "date",
    QuestionType.YES_NO: "boolean",
    QuestionType.ONE_OF: "choice",
    QuestionType.MANY_OF: "choice",
}
# Plans that are retired keep their forms; FHIR's words for how a form stands.
STATUS = {"draft": "draft", "published": "active", "retired": "retired"}

Resource = dict[str, Any]
Text = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of a version of a plan. `url` is its canonical address, the same for all versions; `state` is the plan's."""

    url: str
    version: str
    state: str
    key: str
    title: Text
    text: Text
    questions: Sequence[Question]
    published_at: datetime | None = None


def questionnaire(form: Form, *, languages: Sequence[str]) -> Resource:
    """The form as a Questionnaire; its own language is the first that the title has of `languages`."""
    language = _language(form.title, languages)
    types = {question.key: question.type for question in form.questions}
    return {
        "resourceType": "Questionnaire",
        "language": language,
        "url": form.url,
        "version": form.version,
        "name": form.key.title().replace("-", "").replace("_", ""),
        **_text("title", form.title, language),
        "status": STATUS[form.state],
        "subjectType": ["Patient"],
        **({"date": form.published_at.isoformat()} if form.published_at else {}),
        **_text("description", form.text, language),
        "item": [_item(question, language, types) for question in form.questions],
    }


def questionnaire_response(
    form: Form, answers: Mapping[str, Answer], *, languages: Sequence[str], subject: str, authored: datetime
) -> Resource:
    """What a patient answered. `subject` is a reference as FHIR writes it, such as "Patient/12"; `authored` is aware."""
    language = _language(form.title, languages)
    given = dict(answers)
    wrong = check_answers(form.questions, given)
    items = [
        {
            "linkId": question.key,
            **_text("text", question.label, language),
            "answer": list(_answers(question, given[question.key], language)),
        }
        for question in form.questions
        if given.get(question.key) and question.key not in wrong
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "language": language,
        "questionnaire": f"{form.url}|{form.version}",
        "status": "completed",
        "subject": {"reference": subject},
        "authored": authored.isoformat(),
        **({"item": items} if items else {}),
    }


def bundle(resources: Iterable[Resource]) -> Resource:
    """Several resources in one file."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def _item(question: Question, language: str, types: Mapping[str, QuestionType]) -> Resource:
    enabled = list(_enabled(question, types))
    item: Resource = {
        "extension": list(_extensions(question)),
        "linkId": question.key,
        **_text("text", question.label, language),
        "type": TYPES[question.type],
        "enableWhen": enabled,
        "enableBehavior": ("all" if len(question.when) > 1 else "any") if len(enabled) > 1 else [],
        "required": question.required,
        "repeats": question.type == QuestionType.MANY_OF,
        "answerOption": [
            {"valueCoding": _coding(key, text, language)} for key, text in question.choices.items()
        ],
        "item": [_help(question, language)] if question.help else [],
    }
    return {name: value for name, value in item.items() if value not in ([], False) or name == "required"}


def _enabled(question: Question, types: Mapping[str, QuestionType]) -> Iterable[Resource]:
    """On which answers to earlier questions it hangs."""
    for earlier, wanted in question.when.items():
        for answer in wanted:
            boolean = types.get(earlier) == QuestionType.YES_NO
            said = {"answerBoolean": answer == YES} if boolean else {"answerCoding": {"code": answer}}
            yield {"question": earlier, "operator": "=", **said}


def _help(question: Question, language: str) -> Resource:
    control = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}
    return {
        "extension": [
            {"url": f"{CORE}/questionnaire-itemControl", "valueCodeableConcept": {"coding": [control]}}
        ],
        "linkId": f"{question.key}.help",
        **_text("text", question.help, language),
        "type": "display",
    }


def _extensions(question: Question) -> Iterable[Resource]:
    if question.unit:
        coded = {"system": UCUM, "code": UNITS[question.unit]} if question.unit in UNITS else {}
        yield {"url": f"{CORE}/questionnaire-unit", "valueCoding": {**coded, "display": question.unit}}
    for name, bound in (("minValue", question.minimum), ("maxValue", question.maximum)):
        if bound is not None:
            yield {"url": f"{CORE}/{name}", "valueDecimal": _plain(bound)}


def _answers(question: Question, given: Answer, language: str) -> Iterable[Resource]:
    values = given if isinstance(given, list) else [given]
    match question.type:
        case QuestionType.NUMBER:
            yield {"valueDecimal": _plain(values[0])}
        case QuestionType.DATE:
            yield {"valueDate": values[0]}
        case QuestionType.YES_NO:
            yield {"valueBoolean": values[0] == YES}
        case QuestionType.ONE_OF | QuestionType.MANY_OF:
            for value in values:
                yield {"valueCoding": _coding(value, question.choices[value], language)}
        case _:
            yield {"valueString": values[0]}


def _coding(key: str, text: Text, language: str) -> Resource:
    return {"code": key, **_text("display", text, language)}


def _text(name: str, said: Text, language: str) -> Resource:
    """The text in one language, the others beside it; nothing where nothing is said."""
    if not said:
        return {}
    spoken = language if language in said else next(iter(said))
    others = [_translation(other, text) for other, text in said.items() if other != spoken]
    return {name: said[spoken], **({f"_{name}": {"extension": others}} if others else {})}


def _translation(language: str, text: str) -> Resource:
    return {
        "url": f"{CORE}/translation",
        "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
    }


def _language(said: Text, languages: Sequence[str]) -> str:
    return next((one for one in languages if one in said), next(iter(said), "de"))


def _plain(number: float | str) -> int | float:
    """A number as JSON writes it, with no more places than were given ("72,50" is 72.5)."""
    exact = Decimal(str(number).strip().replace(",", "."))
    return int(exact) if exact == exact.to_integral_value() else float(exact)
