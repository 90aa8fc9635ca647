"""What did not arrive in time goes another way, once; where there is none, staff call. Needs an open scope.

In time: till `fallback_at`. What a provider has taken is waited for until it is delivered, or opened; what still waits here
by then (its channel rests, its provider is disturbed) has failed on this channel.
"""

from datetime import datetime

from django.db.models import QuerySet

from messaging import occasions, queries
from messaging.models import Message, MessageState
from messaging.operations import results, writing
from messaging.providers.base import PERMANENT
from practices import record
from practices.models import Practice

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
    cases = {message.case_id: message.case for message in held if message.case is not None}
    facts = queries.facts_of([case for case in cases.values() if case], practice=practice, now=now)
    for message in held:
        Message.objects.filter(pk=message.pk).update(due_at=None)
        if message.case_id is None or message.patient_id is None:
            continue
        if occasions.why_not(facts[message.case_id], queries.said_by(message), now=now):
            continue
        Message.objects.filter(pk=message.pk).update(given_up_at=now)
        record.write(writing.entry(message, "no_echo", now=now))
        results.take_next_channel(message, now=now)
        writing.call_staff({message.case_id}, practice_id=practice.pk, now=now)


def _held() -> QuerySet[Message]:
    return Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).select_related(
        "practice", "patient__practice", "case__appointment__patient__practice"
    )
