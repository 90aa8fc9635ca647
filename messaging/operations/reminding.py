"""A reminder over another channel, for cases that escalation finds silent: once a key, and only where it is still right."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from messaging import joining, occasions, queries
from messaging.models import Mention, Message, Occasion
from messaging.occasions import Facts
from messaging.operations import writing
from practices.models import Practice
from prerequisites.models import Case


def remind_otherwise(
    cases: Sequence[Case], *, keys: Mapping[int, str], practice: Practice, now: datetime
) -> tuple[list[Message], list[Mention]]:
    """A reminder for each patient of the cases (id -> key) who has a way that nothing went over yet, about all of them, not
    saved yet (writing.insert_new). A practice that does not send reminds nobody."""
    if not cases or not practice.sending:
        return [], []
    facts = queries.facts_of(cases, practice=practice, now=now)
    own_texts = queries.own_texts()
    groups: dict[tuple[int | None, tuple[str, str]], list[tuple[Case, Facts]]] = defaultdict(list)
    for case in sorted(cases, key=lambda one: (one.appointment.start, one.pk)):
        way = _way(facts[case.pk], now=now)
        if way is not None:
            groups[case.appointment.patient_id, way].append((case, facts[case.pk]))
    messages, mentions = [], []
    for (_patient, way), about in groups.items():
        key = keys[about[-1][0].pk]
        message, spoken_of = writing.new_message(
            practice=practice,
            about=about,
            occasion=Occasion.REMINDER,
            key=key,
            way=way,
            own_texts=own_texts,
            now=now,
        )
        messages.append(message)
        mentions += spoken_of
    return messages, mentions


def _way(facts: Facts, *, now: datetime) -> tuple[str, str] | None:
    """The best way that nothing went over yet. Whoever was never written to, or is just being written to, is messaging's own;
    so is who has one way only, or was written to shortly before: a reminder or what goes another way by itself."""
    used = {said.channel for said in facts.said if said.state in occasions.GONE_OUT}
    if not used or occasions.just_written_to(facts, now=now):
        return None
    way = next((way for way in facts.ways_for(Occasion.REMINDER) if way[0] not in used), None)
    if way is None or occasions.why_not(facts, _said(facts, way, now=now), now=now):
        return None
    return way


def _said(facts: Facts, way: tuple[str, str], *, now: datetime) -> occasions.Said:
    """The reminder as it would be written down for one case."""
    return occasions.Said(
        id=0,
        occasion=Occasion.REMINDER,
        channel=way[0],
        address=way[1],
        key=f"{Occasion.REMINDER}/{way[0]}",
        state="queued",
        told_start=facts.start,
        told_deadline=joining.still_ahead(facts, now=now),
        created_at=now,
        sent_at=now,
    )
