"""Adopting a pack: its types and plans become the practice's own, published and signed off."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from appointments.models import Appointment, AppointmentType
from practices import record, tenancy
from practices.models import User
from practices.nudge import nudge
from prerequisites import packs
from prerequisites.models import Plan, PlanState, Prerequisite

NOT_STORED = {"source", "checked"}


def adopt_pack(name: str, *, signed_off_by: User | None, by: record.Actor, now: datetime) -> list[Plan]:
    """Publishes the plans of a pack for the practice in scope. A type that has a published plan keeps it.
    Appointments of these types are planned afresh."""
    adopted = [_publish(plan, signed_off_by=signed_off_by, now=now) for plan in packs.load(name).plans]
    published = [plan for plan in adopted if plan is not None]
    data = {"pack": name, "plans": [plan.pk for plan in published]}
    record.write(record.Entry(event="pack.adopted", at=now, actor=by, data=data))
    types = [plan.type_id for plan in published]
    Appointment.objects.filter(type_id__in=types, end__gt=now).update(needs_planning=True)
    nudge(stage="cases", practice_id=tenancy.current())
    return published


def _publish(pack_plan: packs.PackPlan, *, signed_off_by: User | None, now: datetime) -> Plan | None:
    practice_id = tenancy.current()
    type_, _ = AppointmentType.objects.get_or_create(
        practice_id=practice_id,
        name=pack_plan.type_name,
        defaults={"keywords": list(pack_plan.keywords)},
    )
    if Plan.objects.filter(type=type_, state=PlanState.PUBLISHED).exists():
        return None
    plan = Plan.objects.create(
        practice_id=practice_id,
        type=type_,
        version=Plan.objects.filter(type=type_).count() + 1,
        state=PlanState.PUBLISHED,
        name=pack_plan.type_name,
        published_at=now,
        signed_off_by=signed_off_by,
        signed_off_at=now if signed_off_by else None,
    )
    Prerequisite.objects.bulk_create(
        Prerequisite(practice_id=practice_id, plan=plan, position=position, **_fields(prerequisite))
        for position, prerequisite in enumerate(pack_plan.prerequisites)
    )
    return plan


def _fields(prerequisite: packs.PackPrerequisite) -> dict[str, object]:
    fields = {key: value for key, value in asdict(prerequisite).items() if key not in NOT_STORED}
    return {**fields, "questions": [_question(question) for question in prerequisite.questions]}


def _question(content: dict[str, Any]) -> dict[str, Any]:
    """Choices as pairs: the database would put the keys of an object into an order of its own."""
    return {**content, "choices": list(content.get("choices", {}).items())}
