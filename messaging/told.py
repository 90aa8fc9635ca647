"""What was said about cases, whether alone or in one message with others of the same patient. Reads only."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet

from appointments.models import AppointmentStatus
from messaging.models import Mention, Message, MessageState
from messaging.occasions import Said
from prerequisites.models import Case

_READ = (
    *("pk", "occasion", "channel", "address", "dedupe_key", "state"),
    *("created_at", "accepted_at", "due_at", "case_id", "told_start", "told_deadline"),
)
# Of a message about several, what it says of one case stands in the mention.
_MENTIONED = (*(f"message__{name}" for name in _READ[:-3]), "case_id", "told_start", "told_deadline")


def said_of(case_ids: Collection[int]) -> dict[int, list[Said]]:
    """All messages to patients by case, in one statement; one about several under each of its cases, with what it says of it."""
    alone = Message.objects.filter(case_id__in=case_ids, patient__isnull=False, shared=False).order_by()
    shared = Mention.objects.filter(case_id__in=case_ids, message__patient__isnull=False).order_by()
    said: dict[int, list[Said]] = defaultdict(list)
    for row in alone.values_list(*_READ).union(shared.values_list(*_MENTIONED), all=True):
        *content, case_id, start, deadline = row
        said[case_id].append(_said(*content, start, deadline))
    return defaultdict(
        list, {case_id: sorted(found, key=attrgetter("id")) for case_id, found in said.items()}
    )


def said_by(message: Message) -> Said:
    """A message as the pure decisions see it."""
    read = (getattr(message, name) for name in _READ if name != "case_id")
    return _said(*read)


def _said(*content: Any) -> Said:
    pk, occasion, channel, address, key, state, created_at, accepted_at, due_at, start, deadline = content
    return Said(
        id=pk,
        occasion=occasion,
        channel=channel,
        address=address,
        key=key,
        state=state,
        told_start=start,
        told_deadline=deadline,
        created_at=created_at,
        sent_at=accepted_at or due_at or created_at,
    )


def messages_of_case(case_id: int) -> list[Message]:
    """All messages about a case, oldest first, with their patients and attempts."""
    found = about([case_id]).select_related("patient__practice", "practice")
    return list(found.prefetch_related("tries").order_by("id"))


def about(case_ids: Collection[int]) -> QuerySet[Message]:
    """The messages that belong to these cases or speak of them."""
    ids = Message.objects.filter(case_id__in=case_ids).order_by().values("pk")
    mentioned = Mention.objects.filter(case_id__in=case_ids).order_by().values("message_id")
    return Message.objects.filter(pk__in=ids.union(mentioned))


def latest_of(case_ids: Collection[int]) -> dict[int, Message]:
    """The message to the patient that counts for each case: the newest; one that waits to go out only where there is no other."""
    found = list(about(case_ids).filter(patient__isnull=False).defer("sealed_wording"))
    spoken = case_ids_of(found)
    found.sort(key=lambda one: (one.state != MessageState.QUEUED, one.pk))
    return {case_id: message for message in found for case_id in spoken[message.pk] if case_id}


def cases_of(messages: Sequence[Message]) -> dict[int, list[Case]]:
    """The cases that each message (with its case) speaks of, by message id; asked of the database only for those about
    several."""
    found = {message.pk: [message.case] if message.case else [] for message in messages}
    several = [message.pk for message in messages if message.shared]
    if several:
        mentions = Mention.objects.filter(message__in=several).order_by("told_start", "case_id")
        found |= {pk: [] for pk in several}
        for mention in mentions.select_related("case__appointment__patient__practice"):
            found[mention.message_id].append(mention.case)
    return found


def case_ids_of(messages: Sequence[Message]) -> dict[int, list[int | None]]:
    """The same, ids only; None for a message about no case."""
    found = {message.pk: [message.case_id] for message in messages}
    several = [message.pk for message in messages if message.shared]
    if several:
        found |= {pk: [] for pk in several}
        mentions = Mention.objects.filter(message__in=several).order_by("told_start", "case_id")
        for message_id, case_id in mentions.values_list("message_id", "case_id"):
            found[message_id].append(case_id)
    return found


def mentions_gone_wrong() -> QuerySet[Mention]:
    """For an outer queryset of messages: what they say of cases that are closed, off, or at another time by now."""
    wrong = ~Q(case__closed_at=None) | Q(case__appointment__status=AppointmentStatus.CANCELLED)
    wrong |= ~Q(case__appointment__start=F("told_start"))
    return Mention.objects.filter(wrong, message_id=OuterRef("pk")).order_by()
