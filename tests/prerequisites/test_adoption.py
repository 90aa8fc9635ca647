"""A pack is looked at, drafted, adjusted, signed off by a physician and published; each practice gets it in its language."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256

import pytest
from django.db import connection

from appointments.models import AppointmentType
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import adoption, packs, plan_versions
from prerequisites.models import Plan, PlanState, Prerequisite
from prerequisites.plan_wording import wording
from tests.factories import AppointmentTypeFactory, UserFactory, make_practice

pytestmark = pytest.mark.django_db(transaction=True)
GASTRO = "gastroenterology"


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def test_a_preview_says_what_comes_and_what_is_there_and_writes_nothing(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        AppointmentTypeFactory(name="Colonoscopy")
        colonoscopy, gastroscopy = adoption.preview(packs.load(GASTRO))
        assert (colonoscopy.name, gastroscopy.name) == ("Colonoscopy", "Gastroskopie")
        assert colonoscopy.type is not None and gastroscopy.type is None
        assert "bowel-preparation" in [one.key for one in colonoscopy.prerequisites]
        assert not Plan.objects.exists() and AppointmentType.objects.count() == 1
        adoption.adopt_pack(GASTRO, signed_off_by=None, by=record.SYSTEM, now=now)
        adoption.draft_pack(GASTRO, chosen=["Gastroskopie"], by=record.SYSTEM, now=now)
        colonoscopy, gastroscopy = adoption.preview(packs.load(GASTRO))
        assert colonoscopy.published is not None and colonoscopy.draft is None
        assert gastroscopy.draft is not None and gastroscopy.draft.version == 2


def test_a_preview_says_in_which_language_of_the_practice_it_says_nothing(now: datetime) -> None:
    with tenancy.scope(make_practice(languages=["de", "es"]).pk):
        assert adoption.preview(packs.load(GASTRO))[0].missing == ("es",)


def test_chosen_plans_are_drafted_adjusted_signed_off_and_published(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        physician = UserFactory()
        (draft,) = adoption.draft_pack(GASTRO, chosen=["Koloskopie"], by=record.SYSTEM, now=now)
        assert (draft.state, draft.pack, draft.version) == (PlanState.DRAFT, GASTRO, 1)
        assert draft.type.keywords == list(packs.load(GASTRO).plans[0].keywords)
        draft.prerequisites.filter(key="coagulation").update(days_before=5)
        plan_versions.sign_off(plan_id=draft.pk, physician=physician, now=now)
        plan = plan_versions.publish(plan_id=draft.pk, by=record.staff(physician.pk), now=now)
        plan.refresh_from_db()
        assert (plan.signed_off_by, plan.signed_off_at, plan.published_at) == (physician, now, now)
        assert plan.prerequisites.get(key="coagulation").days_before == 5
        events = list(RecordEntry.objects.order_by("pk").values_list("event", flat=True))
        assert [e for e in events if e.startswith("plan.")] == [
            "plan.drafted",
            "plan.signed_off",
            "plan.published",
        ]


def test_however_a_plan_is_published_the_record_has_the_checksum_of_all_that_it_asks_for(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        (adopted, *_) = adoption.adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)
        (draft,) = adoption.draft_pack(GASTRO, chosen=["Koloskopie"], by=record.SYSTEM, now=now)
        published = plan_versions.publish(plan_id=draft.pk, by=record.SYSTEM, now=now)
        other = AppointmentTypeFactory()
        like = adoption.plan_like(
            type_id=other.pk,
            other_type_id=adopted.type_id,
            signed_off_by=None,
            by=record.SYSTEM,
            now=now,
        )
        assert like is not None
        told = RecordEntry.objects.filter(event="plan.published").values_list("data", flat=True)
        sums = {one["plan"]: one["sha256"] for one in told}
        assert sums.keys() == set(Plan.objects.filter(state="published").values_list("pk", flat=True))
        for plan in (adopted, published, like):
            text = wording(plan, Prerequisite.objects.filter(plan=plan))
            assert sums[plan.pk] == sha256(text.encode()).hexdigest()
        assert sums[adopted.pk] != sums[like.pk], "the name is part of it"


def test_what_is_adopted_carries_its_conditions_validity_and_sources(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        adoption.adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)
        egfr = Prerequisite.objects.get(key="egfr")
        assert egfr.condition == {"answer": "contrast-questions.metformin", "is": ["yes"]}
        assert egfr.validity["limits"][0]["days"] == 7 and egfr.code == "egfr"
        assert egfr.source and egfr.source_checked is not None
        check = Prerequisite.objects.get(key="metformin-check")
        assert check.by_physician and check.audience == "practice"
        for plan in Plan.objects.all():
            assert plan.pack == "radiology" and plan_versions.problems_of(plan) == []


@pytest.mark.parametrize(
    ("country", "language", "name", "validity"),
    [
        ("DE", "de", "Koloskopie", {"quarter": "warn"}),
        ("FR", "fr", "Coloscopie", {}),
        ("IT", "it", "Colonscopia", {"measured_at": "booking", "days": 180, "effect": "warn"}),
        ("CH", "fr", "Coloscopie", {}),
        ("IE", "en", "Colonoscopy", {}),
    ],
)
def test_a_practice_gets_the_pack_in_its_language_and_by_its_countrys_law(
    now: datetime, country: str, language: str, name: str, validity: dict[str, object]
) -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        Practice.objects.update(country=country, languages=[language])
        plans = adoption.adopt_pack(GASTRO, signed_off_by=None, by=record.SYSTEM, now=now)
        assert plans[0].type.name == name == plans[0].name
        asked = {one.key: one for one in plans[0].prerequisites.all()}
        assert asked["referral"].validity == validity
        assert ("anaesthesia-consultation" in asked) is (country == "FR")
        assert ("insurance-card" in asked) is (country == "DE")


def test_a_type_that_the_practice_knows_by_another_of_its_names_gets_the_plan(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        known = AppointmentTypeFactory(name="Colonoscopy", keywords=["colo"])
        plans = adoption.adopt_pack(GASTRO, signed_off_by=None, by=record.SYSTEM, now=now)
        assert plans[0].type == known
        known.refresh_from_db()
        assert (known.name, known.keywords) == ("Colonoscopy", ["colo"])


def test_two_who_draft_at_once_make_one_draft(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        adoption.adopt_pack(GASTRO, signed_off_by=None, by=record.SYSTEM, now=now)

    def draft(_: int) -> int:
        try:
            with tenancy.scope(practice.pk):
                return len(adoption.draft_pack(GASTRO, by=record.SYSTEM, now=now))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(draft, range(4))) == [0, 0, 0, 2]
    with tenancy.scope(practice.pk):
        assert Plan.objects.filter(state=PlanState.DRAFT).count() == 2


def test_two_who_adopt_a_new_pack_at_once_publish_it_once(practice: Practice, now: datetime) -> None:
    def adopt(_: int) -> int:
        try:
            with tenancy.scope(practice.pk):
                return len(adoption.adopt_pack(GASTRO, signed_off_by=None, by=record.SYSTEM, now=now))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(adopt, range(4))) == [0, 0, 0, 2]
