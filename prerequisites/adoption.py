"""Where plans come from: a pack that is adopted, or another type's plan. Published, and signed off by a physician."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from appointments import retyping
from appointments.known_types import type_index
from appointments.models import AppointmentType
from practices import record, tenancy
from practices.models import User
from prerequisites import packs
from prerequisites.models import Plan, PlanState, Prerequisite

NOT_STORED = {"source", "checked"}


def adopt_pack(name: str, *, signed_off_by: User | None, by: record.Actor, now: datetime) -> list[Plan]:
    """Publishes the plans of a pack for the practice in scope. A type that has a published plan keeps it.
    Appointments of these types are planned afresh, and those that are known by its types' words now."""
    retyping.hold()
    before = type_index()
    adopted = [_publish(plan, signed_off_by=signed_off_by, now=now) for plan in packs.load(name).plans]
    published = [plan for plan in adopted if plan is not None]
    data = {"pack": name, "plans": [plan.pk for plan in published]}
    record.write(record.Entry(event="pack.adopted", at=now, actor=by, data=data))
    retyping.plan_again([plan.type_id for plan in published], now=now)
    found = retyping.changes(before=before, after=type_index(), now=now)
    retyping.retype(found, by=by, now=now)
    return published


def plan_like(
    *, type_id: int, other_type_id: int, signed_off_by: User | None, by: record.Actor, now: datetime
) -> Plan | None:
    """Publishes for a type without a plan what another type's plan asks for. None if the one has a plan by now or the
    other has none. Appointments of the type are planned afresh."""
    type_ = AppointmentType.objects.select_for_update(no_key=True).get(pk=type_id)
    model = Plan.objects.filter(type_id=other_type_id, state=PlanState.PUBLISHED).first()
    if model is None or Plan.objects.filter(type=type_, state=PlanState.PUBLISHED).exists():
        return None
    plan = _new_plan(type_, signed_off_by=signed_off_by, now=now)
    prerequisites = list(model.prerequisites.all())
    for prerequisite in prerequisites:
        prerequisite.pk, prerequisite.plan = None, plan
    Prerequisite.objects.bulk_create(prerequisites)
    data = {"type": type_.pk, "plan": plan.pk, "like": model.pk}
    record.write(record.Entry(event="plan.published", at=now, actor=by, data=data))
    retyping.plan_again([type_.pk], now=now)
    return plan


def _publish(pack_plan: packs.PackPlan, *, signed_off_by: User | None, now: datetime) -> Plan | None:
    practice_id = tenancy.current()
    type_, _ = AppointmentType.objects.get_or_create(
        practice_id=practice_id,
        name=pack_plan.type_name,
        defaults={"keywords": list(pack_plan.keywords)},
    )
    if Plan.objects.filter(type=type_, state=PlanState.PUBLISHED).exists():
        return None
    plan = _new_plan(type_, signed_off_by=signed_off_by, now=now)
    Prerequisite.objects.bulk_create(
        Prerequisite(practice_id=practice_id, plan=plan, position=position, **_fields(prerequisite))
        for position, prerequisite in enumerate(pack_plan.prerequisites)
    )
    return plan


def _new_plan(type_: AppointmentType, *, signed_off_by: User | None, now: datetime) -> Plan:
    return Plan.objects.create(
        practice_id=type_.practice_id,
        type=type_,
        version=Plan.objects.filter(type=type_).count() + 1,
        state=PlanState.PUBLISHED,
        name=type_.name,
        published_at=now,
        signed_off_by=signed_off_by,
        signed_off_at=now if signed_off_by else None,
    )


def _fields(prerequisite: packs.PackPrerequisite) -> dict[str, object]:
    fields = {key: value for key, value in asdict(prerequisite).items() if key not in NOT_STORED}
    return {**fields, "questions": [_question(question) for question in prerequisite.questions]}


def _question(content: dict[str, Any]) -> dict[str, Any]:
    """Choices as pairs: the database would put the keys of an object into an order of its own."""
    return {**content, "choices": list(content.get("choices", {}).items())}
