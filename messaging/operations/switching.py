"""The practice's own switch: out of the shadow, and back. Needs an open scope."""

from datetime import datetime

from messaging.models import Message, MessageState
from practices import record, tenancy
from practices.models import Practice
from practices.nudge import nudge
from prerequisites.models import Case


def switch_sending(*, on: bool, by: record.Actor, now: datetime) -> bool:
    """Patients are written to from now on, or no more. What was not said meanwhile is decided as of now, so that nothing of
    the past is made up for. False if it stood like that already."""
    practice_id = tenancy.current()
    if not Practice.objects.filter(sending=not on).update(sending=on):
        return False
    record.write(record.Entry(event="practice.sending", at=now, actor=by, data={"on": on}))
    if on:
        Case.objects.filter(closed_at=None).update(requests_due_at=now)
        waiting = Message.objects.filter(state=MessageState.QUEUED, due_at__gt=now)
        waiting.filter(patient__isnull=False).update(due_at=now)
        for stage in ("requests", "deliver"):
            nudge(stage=stage, practice_id=practice_id)
    return True
