"""Handing in and reviewing. Each act locks the case, then is one guarded UPDATE of the requirement; who came second
gets StaleError."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from practices import record, tenancy
from practices.models import ActorKind
from practices.nudge import nudge
from prerequisites import acts, case_facts, documents, readiness
from prerequisites.acts import (
    ASKED,
    DECIDED,
    MOST_DOCUMENTS,
    UNDECIDED,
    UNDO_WITHIN,
    NotAllowedError,
    StaleError,
)
from prerequisites.answering import change_answers, confirm_unchanged, submit_answers
from prerequisites.models import (
    Case,
    Document,
    Kind,
    Obstacle,
    Requirement,
    RequirementState,
    Submission,
)
from prerequisites.ruled import current_calendar

__all__ = [
    "ASKED",
    "DECIDED",
    "MOST_DOCUMENTS",
    "UNDECIDED",
    "UNDO_WITHIN",
    "NotAllowedError",
    "StaleError",
    "accept",
    "acknowledge",
    "add_documents",
    "cannot_get",
    "change_answers",
    "confirm_unchanged",
    "mark_received",
    "reject",
    "scan_due_documents",
    "submit_answers",
    "submit_documents",
    "touch",
    "undo",
    "waive",
    "will_bring",
]


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
    requirement = acts.get(requirement_id, kinds=(Kind.DOCUMENT,))
    files = list({checked.sha256: checked for checked in files}.values())
    if not files:
        raise NotAllowedError("nothing_handed_in")
    acts.change(requirement, ASKED, RequirementState.SUBMITTED, now=now, obstacle="")
    submission = acts.submission(requirement, by=by, how=how, now=now)
    for checked in files:
        documents.store(practice=requirement.practice, submission=submission, checked=checked, now=now)
    sums = [checked.sha256 for checked in files]
    acts.after(requirement, "requirement.submitted", by=by, now=now, data={"how": how, "sha256": sums})
    return submission


def add_documents(
    *, requirement_id: int, files: Sequence[documents.CheckedFile], by: record.Actor, now: datetime
) -> None:
    """Adds files to what the same one handed in and nobody has reviewed yet; what is there already counts once.
    NotAllowedError("too_many_files") where it gets too much to review."""
    requirement = acts.get(requirement_id, kinds=(Kind.DOCUMENT,))
    submission = requirement.submissions.order_by("-id").first()
    if requirement.state != RequirementState.SUBMITTED or submission is None or submission.by != by.kind:
        raise StaleError
    there = list(submission.documents.values_list("sha256", "sources"))
    held = {sha256 for own, sources in there for sha256 in (own, *sources)}
    new = {
        checked.sha256: checked
        for checked in files
        if not held.issuperset(checked.sources or [checked.sha256])
    }
    if len(there) + len(new) > MOST_DOCUMENTS:
        raise NotAllowedError("too_many_files")
    if not new:
        return
    acts.change(requirement, (RequirementState.SUBMITTED,), RequirementState.SUBMITTED, now=now)
    for checked in new.values():
        documents.store(practice=requirement.practice, submission=submission, checked=checked, now=now)
    data = {"how": submission.how, "sha256": list(new)}
    acts.after(requirement, "requirement.submitted", by=by, now=now, data=data)


def acknowledge(*, requirement_id: int, by: record.Actor, now: datetime) -> None:
    """The patient has read and understood an instruction: nothing is left to review."""
    requirement = acts.get(requirement_id, kinds=(Kind.ACKNOWLEDGEMENT,))
    acts.change(
        requirement,
        ASKED,
        RequirementState.ACCEPTED,
        now=now,
        obstacle="",
        decided_at=now,
        document_date=current_calendar().day_of(now),
        lapsed_at=None,
        withdrawn_from="",
    )
    acts.submission(requirement, by=by, how="link", now=now)
    wording = {"title": requirement.prerequisite.title, "text": requirement.prerequisite.text}
    acts.after(requirement, "requirement.acknowledged", by=by, now=now, personal=wording)


def cannot_get(*, requirement_id: int, reason: Obstacle, text: str = "", now: datetime) -> None:
    """The patient can't get it: staff hear of it at once."""
    requirement = acts.get(requirement_id)
    changed = Requirement.objects.filter(pk=requirement.pk, state__in=ASKED).update(
        obstacle=reason, sealed_reason=acts.seal(requirement, text), changed_at=now
    )
    if not changed:
        raise StaleError
    data = {"reason": str(reason)}
    acts.after(
        requirement, "requirement.cannot_get", by=record.PATIENT, now=now, data=data, personal={"text": text}
    )


def will_bring(*, requirement_id: int, now: datetime) -> None:
    """The patient brings it to the appointment, where the plan allows it."""
    requirement = acts.get(requirement_id)
    if not requirement.prerequisite.may_be_brought:
        raise NotAllowedError("not_to_be_brought")
    start = requirement.case.appointment.start
    changed = Requirement.objects.filter(pk=requirement.pk, state__in=ASKED).update(
        bring_along=True, deadline=start, promised_at=now, obstacle="", changed_at=now
    )
    if not changed:
        raise StaleError
    acts.after(requirement, "requirement.will_bring", by=record.PATIENT, now=now)


def accept(
    *,
    requirement_id: int,
    by: record.Actor,
    now: datetime,
    document_date: date | None = None,
    as_physician: bool = False,
) -> None:
    """Staff looked at it and it is in order. A document must have passed the virus scan; one that can be too old needs
    its own date. NotAllowedError with "not_scanned", "physician_only", or as _dated says."""
    requirement = acts.get(requirement_id)
    if documents.unscanned(requirement_id=requirement.pk):
        raise NotAllowedError("not_scanned")
    _by_whom(requirement, as_physician=as_physician)
    dated = _dated(requirement, document_date, now=now)
    states, state = (RequirementState.SUBMITTED,), RequirementState.ACCEPTED
    acts.decide(requirement, states, state, by=by, now=now, **dated)
    acts.after(requirement, "requirement.accepted", by=by, now=now, data=_said(dated))


def _by_whom(requirement: Requirement, *, as_physician: bool) -> None:
    if requirement.prerequisite.by_physician and not as_physician:
        raise NotAllowedError("physician_only")


def _dated(requirement: Requirement, document_date: date | None, *, now: datetime) -> dict[str, date | None]:
    """The document's date, to store. NotAllowedError: "date_missing", "date_in_future", "too_old" (`age`, `limit`: staff
    ask again, or a physician goes without it)."""
    if requirement.prerequisite.kind != Kind.DOCUMENT:
        return {}
    known = case_facts.known_of(requirement.case)
    if document_date is None and known.needs_date(requirement.prerequisite_id):
        raise NotAllowedError("date_missing")
    if document_date is not None and document_date > current_calendar().day_of(now):
        raise NotAllowedError("date_in_future")
    judged = known.judge(requirement.prerequisite_id, document_date)
    if judged.blocks:
        raise NotAllowedError("too_old", age=judged.age or 0, limit=judged.limit or 0)
    return {"document_date": document_date}


def _said(dated: dict[str, date | None]) -> dict[str, Any]:
    """The document's date as the record has it."""
    return {name: day.isoformat() for name, day in dated.items() if day is not None}


def reject(*, requirement_id: int, reason: str, by: record.Actor, now: datetime) -> None:
    """Asks again, with a reason in the patient's words; the patient is told. What an earlier case had in place may be
    asked for again, too."""
    if not reason.strip():
        raise NotAllowedError("reason_missing")
    requirement = acts.get(requirement_id)
    sealed = acts.seal(requirement, reason)
    reused = requirement.reused_from_id is not None and requirement.state == RequirementState.ACCEPTED
    states = (RequirementState.ACCEPTED if reused else RequirementState.SUBMITTED,)
    fields: dict[str, Any] = {"sealed_reason": sealed, "reused_from": None}
    if reused:
        fields |= _own_again(requirement)
    acts.decide(requirement, states, RequirementState.REJECTED, by=by, now=now, **fields)
    Case.objects.filter(pk=requirement.case_id).update(requests_due_at=now)
    nudge(stage="requests", practice_id=tenancy.current())
    acts.after(requirement, "requirement.rejected", by=by, now=now, personal={"reason": reason})


def _own_again(requirement: Requirement) -> dict[str, date | None]:
    """What is left of it without the other case's: the date of what was handed in here, which lapsed."""
    if requirement.prerequisite.kind != Kind.DOCUMENT:
        return {}
    return {"document_date": requirement.own_date, "own_date": None}


def scan_due_documents(*, practice_id: int, now: datetime) -> None:
    """Has the documents scanned whose scan is due; what the scanner refuses is asked for again. No scope may be open."""
    documents.scan_due(practice_id=practice_id, now=now, condemned=_ask_for_another_file)


def _ask_for_another_file(*, document: Document, now: datetime) -> None:
    """In words that name no virus: the patient is told as of anything that is asked for again. Nothing where somebody
    decided otherwise, or something newer was handed in, meanwhile."""
    submission = document.submission
    newer = Submission.objects.filter(requirement_id=submission.requirement_id, pk__gt=submission.pk)
    try:
        requirement = acts.get(submission.requirement_id)
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
    sealed = acts.seal(requirement, reason) if known else None
    states, state = (RequirementState.SUBMITTED,), RequirementState.REJECTED
    acts.decide(requirement, states, state, by=record.SYSTEM, now=now, sealed_reason=sealed)
    Case.objects.filter(pk=requirement.case_id).update(requests_due_at=now)
    nudge(stage="requests", practice_id=tenancy.current())
    personal = {"reason": reason} if known else None
    data = {"document": document.pk}
    acts.after(requirement, "requirement.rejected", by=record.SYSTEM, now=now, data=data, personal=personal)


def waive(
    *, requirement_id: int, reason: str, by: record.Actor, may_waive_blocking: bool, now: datetime
) -> None:
    """Goes without it, with a reason; what blocks may be waived by a physician only."""
    if not reason.strip():
        raise NotAllowedError("reason_missing")
    requirement = acts.get(requirement_id)
    if requirement.prerequisite.blocking and not may_waive_blocking:
        raise NotAllowedError("physician_only")
    sealed = acts.seal(requirement, reason)
    acts.decide(requirement, UNDECIDED, RequirementState.WAIVED, by=by, now=now, sealed_reason=sealed)
    acts.after(requirement, "requirement.waived", by=by, now=now, personal={"reason": reason})


def mark_received(
    *,
    requirement_id: int,
    how: str,
    by: record.Actor,
    now: datetime,
    document_date: date | None = None,
    as_physician: bool = False,
) -> None:
    """It came by another way (fax, post, in person): in place, without a file. Refused as `accept` is, and for a check of
    the practice's own ("wrong_kind"): prerequisites/checks.py."""
    requirement = acts.get(requirement_id)
    if requirement.prerequisite.kind == Kind.STAFF_CHECK:
        raise NotAllowedError("wrong_kind")
    _by_whom(requirement, as_physician=as_physician)
    dated = _dated(requirement, document_date, now=now)
    acts.decide(requirement, UNDECIDED, RequirementState.ACCEPTED, by=by, now=now, **dated)
    acts.submission(requirement, by=by, how=how, now=now)
    acts.after(requirement, "requirement.received", by=by, now=now, data={"how": how, **_said(dated)})


def undo(*, requirement_id: int, by: record.Actor, now: datetime) -> None:
    """Takes a decision back within half an hour: to review if something was handed in, else open (what was only
    confirmed has nothing to review). What the virus scanner refused stays refused."""
    requirement = acts.get(requirement_id, late_at=now)
    if documents.infected(requirement_id=requirement.pk):
        raise NotAllowedError("infected")
    given = Submission.objects.filter(requirement=requirement, by=ActorKind.PATIENT)
    reviewed = requirement.prerequisite.kind != Kind.ACKNOWLEDGEMENT
    handed_in = reviewed and given.exists()
    to = RequirementState.SUBMITTED if handed_in else RequirementState.OPEN
    changed = Requirement.objects.filter(
        pk=requirement.pk, state__in=DECIDED, decided_at__gt=now - UNDO_WITHIN
    ).update(
        state=to,
        decided_by=None,
        decided_at=None,
        sealed_reason=None,
        held_by=None,
        held_at=None,
        document_date=acts.kept_date(requirement),
        own_date=None,
        changed_at=now,
        **acts.without_replacement(requirement),
    )
    if not changed:
        raise StaleError
    acts.after(requirement, "requirement.undone", by=by, now=now, data={"from": requirement.state})


def touch(*, case_id: int, now: datetime) -> None:
    """Something about the case changed outside of it: messaging and escalation look again."""
    Case.objects.filter(pk=case_id).update(requests_due_at=now, escalation_due_at=now)
    readiness.refresh(case_ids=[case_id], now=now)
    nudge(stage="requests", practice_id=tenancy.current())
    nudge(stage="escalate", practice_id=tenancy.current())
