"""Versions of plans: published ones are never changed, open cases keep theirs until they are moved."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from appointments.models import Appointment
from practices import record, tenancy
from practices.models import Practice, RecordEntry
from prerequisites import operations, plan_versions, planning
from prerequisites.models import Case, Plan, PlanState, Prerequisite, Requirement
from tests.factories import AppointmentFactory, PlanFactory, PrerequisiteFactory, UserFactory, make_practice
from tests.prerequisites.owner import as_role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def publish_new_version(practice: Practice, plan: Plan, now: datetime, **changes: dict[str, object]) -> Plan:
    """The plan's next version: `changes` by key of the prerequisite, None takes it out."""
    with tenancy.scope(practice.pk):
        draft = plan_versions.create_draft(type_id=plan.type_id, by=record.SYSTEM, now=now)
        for key, fields in changes.items():
            held = draft.prerequisites.filter(key=key.replace("_", "-"))
            if fields is None:
                held.delete()
            elif not held.update(**fields):
                PrerequisiteFactory(plan=draft, key=key.replace("_", "-"), **fields)
        return plan_versions.publish(plan_id=draft.pk, by=record.SYSTEM, now=now)


def states(practice: Practice) -> dict[str, str]:
    with tenancy.scope(practice.pk):
        found = Requirement.objects.select_related("prerequisite")
        return {row.prerequisite.key: row.state for row in found}


def opened(practice: Practice, now: datetime, *keys: str) -> tuple[Plan, Appointment]:
    with tenancy.scope(practice.pk):
        plan = PlanFactory()
        for key in keys:
            PrerequisiteFactory(plan=plan, key=key)
        appointment = AppointmentFactory(type=plan.type)
    planning.advance_cases(practice_id=practice.pk, now=now)
    return plan, appointment


def move(practice: Practice, plan: Plan, now: datetime) -> int:
    return plan_versions.move_cases(practice_id=practice.pk, plan_id=plan.pk, by=record.SYSTEM, now=now)


@pytest.mark.parametrize("state", [PlanState.PUBLISHED, PlanState.RETIRED])
def test_the_database_lets_nobody_change_a_published_plan(practice: Practice, state: str) -> None:
    with tenancy.scope(practice.pk):
        plan = PlanFactory(state=state)
        item = PrerequisiteFactory(plan=plan)
    for change in (
        lambda: Plan.objects.filter(pk=plan.pk).update(name="Anders"),
        lambda: Plan.objects.filter(pk=plan.pk).update(state=PlanState.DRAFT),
        lambda: Plan.objects.filter(pk=plan.pk).delete(),
        lambda: Prerequisite.objects.filter(pk=item.pk).update(blocking=False),
        lambda: Prerequisite.objects.filter(pk=item.pk).delete(),
        lambda: PrerequisiteFactory(plan=plan),
    ):
        with pytest.raises(IntegrityError), tenancy.scope(practice.pk):
            change()
    with tenancy.scope(practice.pk):
        assert Prerequisite.objects.get() == item


def test_a_published_plan_may_be_signed_off_once_and_retired(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        plan, physician = PlanFactory(), UserFactory()
    with tenancy.scope(practice.pk):
        plan_versions.sign_off(plan_id=plan.pk, physician=physician, now=now)
    with pytest.raises(operations.StaleError), tenancy.scope(practice.pk):
        plan_versions.sign_off(plan_id=plan.pk, physician=UserFactory(), now=now)
    with pytest.raises(IntegrityError), tenancy.scope(practice.pk):
        Plan.objects.filter(pk=plan.pk).update(signed_off_at=None)
    with tenancy.scope(practice.pk):
        plan_versions.retire(plan_id=plan.pk, by=record.SYSTEM, now=now)
        plan = Plan.objects.get()
        assert (plan.state, plan.retired_at, plan.signed_off_by) == (PlanState.RETIRED, now, physician)


def test_the_owner_may_mend_a_plan_and_the_operator_delete_a_practice(practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        PrerequisiteFactory(plan=PlanFactory())
    for role, statement in (
        ("OWNER", "UPDATE prerequisites_prerequisite SET icon = 'flask-conical'"),
        ("OPERATOR", "DELETE FROM prerequisites_prerequisite"),
        ("OPERATOR", "DELETE FROM prerequisites_plan"),
    ):
        assert as_role(role, statement, practice_id=practice.pk) == 1
    with pytest.raises(Exception, match="not changed"):
        with tenancy.scope(practice.pk):
            PrerequisiteFactory(plan=PlanFactory())
        as_role("OPERATOR", "UPDATE prerequisites_prerequisite SET blocking = false", practice_id=practice.pk)


def test_what_is_put_into_a_draft_while_it_is_published_is_refused(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        plan = PlanFactory(state=PlanState.DRAFT, published_at=None)
        PrerequisiteFactory(plan=plan)

    def add() -> bool:
        try:
            with tenancy.scope(practice.pk):
                PrerequisiteFactory(plan=plan)
        except IntegrityError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(1) as other, tenancy.scope(practice.pk):
        plan_versions.publish(plan_id=plan.pk, by=record.SYSTEM, now=now)
        adding = other.submit(add)
        with pytest.raises(TimeoutError):
            adding.result(timeout=0.3)
    with tenancy.scope(practice.pk):
        assert not adding.result(timeout=10)
        assert Prerequisite.objects.count() == 1


def test_a_case_keeps_its_version_until_it_is_moved(practice: Practice, now: datetime) -> None:
    plan, _ = opened(practice, now, "referral", "creatinine")
    new = publish_new_version(practice, plan, now, creatinine=None, card={})
    planning.advance_cases(practice_id=practice.pk, now=now)
    assert states(practice) == {"referral": "open", "creatinine": "open"}
    with tenancy.scope(practice.pk):
        preview = plan_versions.preview_move(plan_id=new.pk, now=now)
        assert preview.cases == 1
        assert preview.counts == {("added", "card"): 1, ("withdrawn", "creatinine"): 1}
        assert Case.objects.get().plan == plan, "a look changes nothing"
    assert move(practice, new, now) == 1
    assert states(practice) == {"referral": "open", "creatinine": "withdrawn", "card": "open"}
    with tenancy.scope(practice.pk):
        assert Case.objects.get().plan == new
        events = set(RecordEntry.objects.values_list("event", flat=True))
        assert {"case.moved_to_version", "requirement.added", "requirement.withdrawn"} <= events
    assert move(practice, new, now) == 0, "moving again moves nothing"


def test_a_new_version_is_for_new_cases_and_retires_the_old_one(practice: Practice, now: datetime) -> None:
    plan, _ = opened(practice, now, "referral")
    new = publish_new_version(practice, plan, now, card={})
    with tenancy.scope(practice.pk):
        assert Plan.objects.get(pk=plan.pk).state == PlanState.RETIRED
        AppointmentFactory(type=plan.type)
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        assert set(Case.objects.values_list("plan_id", flat=True)) == {plan.pk, new.pk}


def test_a_form_that_asks_more_is_asked_again_and_one_that_asks_the_same_is_not(
    practice: Practice, now: datetime
) -> None:
    def question(key: str) -> dict[str, object]:
        return {"key": key, "type": "yes_no", "label": {"de": key}, "choices": []}

    with tenancy.scope(practice.pk):
        plan = PlanFactory()
        for key in ("same", "more"):
            PrerequisiteFactory(plan=plan, key=key, kind="form", questions=[question("a")])
        AppointmentFactory(type=plan.type)
    planning.advance_cases(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        for row in Requirement.objects.all():
            operations.submit_answers(requirement_id=row.pk, answers={"a": "no"}, by=record.PATIENT, now=now)
    again = {"questions": [question("a"), question("b")]}
    new = publish_new_version(practice, plan, now, same={"icon": "info"}, more=again)
    move(practice, new, now)
    assert states(practice) == {"same": "submitted", "more": "open"}
    with tenancy.scope(practice.pk):
        row = Requirement.objects.get(prerequisite__key="more")
        assert row.lapsed_at == now and row.submissions.count() == 1, "nothing is lost"


def test_a_plan_whose_conditions_lead_nowhere_is_not_published(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        plan = PlanFactory(state=PlanState.DRAFT, published_at=None)
        with pytest.raises(operations.NotAllowedError, match="plan_empty"):
            plan_versions.publish(plan_id=plan.pk, by=record.SYSTEM, now=now)
        PrerequisiteFactory(plan=plan, key="lab", condition={"answer": "form.metformin", "is": ["yes"]})
        assert plan_versions.problems_of(plan) == ["lab: there is no question form.metformin in this plan"]
        with pytest.raises(operations.NotAllowedError, match="plan_problems"):
            plan_versions.publish(plan_id=plan.pk, by=record.SYSTEM, now=now)


def test_cases_that_are_over_are_not_moved(practice: Practice, now: datetime) -> None:
    plan, appointment = opened(practice, now, "referral")
    new = publish_new_version(practice, plan, now, card={})
    assert move(practice, new, appointment.end + timedelta(hours=1)) == 0


def test_a_draft_is_made_once_and_can_be_thrown_away(practice: Practice, now: datetime) -> None:
    plan, _ = opened(practice, now, "referral")
    with tenancy.scope(practice.pk):
        drafts = {
            plan_versions.create_draft(type_id=plan.type_id, by=record.SYSTEM, now=now).pk for _ in range(2)
        }
        assert len(drafts) == 1
        plan_versions.discard_draft(plan_id=drafts.pop(), by=record.SYSTEM, now=now)
        assert Plan.objects.get() == plan
