"""Support access: the operators see a practice's data only while a manager of it lets them, for hours or a few days."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from practices import record, tenancy
from practices.models import ActorKind, RecordEntry, SupportGrant

SPANS = {4: timedelta(hours=4), 24: timedelta(days=1), 72: timedelta(days=3)}
SHOWN = 10


def holding(*, now: datetime) -> QuerySet[SupportGrant]:
    """The grants that hold: of the practice in scope, of all for the operators' role."""
    return SupportGrant.objects.filter(until__gt=now, ended_at=None)


def grants() -> Sequence[SupportGrant]:
    """The latest of the practice in scope, the newest first."""
    return list(SupportGrant.objects.select_related("given_by").order_by("-pk")[:SHOWN])


def looked(grant: SupportGrant) -> int:
    """How often operators looked at something, or changed it, while the grant held."""
    until = grant.ended_at or grant.until
    seen = RecordEntry.objects.filter(actor_kind=ActorKind.OPERATOR, at__gte=grant.given_at, at__lte=until)
    return seen.count()


def give(*, reason: str, hours: int, by: record.Actor, now: datetime) -> SupportGrant:
    """Lets the operators look, for a number of hours out of SPANS (KeyError for another)."""
    assert by.user_id is not None
    grant = SupportGrant.objects.create(
        practice_id=tenancy.current(),
        reason=reason,
        given_by_id=by.user_id,
        given_at=now,
        until=now + SPANS[hours],
    )
    data = {"grant": grant.pk, "until": grant.until.isoformat()}
    record.write(record.Entry(event="support.granted", at=now, actor=by, data=data))
    return grant


def end(*, grant_id: int, by: record.Actor, now: datetime) -> bool:
    """Ends it before its time. False if it is over."""
    if not holding(now=now).filter(pk=grant_id).update(ended_at=now):
        return False
    record.write(record.Entry(event="support.ended", at=now, actor=by, data={"grant": grant_id}))
    return True
