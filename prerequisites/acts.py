"""What every act on a requirement is made of: lock the patient's cases, one guarded UPDATE, and what follows."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from practices import record, vault
from practices.nudge import nudge
from prerequisites import following, locking, readiness
from prerequisites.models import Case, Kind, Requirement, RequirementState, Submission
from prerequisites.replanning import REUSABLE

UNDO_WITHIN = timedelta(minutes=30)
NOTED_WITHIN = timedelta(days=7)
MOST_DOCUMENTS = 30
ASKED = (RequirementState.OPEN, RequirementState.REJECTED)
UNDECIDED = (*ASKED, RequirementState.SUBMITTED)
IN_PLACE = (RequirementState.ACCEPTED, RequirementState.WAIVED)
DECIDED = (RequirementState.ACCEPTED, RequirementState.REJECTED, RequirementState.WAIVED)


class StaleError(Exception):
    """The requirement was changed meanwhile, by somebody else or in another tab."""


class NotAllowedError(Exception):
    """The act is not allowed; `code` says why, `params` hold the numbers that belong to it."""

    def __init__(self, code: str, **params: int) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def get(requirement_id: int, *, kinds: Sequence[str] = (), late_at: datetime | None = None) -> Requirement:
    """The requirement of an open case, locked; with `late_at` one that may still be noted then, too.
    NotAllowedError("wrong_kind"), StaleError where the case is closed."""
    wanted = Requirement.objects.filter(pk=requirement_id)
    whose = wanted.values_list("case_id", "case__appointment__patient_id")
    for case_id, patient_id in whose:
        locking.lock_with_siblings([case_id], patients=[patient_id] if patient_id else [])
    requirement = wanted.select_related(
        "practice",
        "prerequisite",
        "case__appointment__patient__practice",
        "case__appointment__sealed_for__practice",
    ).get()
    if kinds and requirement.prerequisite.kind not in kinds:
        raise NotAllowedError("wrong_kind")
    late = late_at is not None and may_be_noted(requirement, now=late_at)
    if requirement.case.closed_at is not None and not late:
        raise StaleError
    return requirement


def may_be_noted(requirement: Requirement, *, now: datetime) -> bool:
    """Whether it is something of the practice's own that was done at an appointment some days ago: a conversation is often
    held there, and noted when the day's work is done."""
    case, appointment = requirement.case, requirement.case.appointment
    lately = appointment.is_over(now=now) and now < appointment.end + NOTED_WITHIN
    own = requirement.prerequisite.kind == Kind.STAFF_CHECK
    return own and lately and not appointment.cancelled and not case.set_aside


def change(
    requirement: Requirement, states: Sequence[str], to: RequirementState, *, now: datetime, **fields: Any
) -> None:
    """One guarded UPDATE. StaleError where the state is another by now."""
    changed = Requirement.objects.filter(pk=requirement.pk, state__in=states).update(
        state=to, changed_at=now, **fields
    )
    if not changed:
        raise StaleError


def decide(
    requirement: Requirement,
    states: Sequence[str],
    to: RequirementState,
    *,
    by: record.Actor,
    now: datetime,
    **fields: Any,
) -> None:
    """A change that a person answers for. What was accepted or waived has not lapsed any more."""
    if to in IN_PLACE:
        fields = {"lapsed_at": None, "withdrawn_from": "", "own_date": None, **fields}
    change(requirement, states, to, now=now, decided_by_id=by.user_id, decided_at=now, obstacle="", **fields)


def submission(
    requirement: Requirement,
    *,
    by: record.Actor,
    how: str,
    now: datetime,
    sealed_answers: bytes | None = None,
) -> Submission:
    """Something that was handed in."""
    return Submission.objects.create(
        practice_id=requirement.practice_id,
        requirement=requirement,
        by=by.kind,
        user_id=by.user_id,
        at=now,
        how=how,
        sealed_answers=sealed_answers,
    )


def seal(requirement: Requirement, content: Any, *, field: str = "reason") -> bytes:
    """Content of a sealed field, under the patient's key."""
    text = json.dumps(content, ensure_ascii=False).encode()
    context = requirement.sealed_context(field)
    return vault.seal(key=key_of(requirement), plaintext=text, context=context)


def key_of(requirement: Requirement) -> bytes:
    """The key of all that is handed in for the appointment. NotAllowedError("no_patient")."""
    holder = requirement.case.appointment.key_holder
    if holder is None:
        raise NotAllowedError("no_patient")
    key: bytes = holder.key()
    return key


def after(
    requirement: Requirement,
    event: str,
    *,
    by: record.Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> None:
    """What follows every act: the record, what an answer or a document means for this and the patient's other cases,
    readiness, and a look by escalation."""
    case = requirement.case
    holder = case.appointment.key_holder
    record.write(
        record.Entry(
            event=event,
            at=now,
            actor=by,
            case_id=case.pk,
            patient_id=holder.pk if holder else None,
            data={
                "requirement": requirement.pk,
                "prerequisite": requirement.prerequisite.key,
                **(data or {}),
            },
            personal=personal,
            key=key_of(requirement) if personal is not None else None,
        )
    )
    following.follow_facts(case_ids=_affected(requirement), by=by, now=now)
    Case.objects.filter(pk=case.pk).update(escalation_due_at=now)
    readiness.refresh(case_ids=[case.pk], now=now)
    nudge(stage="escalate", practice_id=requirement.practice_id)


def _affected(requirement: Requirement) -> list[int]:
    """The cases for which it may mean something: conditions hang on answers, and what has a code serves other cases."""
    kind, case = requirement.prerequisite.kind, requirement.case
    if requirement.prerequisite.code and kind in REUSABLE and case.appointment.patient_id is not None:
        theirs = Case.objects.filter(appointment__patient_id=case.appointment.patient_id, closed_at=None)
        return list(theirs.values_list("pk", flat=True))
    return [case.pk] if kind == Kind.FORM else []


def _is_replaced(requirement: Requirement) -> bool:
    """Whether what was accepted here lapsed, and another case's document counts in its place."""
    in_place = requirement.state == RequirementState.ACCEPTED and requirement.reused_from_id is not None
    return in_place and requirement.lapsed_at is not None and requirement.prerequisite.kind == Kind.DOCUMENT


def without_replacement(requirement: Requirement) -> dict[str, Any]:
    """It is looked at again as if it had never been accepted; the other case's counts once nothing is here to look at."""
    if not _is_replaced(requirement):
        return {}
    return {"reused_from": None, "lapsed_at": None, "withdrawn_from": ""}


def kept_date(requirement: Requirement) -> date | None:
    """The date that stays when a decision is taken back: a form's, and that of what lapsed before."""
    if _is_replaced(requirement):
        return None
    if requirement.prerequisite.kind == Kind.FORM:
        return requirement.document_date
    if requirement.lapsed_at is None:
        return None
    return requirement.document_date if requirement.reused_from_id is None else requirement.own_date
