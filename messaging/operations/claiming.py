"""Taking messages up: QUEUED -> SENDING under a fresh attempt id, many at once. Needs an open scope.

A claim is a lease, for LEASE. Whoever finds one that ran out knows only that nobody knows: UNKNOWN.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import F

from messaging import occasions, queries, told
from messaging.models import Attempt, Message, MessageState
from messaging.occasions import Facts
from messaging.operations import limits, pauses, results, writing
from messaging.operations.jobs import Job, jobs
from practices import clock, rows
from practices.models import Practice
from prerequisites.models import Case

BATCH = 96
LEASE = timedelta(minutes=3)


def claim(*, now: datetime) -> tuple[int, list[Job]]:
    """Claims a batch of due messages; those that are no longer right to send end here. How many were looked at, and what
    is to be sent."""
    practice = Practice.objects.select_for_update(no_key=True).get()
    results.lose_leases(now=now)
    left = limits.put_off(practice, now=now)
    pauses.put_off(now=now)
    due = _due(MessageState.QUEUED, practice=practice, now=now)
    if not due:
        return 0, []
    spoken = told.cases_of([message for message in due if message.patient_id is not None])
    cases = {case.pk: case for found in spoken.values() for case in found}
    facts = queries.facts_of(list(cases.values()), practice=practice, now=now)
    wrong = _no_longer_right(spoken, facts, now=now)
    if wrong:
        writing.withdraw(wrong, now=now)
        affected = {case.pk for message_id in wrong for case in spoken[message_id]}
        writing.decide_again(affected, practice_id=practice.pk, now=now)
    right = [message for message in due if message.pk not in wrong]
    right = limits.within(right, left=left, practice=practice, facts=facts, now=now)
    chosen, probing = pauses.probing(right, now=now)
    return len(due), _start(chosen, probing=probing, practice=practice, now=now)


def claim_unknown(*, now: datetime) -> list[Job]:
    """Unknown messages that are due, leased to whoever looks them up."""
    practice = Practice.objects.get()
    due = _due(MessageState.UNKNOWN, practice=practice, now=now)
    if not due:
        return []
    attempts = queries.current_attempts(due)
    Message.objects.filter(pk__in=[message.pk for message in due]).update(due_at=now + clock.real(LEASE))
    tried = [message for message in due if message.attempt_id is not None]
    return jobs(tried, [attempts[message.attempt_id] for message in tried], practice=practice)  # type: ignore[index]


def still_right(claimed: Sequence[Job], *, now: datetime) -> list[Job]:
    """Those that may be handed over next, looked at after the claim was committed and right before the calls, so that a
    cancellation can slip in during a call only: whoever cancels later sees the message as being sent, and the patient is
    told. What is no longer right goes back to be decided anew; what somebody else holds by now is theirs."""
    if not claimed:
        return []
    held = Message.objects.filter(
        pk__in=[job.message.pk for job in claimed],
        attempt_id__in=[job.attempt_id for job in claimed],
        state=MessageState.SENDING,
    )
    right = dict(held.annotate(right=queries.still_right()).values_list("attempt_id", "right"))
    give_back([job for job in claimed if right.get(job.attempt_id) is False], now=now)
    return [job for job in claimed if right.get(job.attempt_id)]


def give_back(claimed: Sequence[Job], *, now: datetime) -> None:
    """Claimed but never called: queued as before."""
    if not claimed:
        return
    ids = [job.attempt_id for job in claimed]
    held = Message.objects.filter(
        pk__in=[job.message.pk for job in claimed], attempt_id__in=ids, state=MessageState.SENDING
    )
    held.update(state=MessageState.QUEUED, due_at=now, attempt_id=None, attempts=F("attempts") - 1)
    Attempt.objects.filter(pk__in=ids).update(finished_at=now, outcome="given_back")


def _due(state: MessageState, *, practice: Practice, now: datetime) -> list[Message]:
    """A batch, locked, with patients and cases; all know the one practice, whose key is unwrapped once."""
    due = list(
        Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("patient", "case__appointment__patient")
        .filter(state=state, due_at__lte=now)
        .order_by("due_at", "pk")[:BATCH]
    )
    for message in due:
        message.practice = practice
        for patient in (message.patient, message.case.appointment.patient if message.case else None):
            if patient is not None:
                patient.practice = practice
    return due


def _no_longer_right(
    spoken: Mapping[int, Sequence[Case]], facts: dict[int, Facts], *, now: datetime
) -> dict[int, str]:
    """Of the messages to patients (id -> the cases they speak of): id -> why it must not go out any more."""
    return {
        message_id: why
        for message_id, cases in spoken.items()
        for case in cases
        for said in facts[case.pk].said
        if said.id == message_id and (why := occasions.why_not(facts[case.pk], said, now=now))
    }


def _start(
    messages: Sequence[Message], *, probing: frozenset[str], practice: Practice, now: datetime
) -> list[Job]:
    """A fresh attempt for each, under a lease."""
    attempts = [
        Attempt(practice=practice, message=message, started_at=now, id=uuid.uuid4()) for message in messages
    ]
    until = now + clock.real(LEASE)
    for message, attempt in zip(messages, attempts, strict=True):
        message.state, message.attempt_id, message.due_at = MessageState.SENDING, attempt.pk, until
        message.attempts += 1
    rows.insert(Attempt, [{name: _plain(getattr(one, name)) for name in _NEW} for one in attempts])
    rows.update(
        Message,
        [{"id": one.pk, **{name: _plain(getattr(one, name)) for name in _CLAIMED}} for one in messages],
    )
    return jobs(messages, attempts, practice=practice, probing=probing)


_NEW = tuple(field.attname for field in Attempt._meta.concrete_fields)
_CLAIMED = ("state", "attempt_id", "due_at", "attempts")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, uuid.UUID) else value
