"""Answers of forms: a draft question by question, handed in, confirmed as they were, changed later."""

import json
from collections.abc import Sequence
from datetime import datetime

from practices import record, vault
from prerequisites import acts, queries
from prerequisites.acts import ASKED, NotAllowedError, StaleError
from prerequisites.answers import Answer, check_answers
from prerequisites.models import Kind, Requirement, RequirementState, Submission
from prerequisites.replanning import same_questions
from prerequisites.ruled import current_calendar, questions_of

CHANGEABLE = (RequirementState.SUBMITTED, RequirementState.ACCEPTED)


def submit_answers(
    *,
    requirement_id: int,
    answers: dict[str, Answer],
    by: record.Actor,
    now: datetime,
    how: str = "link",
) -> Submission:
    """Hands in the answers of a form. NotAllowedError("answers") where one can't be taken."""
    requirement = acts.get(requirement_id, kinds=(Kind.FORM,))
    if check_answers(questions_of(requirement.prerequisite), answers):
        raise NotAllowedError("answers")
    return _take_answers(requirement, answers, RequirementState.SUBMITTED, by=by, how=how, now=now)


def change_answers(
    *, requirement_id: int, answers: dict[str, Answer], by: record.Actor, now: datetime
) -> Submission | None:
    """Other answers than those that were handed in: a new version, to be reviewed; the one before stays in the record. None
    where they are the same. StaleError, NotAllowedError("answers")."""
    requirement = acts.get(requirement_id, kinds=(Kind.FORM,))
    if check_answers(questions_of(requirement.prerequisite), answers):
        raise NotAllowedError("answers")
    if requirement.state not in CHANGEABLE:
        raise StaleError
    if queries.answers_given(requirement) == answers:
        Requirement.objects.filter(pk=requirement.pk).update(sealed_draft=None)
        return None
    to = RequirementState.SUBMITTED
    return _take_answers(requirement, answers, to, by=by, how="changed", now=now, states=CHANGEABLE)


def keep_draft(*, requirement_id: int, answers: dict[str, Answer], mark: str) -> None:
    """Answers that are not sent yet, for the patient to go on with: on this device (whose `mark` it is) or on another.
    NotAllowedError("no_patient"), StaleError where nothing is asked for any more."""
    requirement = acts.get(requirement_id, kinds=(Kind.FORM,))
    sealed = acts.seal(requirement, {"mark": mark, "answers": answers}, field="draft")
    states = (*ASKED, *CHANGEABLE)
    if not Requirement.objects.filter(pk=requirement.pk, state__in=states).update(sealed_draft=sealed):
        raise StaleError


def draft_of(requirement: Requirement, *, mark: str | None) -> dict[str, Answer] | None:
    """The answers that are not sent yet; with a `mark` those of that device only. None where there are none."""
    holder = requirement.case.appointment.key_holder
    if requirement.sealed_draft is None or holder is None or holder.wrapped_key is None:
        return None
    context = requirement.sealed_context("draft")
    held = json.loads(vault.unseal(key=holder.key(), sealed=bytes(requirement.sealed_draft), context=context))
    answers: dict[str, Answer] = held["answers"]
    return answers if mark is None or held["mark"] == mark else None


def confirm_unchanged(*, requirement_id: int, by: record.Actor, now: datetime) -> Submission:
    """The patient confirms that the answers of an earlier case still hold. Where the form asks the same, and no physician
    has to look, they were reviewed already. NotAllowedError("answers") where it asks something else by now."""
    requirement = acts.get(requirement_id, kinds=(Kind.FORM,))
    source, prerequisite = requirement.reused_from, requirement.prerequisite
    if source is None or requirement.state not in ASKED:
        raise StaleError
    answers = queries.answers_given(source)
    if not answers or check_answers(questions_of(prerequisite), answers):
        raise NotAllowedError("answers")
    same = same_questions(questions_of(source.prerequisite), questions_of(prerequisite))
    reviewed = same and not prerequisite.by_physician
    to = RequirementState.ACCEPTED if reviewed else RequirementState.SUBMITTED
    return _take_answers(requirement, answers, to, by=by, how="unchanged", now=now, reused_from=source)


def _take_answers(
    requirement: Requirement,
    answers: dict[str, Answer],
    to: RequirementState,
    *,
    by: record.Actor,
    how: str,
    now: datetime,
    reused_from: Requirement | None = None,
    states: Sequence[str] = ASKED,
) -> Submission:
    """A form's day is the one on which it was handed in."""
    acts.change(
        requirement,
        states,
        to,
        now=now,
        obstacle="",
        document_date=current_calendar().day_of(now),
        decided_at=now if to == RequirementState.ACCEPTED else None,
        decided_by=None,
        lapsed_at=None,
        withdrawn_from="",
        reused_from=reused_from,
        sealed_draft=None,
    )
    sealed = acts.seal(requirement, answers, field="answers")
    submission = acts.submission(requirement, by=by, how=how, now=now, sealed_answers=sealed)
    acts.after(
        requirement, "requirement.submitted", by=by, now=now, data={"how": how}, personal={"answers": answers}
    )
    return submission
