"""A reminder over another channel, for cases that escalation finds silent: once a key, and only where it is still right."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from messaging import occasions, queries
from messaging.models import Message, Occasion
from messaging.occasions import Facts
from messaging.operations import writing
from practices.models import Practice
from prerequisites.models import Case


def remind_otherwise(
    cases: Sequence[Case], *, keys: Mapping[int, str], practice: Practice, now: datetime
) -> list[Message]:
    """A reminder for each case (id -> key) whose patient has a way that nothing went over yet, not saved yet
    (writing.insert_new). A practice that does not send reminds nobody."""
    if not cases or not practice.sending:
        return []
    facts = queries.facts_of(cases, practice=practice, now=now)
    own_texts = queries.own_texts()
    found = (
        _reminder(case, facts[case.pk], keys[case.pk], own_texts, practice=practice, now=now)
        for case in cases
    )
    return [message for message in found if message is not None]


def _reminder(
    case: Case,
    facts: Facts,
    key: str,
    own_texts: queries.OwnTexts,
    *,
    practice: Practice,
    now: datetime,
) -> Message | None:
    """Whoever was never written to, or is just being written to, is messaging's own; so is who has one way only."""
    used = {said.channel for said in facts.said if said.state in occasions.GONE_OUT}
    way = next((way for way in facts.ways if way[0] not in used), None)
    if not used or way is None or any(said.state == "queued" for said in facts.said):
        return None
    message = writing.new_message(
        practice=practice,
        case=case,
        facts=facts,
        occasion=Occasion.REMINDER,
        key=key,
        way=way,
        own_texts=own_texts,
        now=now,
    )
    why_not = occasions.why_not(facts, queries.said_by(message), now=now)
    return None if why_not else message
