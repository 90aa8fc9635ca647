"""The whole text of a plan's version as one line of JSON, whose checksum goes into the record when it is published.

A published plan can't be changed (the database sees to it), so the same text comes out of it whenever an evidence file is made.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from practices import chain, evidence, record
from prerequisites.models import Plan, Prerequisite

SAID = (
    "key", "kind", "code", "audience", "title", "text", "blocking", "days_before", "working_days", "lead_days",
    "questions", "may_be_brought", "by_physician", "condition", "validity", "source",
)  # fmt: skip


def wording(plan: Plan, prerequisites: Iterable[Prerequisite]) -> str:
    """The text: name, version and all that is asked for, in order."""
    asked = sorted(prerequisites, key=lambda one: (one.position, one.pk))
    return chain.canonical(
        {"name": plan.name, "version": plan.version, "prerequisites": [_said(one) for one in asked]}
    )


def checksum(plan: Plan) -> str:
    """The checksum of what the database holds of it by now."""
    return chain.sha256(wording(plan, Prerequisite.objects.filter(plan=plan)))


def published(plan: Plan, *, by: record.Actor, now: datetime, **more: Any) -> record.Entry:
    """The record's entry of a plan that was published at `now`, with all that it asks for already written."""
    data = {"type": plan.type_id, "plan": plan.pk, "version": plan.version, "sha256": checksum(plan), **more}
    return record.Entry(event=evidence.PUBLISHED, at=now, actor=by, data=data)


def _said(one: Prerequisite) -> dict[str, Any]:
    checked = one.source_checked
    return {
        **{name: getattr(one, name) for name in SAID},
        "time_of_day": one.time_of_day.isoformat("minutes"),
        "source_checked": checked.isoformat() if checked else None,
    }
