"""The chain's last digest of a day, which goes outside as a witness: who changes an entry later can't change a mail.

One a practice and day, from the evening on and only where the chain has grown. Several days that were slept through make
one; a clock that is turned back makes none for days that are over.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q

from practices import lookups, rows, tenancy
from practices.models import DailyHead, Practice, RecordEntry, Seal

FROM = time(19)
_NOTICES = Q(event__startswith="message.", data__occasion="staff", case_id=None)


def due(*, now: datetime) -> Sequence[int]:
    """The practices whose chain has grown since its last head, and where today's is due. Needs no scope."""
    found = lookups.rows("treffa_practices_to_witness")
    return [practice_id for practice_id, zone, last in found if _due(zone, last, now=now)]


def take(*, now: datetime) -> DailyHead | None:
    """The head of the day for the practice in scope; None if it was taken, is not due or nothing was sealed. Not `mailed`
    where nothing was recorded but notices to the practice: such mails, being recorded, would go on for ever."""
    practice = Practice.objects.select_for_update(no_key=True).get(pk=tenancy.current())
    before, last = DailyHead.objects.order_by("-day").first(), Seal.objects.order_by("-number").first()
    held, day = (before.number, before.day) if before else (0, None)
    if last is None or last.number <= held or not _due(practice.time_zone, day, now=now):
        return None
    new = Seal.objects.filter(number__gt=held).order_by("number").values_list("entry_ids", flat=True)
    return DailyHead.objects.create(
        practice=practice,
        day=_local(practice.time_zone, now).date(),
        number=last.number,
        digest=last.digest,
        at=last.at,
        mailed=any(_tells_something(ids) for ids in new.iterator(chunk_size=100)),
    )


def _due(zone: str, last: date | None, *, now: datetime) -> bool:
    local = _local(zone, now)
    return local.time() >= FROM and (last is None or last < local.date())


def _local(zone: str, now: datetime) -> datetime:
    """By the practice's clock; one practice's unknown zone holds up no other."""
    try:
        return now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now


def _tells_something(entry_ids: Sequence[int]) -> bool:
    found = RecordEntry.objects.filter(rows.among("pk", entry_ids, type="bigint"))
    return found.exclude(_NOTICES).exists()
