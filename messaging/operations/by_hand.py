"""A reminder that staff ask for now: over the best way there is, within what the schedule allows, to be taken back for a
minute. It is said why nobody is reminded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from messaging import occasions, queries, told
from messaging.models import Message, Occasion
from messaging.operations import writing
from practices import record
from practices.models import Practice
from prerequisites import locking
from prerequisites.models import Case

GRACE = timedelta(minutes=1)


def planned_reminders(
    cases: Sequence[Case], *, practice: Practice, now: datetime
) -> dict[int, Message | str]:
    """For each case (with its appointment, patient and type) the message that would be written, not saved, or the code of
    why there is none: "not_sending", "no_way", "not_asked", "waits", else messaging's own (occasions.why_not)."""
    facts = queries.facts_of(cases, practice=practice, now=now)
    own_texts = queries.own_texts()
    return {case.pk: _planned(case, facts[case.pk], own_texts, practice=practice, now=now) for case in cases}


def remind_now(
    case_ids: Sequence[int], *, practice: Practice, by: record.Actor, now: datetime
) -> list[Message]:
    """Writes them down; returns the new ones. Asked twice at once, the second finds what waits."""
    locking.lock_cases(case_ids)
    found = Case.objects.filter(pk__in=case_ids).select_related(
        "appointment__patient__practice", "appointment__type", "plan"
    )
    planned = planned_reminders(list(found.order_by("pk")), practice=practice, now=now)
    messages = [one for one in planned.values() if isinstance(one, Message)]
    entries = writing.insert_new(messages, now=now)
    asked = [
        record.Entry(
            event="message.asked_for",
            at=now,
            actor=by,
            case_id=one.case_id,
            patient_id=one.patient_id,
            data=writing.about(one),
        )
        for one in messages
        if one.pk
    ]
    record.write(*asked, *entries)
    return [one for one in messages if one.pk]


def take_back(message_ids: Sequence[int], *, now: datetime) -> int:
    """Calls off those that have not gone out; how many."""
    return len(writing.withdraw(dict.fromkeys(message_ids, "taken_back"), now=now))


def _planned(
    case: Case, facts: occasions.Facts, own_texts: queries.OwnTexts, *, practice: Practice, now: datetime
) -> Message | str:
    if not practice.sending:
        return "not_sending"
    if not facts.ways:
        return "no_way"
    if any(said.state == "queued" for said in facts.said):
        return "waits"
    if not any(said.state in occasions.GONE_OUT for said in facts.said):
        return "not_asked"
    message, __ = writing.new_message(
        practice=practice,
        about=[(case, facts)],
        occasion=Occasion.REMINDER,
        key=f"reminder:{case.pk}:by_hand:{now:%Y%m%d%H%M%S}",
        way=facts.ways[0],
        own_texts=own_texts,
        now=now,
    )
    message.due_at = max(message.due_at or now, now + GRACE)
    return occasions.why_not(facts, told.said_by(message), now=now) or message
