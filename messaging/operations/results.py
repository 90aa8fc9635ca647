"""What became of a message: the answer to a call, a callback, the provider's books. The state only moves forward.

Needs an open scope. Every path locks the message first and a case after it, so that nobody waits in a circle.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Value, When

from messaging import occasions, queries, schedule, told
from messaging.models import Attempt, Message, MessageState, Suppression
from messaging.occasions import Facts
from messaging.operations import optouts, pauses, writing
from messaging.providers import registry
from messaging.providers.base import (
    Cause,
    Fate,
    Found,
    Meaning,
    Rejected,
    Report,
    Uncertain,
)
from practices import clock, record
from practices.models import Practice
from practices.nudge import nudge

MOST_ATTEMPTS = 6
MOST_UNDELIVERED = 2
UNDELIVERED_PAUSE = timedelta(minutes=30)
# A provider's books are believed to lack a message only this long after the attempt began.
ABSENT_AFTER = timedelta(minutes=5)
LOOK_AGAIN = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=24)
UNDELIVERED = "undelivered"

_RANK = {
    MessageState.QUEUED: 0,
    MessageState.SENDING: 1,
    MessageState.UNKNOWN: 1,
    MessageState.CANCELLED: 1,
    MessageState.SUPPRESSED: 1,
    MessageState.ACCEPTED: 2,
    MessageState.FAILED: 3,
    MessageState.DELIVERED: 4,
    MessageState.OPENED: 5,
}


def finish(
    *,
    message_id: int,
    attempt_id: UUID,
    result: Rejected | Uncertain,
    resting: dict[str, datetime],
    now: datetime,
) -> None:
    """Takes in that a call was refused or left unanswered, if the attempt still holds; a callback may have said more
    meanwhile. `resting`: which channels rest already since this wave of calls, until when."""
    message = _locked(message_id)
    _close_attempt(attempt_id, result, now=now)
    if message.attempt_id != attempt_id or message.state != MessageState.SENDING:
        return
    if isinstance(result, Uncertain):
        _lose_sight(message, code=result.code, now=now)
    else:
        _reject(message, result, resting, now=now)


def _reject(message: Message, rejected: Rejected, resting: dict[str, datetime], *, now: datetime) -> None:
    """By the cause: the next channel at once, again later, or the whole channel rests and the message with it. What rests
    uses up no tries; that many calls of a wave were refused is one failure of the channel."""
    code, meaning = rejected.code, rejected.meaning
    if meaning.alarm and message.channel not in resting:
        pauses.alarm(channel=message.channel, code=code, now=now)
    if meaning.cause in pauses.RESTING:
        if message.channel not in resting:
            resting[message.channel] = pauses.begin(
                message, code=code, cause=meaning.cause, asked=rejected.retry_after, now=now
            )
        _queue_again(message, code=code, due_at=resting[message.channel], now=now)
    elif rejected.permanent or message.attempts >= MOST_ATTEMPTS:
        fail(message, code=code, meaning=meaning, now=now)
    else:
        due_at = schedule.retry_at(now=now, attempts=message.attempts, retry_after=meaning.pause)
        _queue_again(message, code=code, due_at=due_at, now=now)


def lose_leases(*, now: datetime) -> None:
    """SENDING whose lease ran out: whoever claimed it is gone, and nobody knows how far it came."""
    lost = (
        Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("patient")
        .filter(state=MessageState.SENDING, due_at__lte=now)
        .order_by("pk")
    )
    for message in lost:
        _lose_sight(message, code="lease_ran_out", now=now)


def resolve(*, message_id: int, attempt_id: UUID, found: list[Found] | None, now: datetime) -> None:
    """Takes in what the provider's books say about an unknown message; `found` is None where they could not be read."""
    message = _locked(message_id)
    if message.attempt_id != attempt_id or message.state != MessageState.UNKNOWN:
        return
    age = now - Attempt.objects.get(pk=attempt_id).started_at
    ours = _not_anothers(found or [], message)
    if ours:
        Attempt.objects.filter(pk=attempt_id).update(provider_id=ours[0].provider_id, outcome="found")
        _move_on(message, ours[0].report, provider_id=ours[0].provider_id, now=now, actor=record.SYSTEM)
    elif found is not None and age >= clock.real(ABSENT_AFTER):
        Attempt.objects.filter(pk=attempt_id).update(outcome="absent")
        _queue_again(message, code="absent", due_at=now, now=now)
    elif age >= GIVE_UP_AFTER:
        _store(message, due_at=None)
        _tell_staff(message, now=now)
    else:
        _store(message, due_at=now + LOOK_AGAIN)


def apply_callback(*, attempt_id: UUID, provider_id: str, status: str, code: str, now: datetime) -> None:
    """Takes in a provider's report, in any order and any number, also before the answer to the call. What says nothing
    new changes nothing; of a failure only the latest attempt's counts, and an attempt that failed is not on its way
    again because an older report comes late."""
    attempt = Attempt.objects.filter(pk=attempt_id).first()
    if attempt is None:
        return
    message = _locked(attempt.message_id)
    attempt.refresh_from_db()
    report = registry.report(message.channel, status=status, code=code)
    if report is None or (report.fate is Fate.FAILED and message.attempt_id != attempt_id):
        return
    if report.fate is Fate.ON_ITS_WAY and attempt.outcome == UNDELIVERED:
        return
    if report.meaning.opted_out and message.patient_id is not None:
        optouts.opt_out(addresses=[(message.channel, message.address)], reason=optouts.COMPLAINT, now=now)
    if report.fate is Fate.FAILED and _may_fail(message):
        Attempt.objects.filter(pk=attempt_id).update(outcome=UNDELIVERED, code=report.code[:60])
    if not attempt.provider_id:
        Attempt.objects.filter(pk=attempt_id).update(provider_id=provider_id)
    _move_on(message, report, provider_id=provider_id, now=now, actor=record.PROVIDER)


# Each of the following moves a locked message on, with its entry in the record.


def _move_on(
    message: Message, report: Report, *, provider_id: str, now: datetime, actor: record.Actor
) -> None:
    if report.fate is Fate.ON_ITS_WAY and _RANK[MessageState(message.state)] < _RANK[MessageState.ACCEPTED]:
        _accept(message, provider_id=provider_id, now=now, actor=actor)
    elif report.fate is Fate.DELIVERED and _RANK[MessageState(message.state)] < _RANK[MessageState.DELIVERED]:
        _deliver(message, provider_id=provider_id, now=now, actor=actor)
    elif report.fate is Fate.FAILED and _may_fail(message):
        _store(message, provider_id=provider_id)
        _did_not_arrive(message, report, now=now, actor=actor)


def _did_not_arrive(message: Message, report: Report, *, now: datetime, actor: record.Actor) -> None:
    """As for what was refused; but what was on its way and did not arrive twice goes another way."""
    code, meaning = report.code or UNDELIVERED, report.meaning
    if meaning.alarm:
        pauses.alarm(channel=message.channel, code=code, now=now)
    if meaning.cause in pauses.RESTING and message.attempts < MOST_ATTEMPTS:
        until = pauses.begin(message, code=code, cause=meaning.cause, asked=None, now=now)
        _queue_again(message, code=code, due_at=until, now=now)
    elif meaning.cause is Cause.PERMANENT or message.attempts >= MOST_UNDELIVERED:
        fail(message, code=code, meaning=meaning, now=now, actor=actor)
    else:
        _queue_again(message, code=code, due_at=now + (meaning.pause or UNDELIVERED_PAUSE), now=now)


def _may_fail(message: Message) -> bool:
    return message.state in (MessageState.SENDING, MessageState.UNKNOWN, MessageState.ACCEPTED)


def _accept(message: Message, *, provider_id: str, now: datetime, actor: record.Actor) -> None:
    fallback_at = writing.fallback_of(message, sent_at=now)
    _store(
        message,
        state=MessageState.ACCEPTED,
        provider_id=provider_id,
        accepted_at=message.accepted_at or now,
        fallback_at=fallback_at,
        due_at=fallback_at,
        problem="",
    )
    writing.note(message, event="accepted", now=now, actor=actor, provider_id=provider_id)


def _deliver(message: Message, *, provider_id: str, now: datetime, actor: record.Actor) -> None:
    """Delivered wins over everything, late as it may come. It sends nothing."""
    _store(
        message,
        state=MessageState.DELIVERED,
        provider_id=provider_id,
        accepted_at=message.accepted_at or now,
        delivered_at=now,
        due_at=None,
        problem="",
    )
    writing.note(message, event="delivered", now=now, actor=actor, provider_id=provider_id)
    _tell_staff(message, now=now)


def fail(
    message: Message, *, code: str, meaning: Meaning, now: datetime, actor: record.Actor = record.SYSTEM
) -> None:
    """The end on this channel: the next one takes over, once, and staff hear of it where there is none."""
    _store(message, state=MessageState.FAILED, problem=code[:60], due_at=None)
    writing.note(message, event="failed", now=now, actor=actor, code=code)
    if meaning.unusable and message.patient_id is not None:
        Suppression.objects.bulk_create(
            [
                Suppression(
                    practice_id=message.practice_id,
                    channel=message.channel,
                    address=message.address,
                    reason=code[:60],
                    at=now,
                )
            ],
            ignore_conflicts=True,
        )
    take_next_channel(message, now=now)
    _tell_staff(message, now=now)


def _queue_again(message: Message, *, code: str, due_at: datetime, now: datetime) -> None:
    _store(message, state=MessageState.QUEUED, due_at=due_at, problem=code[:60])
    writing.note(message, event="put_off", now=now, code=code, attempts=message.attempts)


def _lose_sight(message: Message, *, code: str, now: datetime) -> None:
    """Unknown: looked up where the provider can be asked, else a person has to find out."""
    can_find = registry.capabilities(message.channel).can_find
    _store(message, state=MessageState.UNKNOWN, problem=code[:60], due_at=now if can_find else None)
    writing.note(message, event="unknown", now=now, code=code)
    if not can_find:
        _tell_staff(message, now=now)


def take_next_channel(message: Message, *, now: datetime) -> None:
    """The same decision over the best channel that it has not tried, once, about those of its cases of which it still has to
    be said; nothing where there is none, or where the patient was written to another way since."""
    cases = told.cases_of([message])[message.pk]
    if not cases or message.patient_id is None:
        return
    facts = queries.facts_of(cases, practice=Practice.objects.get(), now=now)
    about = [(case, facts[case.pk]) for case in cases if not _settled(facts[case.pk], message, now=now)]
    way = next_way(about[-1][1], message) if about else None
    if way is None or any(occasions.followed_up(known, told.said_by(message)) for _case, known in about):
        return
    if writing.queue_again(message=message, way=way, about=about, now=now) is not None:
        nudge(stage="deliver", practice_id=message.practice_id)


def _settled(facts: Facts, message: Message, *, now: datetime) -> bool:
    """Of a message about several: whether it need not be said of this one any more. Of one about one the claim asks."""
    said = next((said for said in facts.said if said.id == message.pk), None)
    return message.shared and (said is None or bool(occasions.why_not(facts, said, now=now)))


def next_way(facts: Facts, message: Message) -> tuple[str, str] | None:
    """The best way that this decision has not tried yet, if it is still right to say it at all."""
    decision = told.said_by(message).decision
    tried = {said.channel for said in facts.said if said.decision == decision}
    return next((way for way in facts.ways_for(message.occasion) if way[0] not in tried), None)


def _tell_staff(message: Message, *, now: datetime) -> None:
    writing.call_staff(set(told.case_ids_of([message])[message.pk]), practice_id=message.practice_id, now=now)


def _locked(message_id: int) -> Message:
    return (
        Message.objects.select_for_update(of=("self",), no_key=True)
        .select_related("practice", "patient__practice", "case__appointment__patient__practice")
        .get(pk=message_id)
    )


def _store(message: Message, **fields: Any) -> None:
    """Writes fields of a message that this transaction holds locked."""
    for name, value in fields.items():
        setattr(message, name, value)
    Message.objects.filter(pk=message.pk).update(**fields)


def _close_attempt(attempt_id: UUID, result: Rejected | Uncertain, *, now: datetime) -> None:
    outcome = "uncertain" if isinstance(result, Uncertain) else "rejected"
    fields = {"outcome": outcome, "code": result.code[:60]}
    changes: dict[str, Any] = {
        name: Case(When(outcome=UNDELIVERED, then=F(name)), default=Value(value))
        for name, value in fields.items()
    }
    Attempt.objects.filter(pk=attempt_id).update(finished_at=now, **changes)


def _not_anothers(found: list[Found], message: Message) -> list[Found]:
    """What the books have and no other message of ours claims."""
    ids = [one.provider_id for one in found]
    known = set(
        Attempt.objects.filter(provider_id__in=ids)
        .exclude(message_id=message.pk)
        .values_list("provider_id", flat=True)
    )
    return [one for one in found if one.provider_id not in known]
