"""What a patient answered goes out of a case as FHIR QuestionnaireResponses."""

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client

from practices import record, tenancy
from practices.models import Practice, Role
from prerequisites import adoption, operations, planning
from prerequisites.models import Case, Requirement
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]
ANSWERS = {"reaction": "no", "kidney": "no", "metformin": "yes", "thyroid": "no", "weight": "72,5"}


@pytest.fixture
def case(practice: Practice, now: datetime) -> Case:
    with tenancy.scope(practice.pk):
        plans = adoption.adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)
        plan = next(one for one in plans if one.name == "CT mit Kontrastmittel")
        factories.AppointmentFactory(type=plan.type, start=now + timedelta(days=9))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        return Case.objects.get()


def test_a_cases_answers_are_downloaded_as_questionnaire_responses(
    client: Client, practice: Practice, case: Case, now: datetime
) -> None:
    staff = sign_in(client, practice)
    address = f"/cases/{case.pk}/answers.json"
    assert address not in staff.get(f"/cases/{case.pk}/").content.decode()  # nothing is answered yet
    assert staff.get(address).status_code == 404
    with tenancy.scope(practice.pk):
        form = Requirement.objects.get(prerequisite__key="contrast-questions")
        operations.submit_answers(requirement_id=form.pk, answers=ANSWERS, by=record.PATIENT, now=now)
        type_id = case.plan.type_id
    assert address in staff.get(f"/cases/{case.pk}/").content.decode()
    answer = staff.get(address)
    assert answer["Content-Type"].startswith("application/fhir+json")
    assert answer["Cache-Control"] == "private, no-store" and "attachment" in answer["Content-Disposition"]
    bundle = json.loads(answer.content)
    (resource,) = [entry["resource"] for entry in bundle["entry"]]
    named = f"urn:treffa:practice:{practice.pk}:type:{type_id}:form:contrast-questions|1"
    assert (resource["resourceType"], resource["questionnaire"]) == ("QuestionnaireResponse", named)
    given = {item["linkId"]: item["answer"][0] for item in resource["item"]}
    assert given["weight"] == {"valueDecimal": 72.5} and given["metformin"] == {"valueBoolean": True}


def test_viewers_take_no_answers_out(client: Client, practice: Practice, case: Case) -> None:
    viewer = sign_in(client, practice, Role.VIEWER)
    assert viewer.get(f"/cases/{case.pk}/answers.json").status_code == 403
