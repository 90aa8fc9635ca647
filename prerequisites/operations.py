"""Handing in and reviewing. Each act locks the case, then is one guarded UPDATE of the requirement; who came second
gets StaleError."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from practices import record, tenancy, vault
from practices.models import ActorKind
from practices.nudge import nudge
from prerequisites import documents, locking, queries, readiness
from prerequisites.answers import Answer, check_answers
from prerequisites.models import (
    Case,
    Document,
    Kind,
    Obstacle,
    Requirement,
    RequirementState,
    Submission,
)

UNDO_WITHIN = timedelta(minutes=30)
MOST_DOCUMENTS = 30
ASKED = (RequirementState.OPEN, RequirementState.REJECTED)
UNDECIDED = (*ASKED, RequirementState.SUBMITTED)
DECIDED = (RequirementState.ACCEPTED, RequirementState.REJECTED, RequirementState.WAIVED)


class StaleError(Exception):
    """The requirement was changed meanwhile, by somebody else or in another tab."""


class NotAllowedError(Exception):
    """The act is not allowed; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def submit_documents(
    *,
    requirement_id: int,
    files: Sequence[documents.CheckedFile],
    by: record.Actor,
    now: datetime,
    how: str = "link",
) -> Submission:
    """Hands in files for a document requirement; they wait for the virus scan, then for review. The same file chosen
    twice counts once."""
    requirement = _get(requirement_id, kinds=(Kind.DOCUMENT,))
    files = list({checked.sha256: checked for checked in files}.values())
    if not files:
        raise NotAllowedError("nothing_handed_in")
    _change(requirement, ASKED, RequirementState.SUBMITTED, now=now, obstacle="")
    submission = _submission(requirement, by=by, how=how, now=now)
    for checked in files:
        documents.store(practice=requirement.practice, submission=submission, checked=checked, now=now)
    sums = [checked.sha256 for checked in files]
    _after(requirement, "requirement.submitted", by=by, now=now, data={"how": how, "sha256": sums})
    return submission


def add_documents(
    *, requirement_id: int, files: Sequence[documents.CheckedFile], by: record.Actor, now: datetime
) -> None:
    """Adds files to what the same one handed in and nobody has reviewed yet; what is there already counts once.
    NotAllowedError("too_many_files") where it gets too much to review."""
    requirement = _get(requirement_id, kinds=(Kind.DOCUMENT,))
    submission = requirement.submissions.order_by("-id").first()
    if requirement.state != RequirementState.SUBMITTED or submission is None or submission.by != by.kind:
        raise StaleError
    held = set(submission.documents.values_list("sha256", flat=True))
    new = {checked.sha256: checked for checked in files if checked.sha256 not in held}
    if len(held) + len(new) > MOST_DOCUMENTS:
        raise NotAllowedError("too_many_files")
    if not new:
        return
    _change(requirement, (RequirementState.SUBMITTED,), RequirementState.SUBMITTED, now=now)
    for checked in new.values():
        documents.store(practice=requirement.practice, submission=submission, checked=checked, now=now)
    data = {"how": submission.how, "sha256": list(new)}
    _after(requirement, "requirement.submitted", by=by, now=now, data=data)


def submit_answers(
    *,
    requirement_id: int,
    answers: dict[str, Answer],
    by: record.Actor,
    now: datetime,
    how: str = "link",
) -> Submission:
    """Hands in the answers of a form. NotAllowedError("answers") where one can't be taken."""
    requirement = _get(requirement_id, kinds=(Kind.FORM,))
    if check_answers(queries.questions_of(requirement.prerequisite), answers):
        raise NotAllowedError("answers")
    _change(requirement, ASKED, RequirementState.SUBMITTED, now=now, obstacle="")
    sealed = _seal(requirement, answers, field="answers")
    submission = _submission(requirement, by=by, how=how, now=now, sealed_answers=sealed)
    _after(
        requirement, "requirement.submitted", by=by, now=now, data={"how": how}, personal={"answers": answers}
    )
    return submission


def acknowledge(*, requirement_id: int, by: record.Actor, now: datetime) -> None:
    """The patient has read and understood an instruction: nothing is left to review."""
    requirement = _get(requirement_id, kinds=(Kind.ACKNOWLEDGEMENT,))
    _change(requirement, ASKED, RequirementState.ACCEPTED, now=now, obstacle="", decided_at=now)
    _submission(requirement, by=by, how="link", now=now)
    wording = {"title": requirement.prerequisite.title, "text": requirement.prerequisite.text}
    _after(requirement, "requirement.acknowledged", by=by, now=now, personal=wording)


def cannot_get(*, requirement_id: int, reason: Obstacle, text: str = "", now: datetime) -> None:
    """The patient can't get it: staff hear of it at once."""
    requirement = _get(requirement_id)
    changed = Requirement.objects.filter(pk=requirement.pk, state__in=ASKED).update(
        obstacle=reason, sealed_reason=_seal(requirement, text), changed_at=now
    )
    if not changed:
        raise StaleError
    data = {"reason": str(reason)}
    _after(
        requirement, "requirement.cannot_get", by=record.PATIENT, now=now, data=data, personal={"text": text}
    )


def will_bring(*, requirement_id: int, now: datetime) -> None:
    """The patient brings it to the appointment, where the plan allows it."""
    requirement = _get(requirement_id)
    if not requirement.prerequisite.may_be_brought:
        raise NotAllowedError("not_to_be_brought")
    start = requirement.case.appointment.start
    changed = Requirement.objects.filter(pk=requirement.pk, state__in=ASKED).update(
        bring_along=True, deadline=start, promised_at=now, obstacle="", changed_at=now
    )
    if not changed:
        raise StaleError
    _after(requirement, "requirement.will_bring", by=record.PATIENT, now=now)


def accept(*, requirement_id: int, by: record.Actor, now: datetime) -> None:
    """Staff looked at it and it is in order. A document must have passed the virus scan."""
    requirement = _get(requirement_id)
    if documents.unscanned(requirement_id=requirement.pk):
        raise NotAllowedError("not_scanned")
    _decide(requirement, (RequirementState.SUBMITTED,), RequirementState.ACCEPTED, by=by, now=now)
    _after(requirement, "requirement.accepted", by=by, now=now)


def reject(*, requirement_id: int, reason: str, by: record.Actor, now: datetime) -> None:
    """Asks again, with a reason in the patient's words; the patient is told."""
    if not reason.strip():
        raise NotAllowedError("reason_missing")
    requirement = _get(requirement_id)
    sealed = _seal(requirement, reason)
    state = RequirementState.REJECTED
    _decide(requirement, (RequirementState.SUBMITTED,), state, by=by, now=now, sealed_reason=sealed)
    Case.objects.filter(pk=requirement.case_id).update(requests_due_at=now)
    nudge(stage="requests", practice_id=tenancy.current())
    _after(requirement, "requirement.rejected", by=by, now=now, personal={"reason": reason})


def scan_due_documents(*, practice_id: int, now: datetime) -> None:
    """Has the documents scanned whose scan is due; what the scanner refuses is asked for again. No scope may be open."""
    documents.scan_due(practice_id=practice_id, now=now, condemned=_ask_for_another_file)


def _ask_for_another_file(*, document: Document, now: datetime) -> None:
    """In words that name no virus: the patient is told as of anything that is asked for again. Nothing where somebody
    decided otherwise, or something newer was handed in, meanwhile."""
    submission = document.submission
    newer = Submission.objects.filter(requirement_id=submission.requirement_id, pk__gt=submission.pk)
    try:
        requirement = _get(submission.requirement_id)
    except StaleError:
        return  # the case is closed
    if requirement.state != RequirementState.SUBMITTED or newer.exists():
        return
    patient = requirement.case.appointment.patient
    holder = requirement.case.appointment.key_holder
    known = holder is not None and holder.wrapped_key is not None
    with translation.override(
        patient.language if known and patient and patient.language else requirement.practice.language
    ):
        reason = gettext(
            "The file could not be opened for reasons of security. Please send it again, best as a photo."
        )
    sealed = _seal(requirement, reason) if known else None
    states, state = (RequirementState.SUBMITTED,), RequirementState.REJECTED
    _decide(requirement, states, state, by=record.SYSTEM, now=now, sealed_reason=sealed)
    Case.objects.filter(pk=requirement.case_id).update(requests_due_at=now)
    nudge(stage="requests", practice_id=tenancy.current())
    personal = {"reason": reason} if known else None
    data = {"document": document.pk}
    _after(requirement, "requirement.rejected", by=record.SYSTEM, now=now, data=data, personal=personal)


def waive(
    *, requirement_id: int, reason: str, by: record.Actor, may_waive_blocking: bool, now: datetime
) -> None:
    """Goes without it, with a reason; what blocks may be waived by a physician only."""
    if not reason.strip():
        raise NotAllowedError("reason_missing")
    requirement = _get(requirement_id)
    if requirement.prerequisite.blocking and not may_waive_blocking:
        raise NotAllowedError("physician_only")
    sealed = _seal(requirement, reason)
    _decide(requirement, UNDECIDED, RequirementState.WAIVED, by=by, now=now, sealed_reason=sealed)
    _after(requirement, "requirement.waived", by=by, now=now, personal={"reason": reason})


def mark_received(*, requirement_id: int, how: str, by: record.Actor, now: datetime) -> None:
    """It came by another way (fax, post, in person), or staff did their check: in place, without a file."""
    requirement = _get(requirement_id)
    _decide(requirement, UNDECIDED, RequirementState.ACCEPTED, by=by, now=now)
    _submission(requirement, by=by, how=how, now=now)
    _after(requirement, "requirement.received", by=by, now=now, data={"how": how})


def undo(*, requirement_id: int, by: record.Actor, now: datetime) -> None:
    """Takes a decision back within half an hour: to review if something was handed in, else open (what was only
    confirmed has nothing to review). What the virus scanner refused stays refused."""
    requirement = _get(requirement_id)
    if documents.infected(requirement_id=requirement.pk):
        raise NotAllowedError("infected")
    given = Submission.objects.filter(requirement=requirement, by=ActorKind.PATIENT)
    reviewed = requirement.prerequisite.kind != Kind.ACKNOWLEDGEMENT
    handed_in = reviewed and given.exists()
    to = RequirementState.SUBMITTED if handed_in else RequirementState.OPEN
    changed = Requirement.objects.filter(
        pk=requirement.pk, state__in=DECIDED, decided_at__gt=now - UNDO_WITHIN
    ).update(state=to, decided_by=None, decided_at=None, sealed_reason=None, changed_at=now)
    if not changed:
        raise StaleError
    _after(requirement, "requirement.undone", by=by, now=now, data={"from": requirement.state})


def touch(*, case_id: int, now: datetime) -> None:
    """Something about the case changed outside of it: messaging and escalation look again."""
    Case.objects.filter(pk=case_id).update(requests_due_at=now, escalation_due_at=now)
    readiness.refresh(case_ids=[case_id], now=now)
    nudge(stage="requests", practice_id=tenancy.current())
    nudge(stage="escalate", practice_id=tenancy.current())


def _get(requirement_id: int, *, kinds: Sequence[str] = ()) -> Requirement:
    wanted = Requirement.objects.filter(pk=requirement_id)
    locking.lock_cases(wanted.values_list("case_id", flat=True))
    requirement = wanted.select_related(
        "practice",
        "prerequisite",
        "case__appointment__patient__practice",
        "case__appointment__sealed_for__practice",
    ).get()
    if kinds and requirement.prerequisite.kind not in kinds:
        raise NotAllowedError("wrong_kind")
    if requirement.case.closed_at is not None:
        raise StaleError
    return requirement


def _change(
    requirement: Requirement, states: Sequence[str], to: RequirementState, *, now: datetime, **fields: Any
) -> None:
    changed = Requirement.objects.filter(pk=requirement.pk, state__in=states).update(
        state=to, changed_at=now, **fields
    )
    if not changed:
        raise StaleError


def _decide(
    requirement: Requirement,
    states: Sequence[str],
    to: RequirementState,
    *,
    by: record.Actor,
    now: datetime,
    **fields: Any,
) -> None:
    _change(requirement, states, to, now=now, decided_by_id=by.user_id, decided_at=now, obstacle="", **fields)


def _submission(
    requirement: Requirement,
    *,
    by: record.Actor,
    how: str,
    now: datetime,
    sealed_answers: bytes | None = None,
) -> Submission:
    return Submission.objects.create(
        practice_id=requirement.practice_id,
        requirement=requirement,
        by=by.kind,
        user_id=by.user_id,
        at=now,
        how=how,
        sealed_answers=sealed_answers,
    )


def _seal(requirement: Requirement, content: Any, *, field: str = "reason") -> bytes:
    text = json.dumps(content, ensure_ascii=False).encode()
    context = queries.sealed_context(requirement, field)
    return vault.seal(key=_key(requirement), plaintext=text, context=context)


def _key(requirement: Requirement) -> bytes:
    """The key of all that is handed in for the appointment."""
    holder = requirement.case.appointment.key_holder
    if holder is None:
        raise NotAllowedError("no_patient")
    key: bytes = holder.key()
    return key


def _after(
    requirement: Requirement,
    event: str,
    *,
    by: record.Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> None:
    """What follows every act: the record, readiness, and a look by escalation."""
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
            key=_key(requirement) if personal is not None else None,
        )
    )
    Case.objects.filter(pk=case.pk).update(escalation_due_at=now)
    readiness.refresh(case_ids=[case.pk], now=now)
    nudge(stage="escalate", practice_id=requirement.practice_id)
