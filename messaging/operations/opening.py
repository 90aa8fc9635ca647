"""What the patient has opened: their first act on the page after a message went out. Needs an open scope."""

from datetime import datetime

from django.db.models import F, Q

from messaging import told
from messaging.models import Message, MessageState
from messaging.operations import writing
from practices import record

# Whoever is at the page has a link of ours: also what nobody could say about has arrived, or is needed no more.
OUT = (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.UNKNOWN)


def mark_opened(*, case_id: int, now: datetime) -> None:
    """Moves on what went out to the patient with the link that holds. Call it before the case is locked."""
    renewed = Q(case__link_renewed_at=None) | Q(created_at__gte=F("case__link_renewed_at"))
    opened = list(
        Message.objects.select_for_update(of=("self",), no_key=True)
        .filter(renewed, pk__in=told.about([case_id]).values("pk"), patient__isnull=False, state__in=OUT)
        .order_by("pk")
    )
    if not opened:
        return
    Message.objects.filter(pk__in=[message.pk for message in opened]).update(
        state=MessageState.OPENED, opened_at=now, due_at=None, problem=""
    )
    writing.note(*opened, event="opened", now=now, actor=record.PATIENT)
