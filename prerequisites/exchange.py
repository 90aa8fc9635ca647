"""Plans as files and files as plans: what the database holds of a plan, as a Pack of prerequisites.packs, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from practices.models import Practice
from prerequisites import fhir, packs
from prerequisites.answers import Question
from prerequisites.models import Kind, Plan, Prerequisite
from prerequisites.packs import Pack, PackPlan, PackPrerequisite
from prerequisites.queries import RequirementRow

PLAIN = (
    "key", "kind", "code", "audience", "icon", "blocking", "days_before", "working_days", "time_of_day", "lead_days",
    "may_be_brought", "by_physician", "condition", "validity", "source",
)  # fmt: skip


def exported(plans: Iterable[Plan]) -> str:
    """The plans as a file that can be imported, in all languages in which they say anything. Where some text lacks one of
    them, the file says so on top."""
    return packs.write(_pack(plans))


def _pack(plans: Iterable[Plan]) -> Pack:
    practice = Practice.objects.get()
    content = tuple(plan_content(plan) for plan in plans)
    languages = _languages(content, preferred=practice.languages)
    whole = Pack(name=dict.fromkeys(languages, practice.name), plans=content)
    return replace(whole, partial=bool(whole.incomplete))


def plan_content(plan: Plan) -> PackPlan:
    """A plan of the database with all that it asks for."""
    return PackPlan(
        type_name=plan.type.name,
        keywords=tuple(dict.fromkeys(plan.type.keywords)),
        prerequisites=tuple(prerequisite_content(one) for one in plan.prerequisites.all()),
    )


def prerequisite_content(row: Prerequisite) -> PackPrerequisite:
    """A prerequisite of the database. ValueError for questions that are none."""
    return PackPrerequisite(
        **{name: getattr(row, name) for name in PLAIN},
        title=_said(row.title),
        text=_said(row.text),
        questions=tuple(_question(content) for content in row.questions),
        checked=row.source_checked,
    )


def forms(plan: Plan) -> list[fhir.Form]:
    """The forms of a plan, as FHIR knows them."""
    return [form(row, plan) for row in plan.prerequisites.all() if row.kind == Kind.FORM]


def form(row: Prerequisite, plan: Plan) -> fhir.Form:
    """One form. Its address names the appointment type and the form; the plan's version is its own."""
    return fhir.Form(
        url=f"urn:treffa:practice:{plan.practice_id}:type:{plan.type_id}:form:{row.key}",
        version=str(plan.version),
        state=plan.state,
        key=row.key,
        title=_said(row.title),
        text=_said(row.text),
        questions=prerequisite_content(row).questions,
        published_at=plan.published_at,
    )


def responses(rows: Iterable[RequirementRow]) -> list[fhir.Resource]:
    """What a patient answered to the forms of a case, each by the version of the plan that it is of."""
    found = (response(row, plan=row.prerequisite.plan) for row in rows)
    return [one for one in found if one is not None]


def response(row: RequirementRow, *, plan: Plan) -> fhir.Resource | None:
    """What a patient answered to a form, as last handed in; None where nothing was. `row` is opened (queries.case_detail)."""
    patient_id = row.requirement.case.appointment.patient_id
    if row.prerequisite.kind != Kind.FORM or not row.answers or patient_id is None:
        return None
    return fhir.questionnaire_response(
        form(row.prerequisite, plan),
        row.answers,
        languages=Practice.objects.get().languages,
        subject=f"Patient/{patient_id}",
        authored=next(one.at for one in row.submissions if one.sealed_answers is not None),
    )


def rows_of(content: Sequence[PackPrerequisite], *, plan: Plan) -> list[Prerequisite]:
    """The rows of a plan to come, in order, not yet written."""
    return [
        Prerequisite(
            practice_id=plan.practice_id,
            plan=plan,
            position=position,
            **{name: getattr(one, name) for name in PLAIN},
            title=dict(one.title),
            text=dict(one.text),
            questions=[_stored(question) for question in one.questions],
            source_checked=one.checked,
        )
        for position, one in enumerate(content)
    ]


def _stored(question: Question) -> dict[str, Any]:
    """Choices as pairs: the database would put the keys of an object into an order of its own."""
    content = packs.said(question)
    if question.choices:
        content["choices"] = [[key, text] for key, text in question.choices.items()]
    return content


def _question(content: dict[str, Any]) -> Question:
    read = Question.from_dict(content)
    choices = {key: _said(text) for key, text in read.choices.items()}
    return Question(
        **{**vars(read), "label": _said(read.label), "help": _said(read.help), "choices": choices}
    )


def _said(texts: dict[str, str]) -> dict[str, str]:
    """Without languages in which nothing is said, and as the reader of files gives them."""
    read = {language: text.replace("\r\n", "\n").strip() for language, text in texts.items()}
    return {language: text for language, text in read.items() if text}


def _languages(plans: Iterable[PackPlan], *, preferred: Sequence[str]) -> list[str]:
    """The languages of the texts, the practice's first; the practice's own if there is no text."""
    used = {
        language for plan in plans for one in plan.prerequisites for text in one.said for language in text
    }
    used = used or set(preferred)
    return [one for one in dict.fromkeys((*preferred, *sorted(used))) if one in used]
