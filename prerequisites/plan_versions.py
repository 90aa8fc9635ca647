"""Versions of plans: a draft is made from the published one, changed, signed off by a physician and published; open cases
keep their version until they are moved to another, with a look at what would change.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from appointments import retyping
from appointments.models import AppointmentType
from practices import record, tenancy
from practices.models import User
from practices.nudge import nudge
from prerequisites import (
    case_facts,
    drafts,
    following,
    locking,
    plan_problems,
    plan_wording,
    queries,
    readiness,
)
from prerequisites.acts import NotAllowedError, StaleError
from prerequisites.following import Replanned
from prerequisites.models import Case, Plan, PlanState, Prerequisite, RequirementState
from prerequisites.replanning import summary

BATCH = 500


@dataclass(frozen=True, kw_only=True)
class CasePreview:
    """What a case's move to another version would change: the keys of prerequisites by event (`replanning.summary`), and
    the deadlines before and after of what is only due at another time; `kept`: how many requirements stay as they are."""

    case: Case
    changes: dict[str, list[str]]
    deadlines: dict[str, tuple[datetime, datetime]]
    kept: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a move of all open cases would change: how many cases there are, how many were `looked_at`, how many of these
    get which change (event, key), and the first of them one by one."""

    cases: int
    looked_at: int
    counts: dict[tuple[str, str], int]
    first: list[CasePreview]


def create_draft(*, type_id: int, by: record.Actor, now: datetime) -> Plan:
    """A draft of the type's next version: the one there is, else a copy of what is published, else an empty one."""
    type_ = AppointmentType.objects.select_for_update(no_key=True).get(pk=type_id)
    plans = Plan.objects.filter(type=type_)
    draft = plans.filter(state=PlanState.DRAFT).first()
    if draft is not None:
        return draft
    published = plans.filter(state=PlanState.PUBLISHED).first()
    draft = Plan.objects.create(
        practice_id=type_.practice_id,
        type=type_,
        version=(plans.aggregate(last=Max("version"))["last"] or 0) + 1,
        name=published.name if published else type_.name,
        pack=published.pack if published else "",
    )
    if published is not None:
        copy_prerequisites(of=published, to=draft)
    data = {"type": type_.pk, "plan": draft.pk, "version": draft.version}
    record.write(record.Entry(event="plan.drafted", at=now, actor=by, data=data))
    return draft


def copy_prerequisites(*, of: Plan, to: Plan) -> None:
    """What one plan asks for, for another one that is not published yet."""
    copies = list(of.prerequisites.all())
    for prerequisite in copies:
        prerequisite.pk, prerequisite.plan = None, to
    Prerequisite.objects.bulk_create(copies)


def discard_draft(*, plan_id: int, by: record.Actor, now: datetime) -> None:
    """Throws a draft away. StaleError if it is none any more."""
    found = Plan.objects.select_for_update(no_key=True).filter(pk=plan_id, state=PlanState.DRAFT).first()
    if found is None:
        raise StaleError
    found.delete()
    record.write(record.Entry(event="plan.discarded", at=now, actor=by, data={"plan": plan_id}))


def problems_of(plan: Plan) -> list[str]:
    """What is wrong with a plan's rules, in sentences; empty if it may be published."""
    return [str(problem) for problem in plan_problems.of_plan(plan)]


def sign_off(*, plan_id: int, physician: User, seen: str | None = None, now: datetime) -> None:
    """A physician of the practice vouches for a plan, with name and date; once. The caller knows that they are one. `seen`
    is the `drafts.plan_state` that they looked at: drafts.ChangedError if it asks for something else by now.
    StaleError if it was signed off meanwhile or is retired."""
    held = Plan.objects.select_for_update(no_key=True).filter(pk=plan_id).first()
    if held is not None and seen is not None and drafts.plan_state(held) != seen:
        raise drafts.ChangedError(gone=False)
    vouched = (
        Plan.objects.filter(pk=plan_id, signed_off_at=None)
        .exclude(state=PlanState.RETIRED)
        .update(signed_off_by=physician, signed_off_at=now)
    )
    if not vouched:
        raise StaleError
    record.write(signed(plan_id, physician_id=physician.pk, now=now))


def signed(plan_id: int, *, physician_id: int, now: datetime) -> record.Entry:
    """The record's entry of a physician's sign-off."""
    by = record.staff(physician_id)
    return record.Entry(event="plan.signed_off", at=now, actor=by, data={"plan": plan_id})


def publish(*, plan_id: int, by: record.Actor, now: datetime) -> Plan:
    """A draft becomes the version for new cases; the one before is retired, its cases keep it. NotAllowedError:
    "plan_empty", "plan_problems" (`problems_of` says which), "plan_unsigned" (what a person publishes a physician has
    signed off); StaleError if it is no draft any more."""
    type_id = Plan.objects.values_list("type_id", flat=True).get(pk=plan_id)
    AppointmentType.objects.select_for_update(no_key=True).get(pk=type_id)
    plan = Plan.objects.select_for_update(no_key=True).filter(pk=plan_id, state=PlanState.DRAFT).first()
    if plan is None:
        raise StaleError
    if not plan.prerequisites.exists():
        raise NotAllowedError("plan_empty")
    if problems_of(plan):
        raise NotAllowedError("plan_problems")
    if by.user_id is not None and plan.signed_off_at is None:
        raise NotAllowedError("plan_unsigned")
    before = Plan.objects.filter(type_id=type_id, state=PlanState.PUBLISHED)
    retired = list(before.values_list("pk", flat=True))
    before.update(state=PlanState.RETIRED, retired_at=now)
    plan.state, plan.published_at = PlanState.PUBLISHED, now
    plan.save(update_fields=("state", "published_at"))
    record.write(plan_wording.published(plan, by=by, now=now, retired=retired))
    retyping.plan_again([type_id], now=now)
    return plan


def retire(*, plan_id: int, by: record.Actor, now: datetime) -> None:
    """No case is opened by this plan any more; those there are keep it. StaleError if it is not published."""
    published = Plan.objects.filter(pk=plan_id, state=PlanState.PUBLISHED)
    if not published.update(state=PlanState.RETIRED, retired_at=now):
        raise StaleError
    record.write(record.Entry(event="plan.retired", at=now, actor=by, data={"plan": plan_id}))


def preview_move(*, plan_id: int, now: datetime, first: int = 50, most: int | None = None) -> Preview:
    """What would become of the open cases of the plan's type if they were moved to it; at least `most` of them are looked
    at, a page has no time for ten thousand. Nothing is written or locked."""
    plan = Plan.objects.get(pk=plan_id)
    counts: Counter[tuple[str, str]] = Counter()
    shown: list[CasePreview] = []
    total = looked_at = 0
    for case_ids in _open_cases(plan, now=now):
        total += len(case_ids)
        if most is not None and looked_at >= most:
            continue
        looked_at += len(case_ids)
        for one in _decided(case_ids, plan, now=now):
            changes = dict(summary(one.changes))
            counts.update((event, key) for event, keys in changes.items() for key in keys)
            if len(shown) < first:
                shown.append(
                    CasePreview(case=one.case, changes=changes, deadlines=_deadlines(one), kept=_kept(one))
                )
    return Preview(cases=total, looked_at=looked_at, counts=dict(counts), first=shown)


def _kept(one: Replanned) -> int:
    """What stands as it stood, under the new version's rules: no event, the same deadline."""
    touched = {
        change.before.id
        for change in one.changes
        if change.before is not None and (change.events or change.before.due != change.after.due)
    }
    return sum(
        pk not in touched and row["state"] != RequirementState.WITHDRAWN for pk, row in one.stored.items()
    )


def _deadlines(one: Replanned) -> dict[str, tuple[datetime, datetime]]:
    return {
        change.after.asked.key: (change.before.due.at, change.after.due.at)
        for change in one.changes
        if change.before is not None and not change.events and change.before.due != change.after.due
    }


def move_cases(
    *, practice_id: int, plan_id: int, case_ids: Sequence[int] | None = None, by: record.Actor, now: datetime
) -> int:
    """Moves open cases of the plan's type to this version: all of them, or those of `case_ids`. Returns how many. A batch
    is one transaction, so nobody waits long: open no scope around it. Moving again moves what is left."""
    with tenancy.scope(practice_id):
        plan = Plan.objects.get(pk=plan_id)
        if plan.state != PlanState.PUBLISHED:
            raise StaleError
        batches = list(_open_cases(plan, now=now, among=case_ids))
    return sum(_move_batch(practice_id, plan, batch, by=by, now=now) for batch in batches)


def _move_batch(
    practice_id: int, plan: Plan, case_ids: Sequence[int], *, by: record.Actor, now: datetime
) -> int:
    with tenancy.scope(practice_id):
        if not Plan.objects.filter(pk=plan.pk, state=PlanState.PUBLISHED).exists():
            return 0  # retired meanwhile: what was moved stays moved
        patients = Case.objects.filter(pk__in=case_ids).values_list("appointment__patient_id", flat=True)
        locking.lock_with_siblings(case_ids, patients=[pk for pk in patients if pk is not None])
        moved = _decided(case_ids, plan, now=now)
        record.write(*[_entry(one, by=by, now=now) for one in moved])
        following.follow(moved, by=by, now=now)
        readiness.refresh(case_ids=[one.case.pk for one in moved], now=now)
        nudge(stage="requests", practice_id=practice_id)
        return len(moved)


def _open_cases(plan: Plan, *, now: datetime, among: Sequence[int] | None = None) -> Iterator[Sequence[int]]:
    """The ids of the type's open cases that have another version, in batches."""
    found = queries.movable_cases(plan, now=now)
    if among is not None:
        found = found.filter(pk__in=among)
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _decided(case_ids: Sequence[int], plan: Plan, *, now: datetime) -> list[Replanned]:
    """What becomes of those that are still open and have not got it meanwhile."""
    cases = [
        case
        for case in following.cases_of(case_ids)
        if case.plan_id != plan.pk and case.plan.type_id == plan.type_id
    ]
    planned = case_facts.with_rules([plan])[plan.pk]
    return following.decide(cases, plans={case.pk: planned for case in cases}, now=now)


def _entry(one: Replanned, *, by: record.Actor, now: datetime) -> record.Entry:
    plan, before = one.plan, one.case.plan
    return record.Entry(
        event="case.moved_to_version",
        at=now,
        actor=by,
        case_id=one.case.pk,
        patient_id=one.case.appointment.patient_id,
        data={"plan": plan.pk, "version": plan.version, "from": before.pk, "from_version": before.version},
    )
