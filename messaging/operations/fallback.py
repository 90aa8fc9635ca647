"""What did not arrive in time goes another way, once; where there is none, staff call. Needs an open scope.

In time: till `fallback_at`. What a provider has taken is waited for until it is delivered, or opened; what still waits here
by then (its channel rests, its provider is disturbed) has failed on this channel.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from messaging import occasions, queries, told
from messaging.models import Message, MessageState
from messaging.occasions import Facts
from messaging.operations import results, writing
from messaging.providers.base import PERMANENT
from practices.models import Practice
from prerequisites.models import Case

BATCH = 50


def give_up(*, now: datetime) -> None:
    """Ends the waiting that is over."""
    practice = Practice.objects.get()
    if practice.sending:
        _stuck(now=now)
    _without_echo(practice, now=now)


def _stuck(*, now: datetime) -> None:
    """Tried, or held back by a channel that rests, and never taken."""
    waiting = _held().filter(state=MessageState.QUEUED, fallback_at__lte=now, patient__isnull=False)
    for message in waiting.exclude(problem="")[:BATCH]:
        results.fail(message, code=message.problem or "waited_too_long", meaning=PERMANENT, now=now)


def _without_echo(practice: Practice, *, now: datetime) -> None:
    """Taken by the provider, and neither delivered nor opened. What need not be said any more is let be."""
    held = list(_held().filter(state=MessageState.ACCEPTED, due_at__lte=now).order_by("due_at", "pk")[:BATCH])
    spoken = told.cases_of(held)
    cases = {case.pk: case for found in spoken.values() for case in found}
    facts = queries.facts_of(list(cases.values()), practice=practice, now=now)
    for message in held:
        Message.objects.filter(pk=message.pk).update(due_at=None)
        if message.patient_id is None or not _matters(message, spoken[message.pk], facts, now=now):
            continue
        Message.objects.filter(pk=message.pk).update(given_up_at=now)
        writing.note(message, event="no_echo", now=now)
        results.take_next_channel(message, now=now)
        writing.call_staff({case.pk for case in spoken[message.pk]}, practice_id=practice.pk, now=now)


def _matters(message: Message, cases: Sequence[Case], facts: dict[int, Facts], *, now: datetime) -> bool:
    """Whether it still has to be said about any of the cases."""
    said = [(facts[case.pk], one) for case in cases for one in facts[case.pk].said if one.id == message.pk]
    return any(not occasions.why_not(known, one, now=now) for known, one in said)


def _held() -> QuerySet[Message]:
    return Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).select_related(
        "practice", "patient__practice", "case__appointment__patient__practice"
    )
