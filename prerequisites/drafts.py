"""Changing a draft: what it asks for is added, edited, ordered and removed. Whoever changes what somebody else changed
meanwhile is told. A physician signs what they saw: any change takes the sign-off back.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.text import slugify

from practices import record
from prerequisites import exchange
from prerequisites.acts import NotAllowedError, StaleError
from prerequisites.models import Plan, PlanState, Prerequisite
from prerequisites.packs import PackPrerequisite

MOST_PREREQUISITES = 60
LONGEST_KEY = 40
SPELT = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))
CONTENT = (
    "kind", "code", "audience", "title", "text", "icon", "blocking", "days_before", "working_days", "time_of_day",
    "lead_days", "questions", "may_be_brought", "by_physician", "condition", "validity", "source", "source_checked",
)  # fmt: skip


class ChangedError(Exception):
    """Somebody else changed (`gone`: removed) it meanwhile."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__()
        self.gone = gone


def state_of(row: Prerequisite) -> str:
    """Changes with everything that editing changes."""
    return _digest([getattr(row, name) for name in CONTENT])


def plan_state(plan: Plan) -> str:
    """Changes with everything that a plan asks for: a physician signs what has this state."""
    return _digest([[row.key, *(getattr(row, name) for name in CONTENT)] for row in plan.prerequisites.all()])


def _digest(content: object) -> str:
    said = json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def add(*, plan_id: int, content: PackPrerequisite, by: record.Actor, now: datetime) -> Prerequisite:
    """A further prerequisite at the end; its key is made of its title. StaleError where there is no such draft any more,
    NotAllowedError("too_many")."""
    plan = _held(plan_id)
    keys = set(plan.prerequisites.values_list("key", flat=True))
    if len(keys) >= MOST_PREREQUISITES:
        raise NotAllowedError("too_many", most=MOST_PREREQUISITES)
    (row,) = exchange.rows_of([content], plan=plan)
    row.key, row.position = free_key(next(iter(content.title.values()), content.kind), keys), _last(plan) + 1
    row.save(force_insert=True)
    _changed(plan, row.key, "added", by=by, now=now)
    return row


def edit(
    *,
    plan_id: int,
    prerequisite_id: int,
    content: PackPrerequisite,
    seen: str,
    by: record.Actor,
    now: datetime,
) -> Prerequisite:
    """Puts other content in place; key and position stay. `seen` is the `state_of` what the content was made from:
    ChangedError if it is another by now. StaleError where there is no such draft any more."""
    plan = _held(plan_id)
    held = _row(plan, prerequisite_id)
    if state_of(held) != seen:
        raise ChangedError(gone=False)
    (row,) = exchange.rows_of([content], plan=plan)
    fields = [name for name in CONTENT if getattr(row, name) != getattr(held, name)]
    row.pk, row.key, row.position = held.pk, held.key, held.position
    if fields:
        row.save(force_update=True)
        _changed(plan, row.key, "edited", by=by, now=now, fields=fields)
    return row


def move(*, plan_id: int, prerequisite_id: int, up: bool, by: record.Actor, now: datetime) -> None:
    """One place up or down; at the end nothing happens."""
    plan = _held(plan_id)
    row = _row(plan, prerequisite_id)
    order = list(plan.prerequisites.all())
    place = next(n for n, one in enumerate(order) if one.pk == row.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    _number(order)
    _changed(plan, row.key, "moved", by=by, now=now)


def remove(*, plan_id: int, prerequisite_id: int, by: record.Actor, now: datetime) -> dict[str, Any]:
    """Takes it out of the draft. Returns what `restore` needs to bring it back, as JSON knows it."""
    plan = _held(plan_id)
    row = _row(plan, prerequisite_id)
    kept = {name: getattr(row, name) for name in ("key", "position", *CONTENT)}
    row.delete()
    _changed(plan, row.key, "removed", by=by, now=now)
    content: dict[str, Any] = json.loads(json.dumps(kept, cls=DjangoJSONEncoder))
    return content


def restore(*, plan_id: int, kept: dict[str, Any], by: record.Actor, now: datetime) -> Prerequisite | None:
    """Brings back what `remove` took out, where it stood. None if there is one of its key again."""
    plan = _held(plan_id)
    order = list(plan.prerequisites.all())
    if any(row.key == kept["key"] for row in order):
        return None
    row = Prerequisite.objects.create(practice_id=plan.practice_id, plan=plan, **kept)
    order.insert(min(kept["position"], len(order)), row)
    _number(order)
    _changed(plan, row.key, "restored", by=by, now=now)
    return row


def free_key(title: str, taken: set[str]) -> str:
    """A key of a title that no other one has."""
    spelt = reduce(lambda text, pair: text.replace(*pair), SPELT, title.lower())
    key = slugify(spelt).replace("_", "-")[: LONGEST_KEY - 4].strip("-") or "item"
    numbered = (f"{key}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (key, *numbered) if one not in taken)


def _held(plan_id: int) -> Plan:
    """The draft, locked. StaleError if it is none any more."""
    held = Plan.objects.select_for_update(no_key=True).filter(pk=plan_id, state=PlanState.DRAFT).first()
    if held is None:
        raise StaleError
    return held


def _row(plan: Plan, prerequisite_id: int) -> Prerequisite:
    row = plan.prerequisites.filter(pk=prerequisite_id).first()
    if row is None:
        raise ChangedError(gone=True)
    return row


def _last(plan: Plan) -> int:
    return max(plan.prerequisites.values_list("position", flat=True), default=-1)


def _number(order: Sequence[Prerequisite]) -> None:
    for place, row in enumerate(order):
        row.position = place
    Prerequisite.objects.bulk_update(order, ("position",))


def _changed(
    plan: Plan, key: str, what: str, *, by: record.Actor, now: datetime, fields: Sequence[str] = ()
) -> None:
    """Into the record; and what a physician signed is another by now."""
    signed = plan.signed_off_at is not None
    if signed:
        Plan.objects.filter(pk=plan.pk).update(signed_off_by=None, signed_off_at=None)
    data: dict[str, Any] = {"plan": plan.pk, "prerequisite": key, "what": what}
    data |= {"fields": list(fields)} if fields else {}
    data |= {"sign_off_withdrawn": True} if signed else {}
    record.write(record.Entry(event="plan.changed", at=now, actor=by, data=data))
