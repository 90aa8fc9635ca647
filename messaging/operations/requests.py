"""The requests stage: what has to be said about the cases that are due, decided from facts and written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from messaging import occasions, queries
from messaging.models import Message, MessageState
from messaging.occasions import Decision, Facts
from messaging.operations import writing
from practices import record, tenancy
from practices.models import Practice
from practices.nudge import nudge
from prerequisites.models import Case

BATCH = 200
NOT_SENDING = timedelta(hours=1)


def queue_requests(*, practice_id: int, now: datetime) -> None:
    """Writes down what has to be said at `now` and when to look next. A practice that does not send is looked at hourly.
    Cases that somebody else holds are left for the next round."""
    while _queue_batch(practice_id=practice_id, now=now) == BATCH:
        continue


def _queue_batch(*, practice_id: int, now: datetime) -> int:
    with tenancy.scope(practice_id):
        practice = Practice.objects.get()
        if not practice.sending:
            Case.objects.filter(requests_due_at__lte=now).update(requests_due_at=now + NOT_SENDING)
            return 0
        cases = list(
            Case.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("appointment__patient__practice")
            .filter(requests_due_at__lte=now)
            .order_by("requests_due_at", "pk")[:BATCH]
        )
        if cases:
            _decide(cases, practice=practice, now=now)
        return len(cases)


def _decide(cases: Sequence[Case], *, practice: Practice, now: datetime) -> None:
    facts = queries.facts_of(cases, practice=practice, now=now)
    decisions = {case.pk: occasions.decide(facts[case.pk], now=now) for case in cases}
    writing.withdraw(
        {message_id: why for decision in decisions.values() for message_id, why in decision.drop.items()},
        now=now,
    )
    saying = [case for case in cases if decisions[case.pk].say]
    own_texts = queries.own_texts() if saying else {}
    said = [
        _written(case, facts[case.pk], decisions[case.pk], own_texts, practice=practice, now=now)
        for case in saying
    ]
    said += [
        writing.no_way(case, facts[case.pk], decisions[case.pk].key, practice=practice, now=now)
        for case in cases
        if decisions[case.pk].unreachable and facts[case.pk].addresses
    ]
    Message.objects.bulk_create(said)
    record.write(
        *[
            writing.entry_queued(message, now=now)
            if message.state == MessageState.QUEUED
            else writing.entry(message, "failed", now=now, code=message.problem)
            for message in said
        ]
    )
    _schedule(cases, facts, decisions, said, now=now)
    if said:
        nudge(stage="deliver", practice_id=practice.pk)
    if any(decision.unreachable for decision in decisions.values()):
        nudge(stage="escalate", practice_id=practice.pk)


def _written(
    case: Case,
    facts: Facts,
    decision: Decision,
    own_texts: queries.OwnTexts,
    *,
    practice: Practice,
    now: datetime,
) -> Message:
    return writing.new_message(
        practice=practice,
        case=case,
        facts=facts,
        occasion=decision.say,
        key=decision.key,
        way=facts.ways_for(decision.say)[0],
        own_texts=own_texts,
        now=now,
    )


def _schedule(
    cases: Sequence[Case],
    facts: dict[int, Facts],
    decisions: dict[int, Decision],
    said: Sequence[Message],
    *,
    now: datetime,
) -> None:
    """When to look at each case next: at the reminder's time, seen with what has just been written down."""
    written = {message.case_id: queries.said_by(message) for message in said}
    for case in cases:
        decision = decisions[case.pk]
        case.requests_due_at = decision.look_at
        if case.pk in written:
            after = occasions.with_said(facts[case.pk], written[case.pk])
            case.requests_due_at = occasions.decide(after, now=now).look_at
        if decision.unreachable:
            case.escalation_due_at = now
    Case.objects.bulk_update(cases, ["requests_due_at", "escalation_due_at"])
