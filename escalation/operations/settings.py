"""What people set: how they are told, when somebody is there, and the steps of a policy. Each goes to the record; what runs
keeps the steps it began with, what has not begun is looked at anew."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, time
from hashlib import sha256

from django.db import IntegrityError, transaction

from escalation.models import Hours, Policy, Preference
from escalation.policy import Step
from practices import record, tenancy
from practices.nudge import nudge
from prerequisites.models import Case

MOST_STEPS = 12


def prefer(
    *,
    user_id: int,
    phone: str,
    digest_at: time | None,
    silent_when_ready: bool,
    by: record.Actor,
    now: datetime,
) -> None:
    """How the person is told from now on. The number is theirs: the record says only that it changed."""
    Preference.objects.update_or_create(
        practice_id=tenancy.current(),
        user_id=user_id,
        defaults={"phone": phone, "digest_at": digest_at, "silent_when_ready": silent_when_ready},
    )
    data = {"digest_at": f"{digest_at:%H:%M}" if digest_at else "", "phone": bool(phone)}
    record.write(record.Entry(event="preference.changed", at=now, actor=by, data=data))


def open_at(*, opens: time, closes: time, days: Collection[int], by: record.Actor, now: datetime) -> None:
    """When somebody is at the practice. ValueError where it never opens."""
    if opens >= closes or not days:
        raise ValueError("a practice opens before it closes, on a day at least")
    Hours.objects.update_or_create(
        practice_id=tenancy.current(),
        defaults={"opens": opens, "closes": closes, "days": sorted(days)},
    )
    data = {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}", "days": sorted(days)}
    record.write(record.Entry(event="practice.office_hours", at=now, actor=by, data=data))
    _look_at_all(now=now)


def add_policy(
    *, type_id: int | None, name: str, steps: Sequence[Step], by: record.Actor, now: datetime
) -> Policy | None:
    """A policy for the type, or the practice's own; None where there is one."""
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                practice_id=tenancy.current(), type_id=type_id, name=name[:120], steps=_as_stored(steps)
            )
    except IntegrityError:
        return None
    _changed(policy, "policy.added", by=by, now=now)
    return policy


def change_policy(
    *, policy_id: int, seen: str, steps: Sequence[Step], by: record.Actor, now: datetime
) -> bool:
    """Other steps, in place of those that were `seen` (state_of). False where they are others by now. ValueError for more
    than MOST_STEPS. Policy.DoesNotExist."""
    if len(steps) > MOST_STEPS:
        raise ValueError(f"at most {MOST_STEPS} steps")
    policy = Policy.objects.select_for_update(of=("self",), no_key=True).get(pk=policy_id)
    if state_of(policy) != seen:
        return False
    policy.steps = _as_stored(steps)
    policy.save(update_fields=["steps"])
    _changed(policy, "policy.changed", by=by, now=now)
    return True


def state_of(policy: Policy) -> str:
    """The same as long as nobody changes the steps."""
    return sha256(json.dumps(policy.steps, sort_keys=True).encode()).hexdigest()[:16]


def remove_policy(*, policy_id: int, by: record.Actor, now: datetime) -> None:
    """The practice's own steps hold for the type again, or the shipped ones for the practice. Policy.DoesNotExist."""
    policy = Policy.objects.get(pk=policy_id)
    Policy.objects.filter(pk=policy_id).delete()
    _changed(policy, "policy.removed", by=by, now=now, policy_id=policy_id)


def _as_stored(steps: Sequence[Step]) -> list[dict[str, object]]:
    return [step.to_dict() for step in steps]


def _changed(
    policy: Policy, event: str, *, by: record.Actor, now: datetime, policy_id: int | None = None
) -> None:
    data = {"policy": policy_id or policy.pk, "type": policy.type_id, "steps": policy.steps}
    record.write(record.Entry(event=event, at=now, actor=by, data=data))
    _look_at_all(now=now)


def _look_at_all(*, now: datetime) -> None:
    """Of each open case it is asked anew when to look at it."""
    Case.objects.filter(closed_at=None).update(escalation_due_at=now)
    nudge(stage="escalate", practice_id=tenancy.current())
