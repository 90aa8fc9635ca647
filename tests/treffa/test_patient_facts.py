"""Sex and insurance, which no calendar tells: staff enter them, and what hangs on them is asked for."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from appointments.models import Patient
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import planning
from prerequisites.models import Case
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]
NOT_KNOWN = "Not known yet"


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice)


@pytest.fixture
def case(practice: Practice, now: datetime) -> Case:
    """Of a plan that asks women for one thing and who pays themselves for another."""
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory()
        for key, rule in (
            ("always", {}),
            ("pregnancy", {"sex": ["female"]}),
            ("cost", {"all": [{"insurance": ["private", "self_pay"]}, {"age": {"at_least": 18}}]}),
        ):
            factories.PrerequisiteFactory(plan=plan, key=key, title={"de": key, "en": key}, condition=rule)
        factories.AppointmentFactory(type=plan.type, start=now + timedelta(days=9))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        return Case.objects.get()


def asked(case: Case) -> set[str]:
    with tenancy.scope(case.practice_id):
        open_ = case.requirements.exclude(state="withdrawn")
        return set(open_.values_list("prerequisite__key", flat=True))


def test_what_hangs_on_sex_and_insurance_is_asked_for_once_they_are_entered(
    staff: Client, practice: Practice, case: Case, now: datetime
) -> None:
    assert asked(case) == {"always"}
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    assert f"{NOT_KNOWN}: Sex, Insurance." in html
    said = {"sex": "female", "insurance": "self_pay"}
    html = staff.post(f"/cases/{case.pk}/facts/", said, follow=True).content.decode()
    assert "Saved" in html and NOT_KNOWN not in html
    planning.advance_cases(practice_id=practice.pk, now=now)
    assert asked(case) == {"always", "pregnancy", "cost"}
    staff.post(f"/cases/{case.pk}/facts/", {"sex": "male", "insurance": "statutory"})
    planning.advance_cases(practice_id=practice.pk, now=now)
    assert asked(case) == {"always"}
    with tenancy.scope(practice.pk):
        entries = RecordEntry.objects.filter(event="patient.facts").order_by("pk")
        key = Patient.objects.get().key()
        assert [record.personal(one, key=key) for one in entries] == [
            said,
            {"sex": "male", "insurance": "statutory"},
        ]


def test_a_case_is_not_ready_while_a_fact_is_missing_and_the_board_asks_for_it(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory()
        factories.PrerequisiteFactory(
            plan=plan, key="test", title={"en": "Pregnancy test"}, condition={"sex": ["female"]}
        )
        factories.PrerequisiteFactory(
            plan=plan, key="card", title={"en": "Card"}, condition={"insurance": ["private"]}, blocking=False
        )
        factories.AppointmentFactory(type=plan.type, start=now + timedelta(days=9))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
    assert (case.readiness, case.facts_missing) == ("to_review", ["sex"])
    page = "/?when=later"
    html = staff.get(page).content.decode()
    assert "Not known: Sex. It decides about: Pregnancy test" in html
    assert 'name="sex"' in html and 'name="insurance"' not in html
    address = f"/cases/{case.pk}/facts/"
    refused = staff.post(address, {"sex": "x", "board": "?when=later"}).content.decode()
    assert "field__error" in refused and f'id="case-{case.pk}"' in refused
    saved = staff.post(address, {"sex": "male", "board": "?when=later"})
    assert saved["Location"] == f"{page}#case-{case.pk}"
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        case.refresh_from_db()
        assert (case.readiness, case.facts_missing) == ("ready", [])
        assert Patient.objects.get().insurance == "unknown"


def test_a_date_of_birth_that_staff_enter_decides_what_hangs_on_the_age(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory()
        factories.PrerequisiteFactory(plan=plan, key="ecg", condition={"age": {"at_least": 60}})
        patient = factories.PatientFactory(birth_date=None)
        factories.AppointmentFactory(type=plan.type, patient=patient, start=now + timedelta(days=9))
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        case = Case.objects.get()
        assert case.facts_missing == ["age"]
    address = f"/cases/{case.pk}/facts/"
    later = (now + timedelta(days=1)).date().isoformat()
    assert "field__error" in staff.post(address, {"birth_date": later}).content.decode()
    staff.post(address, {"birth_date": "1950-02-03"})
    staff.post(address, {"birth_date": "1990-02-03"})  # from a tab that shows none yet: what is known stays
    planning.advance_cases(practice_id=practice.pk, now=now)
    assert asked(case) == {"ecg"}


def test_the_same_again_changes_and_records_nothing(staff: Client, practice: Practice, case: Case) -> None:
    for _ in range(2):
        staff.post(f"/cases/{case.pk}/facts/", {"sex": "female", "insurance": "unknown"})
    with tenancy.scope(practice.pk):
        assert RecordEntry.objects.filter(event="patient.facts").count() == 1


def test_what_is_no_sex_and_no_insurance_is_refused_beside_the_field(
    staff: Client, practice: Practice, case: Case
) -> None:
    html = staff.post(f"/cases/{case.pk}/facts/", {"sex": "x", "insurance": "gold"}).content.decode()
    assert html.count("field__error") == 2
    with tenancy.scope(practice.pk):
        assert Patient.objects.values_list("sex", "insurance").get() == ("unknown", "unknown")


def test_a_plan_that_hangs_on_neither_does_not_ask_staff_for_them(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.RequirementFactory().case
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    assert NOT_KNOWN not in html and f"/cases/{case.pk}/facts/" in html


def test_viewers_enter_nothing(client: Client, practice: Practice, case: Case) -> None:
    viewer = sign_in(client, practice, Role.VIEWER)
    assert f"/cases/{case.pk}/facts/" not in viewer.get(f"/cases/{case.pk}/").content.decode()
    assert viewer.post(f"/cases/{case.pk}/facts/", {"sex": "female", "insurance": ""}).status_code == 403
