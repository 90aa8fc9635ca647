"""The webhooks stage: what changed becomes rows, and rows that are due are sent, outside of any transaction.

How a case stands is told, not each step on the way: a case that changed twice before the stage ran is told once. A delivery
may arrive twice (its id stays the same) and late, so `since` says which of two is newer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from appointments.fetch import Failed, post
from messaging.operations import queue_staff_notice
from practices import lookups, queries, record, tenancy, vault
from practices.models import Delivery, Practice, Role, Webhook
from treffa.webhooks import signing

DEADLINE_S = 10.0
BATCH = 50
# While one is under way nobody else takes it.
LEASE = timedelta(minutes=5)
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
DISABLED_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
_OVERLAP = timedelta(hours=1)
_NEWS = """
    INSERT INTO practices_delivery (practice_id, webhook_id, case_id, readiness, since, made_at, due_at, tries, problem)
    SELECT w.practice_id, w.id, c.id, c.readiness, c.readiness_since, %(now)s, %(now)s, 0, ''
      FROM practices_webhook w
      JOIN prerequisites_case c ON c.practice_id = w.practice_id AND c.readiness_since > w.looked_at - %(overlap)s
       AND c.readiness_since > w.made_at
     WHERE w.practice_id = %(practice)s AND w.disabled_at IS NULL AND w.removed_at IS NULL
    ON CONFLICT (practice_id, webhook_id, case_id, since) DO NOTHING
"""


def due(now: datetime) -> Sequence[int]:
    """The practices with something to tell."""
    news = lookups.practices("treffa_practices_with_news_for_webhooks")
    return sorted({*news, *lookups.practices("treffa_practices_with_deliveries_due", now)})


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One delivery, ready to be sent; `attempt` is the number of the try that took it."""

    delivery_id: int
    webhook_id: int
    attempt: int
    url: str
    body: bytes
    secret: str


def advance(*, practice_id: int, now: datetime) -> None:
    """Notes what changed, then sends what is due, fifty at most: the rest is found at the next tick."""
    with tenancy.scope(practice_id):
        _note(now=now)
        parcels = _claim(now=now)
    for parcel in parcels:
        tenancy.forbid_scope()
        answer = _send(parcel, now=now)
        with tenancy.scope(practice_id):
            _finish(parcel, answer, now=now)


def _note(*, now: datetime) -> None:
    given: dict[str, Any] = {
        "now": now,
        "overlap": _OVERLAP,
        "practice": tenancy.current(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, given)
    Webhook.objects.filter(disabled_at=None, removed_at=None).update(looked_at=now)
    Delivery.objects.filter(due_at=None, made_at__lt=now - KEPT).delete()


def _claim(*, now: datetime) -> list[Parcel]:
    found = Delivery.objects.filter(due_at__lte=now).order_by("due_at", "pk").select_related("webhook")
    held = list(found.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    if not held:
        return []
    key = Practice.objects.get().key()
    Delivery.objects.filter(pk__in=[one.pk for one in held]).update(
        due_at=now + LEASE, tries=F("tries") + 1, tried_at=now
    )
    off = [one.pk for one in held if not one.webhook.active]
    Delivery.objects.filter(pk__in=off).update(due_at=None, problem="switched_off")
    return [_parcel(one, key) for one in held if one.webhook.active]


def _parcel(one: Delivery, key: bytes) -> Parcel:
    hook = one.webhook
    return Parcel(
        delivery_id=one.pk,
        webhook_id=hook.pk,
        attempt=one.tries + 1,
        url=vault.unseal(key=key, sealed=bytes(hook.sealed_url), context="webhook-url").decode(),
        secret=vault.unseal(key=key, sealed=bytes(hook.sealed_secret), context="webhook-secret").decode(),
        body=_body(one),
    )


def _body(one: Delivery) -> bytes:
    """Ids and a state, nothing about the person: more is read with the API."""
    content: dict[str, object] = {"type": "webhook.test", "timestamp": one.since.isoformat(), "data": {}}
    if one.case_id:
        content["type"] = "case.readiness"
        content["data"] = {"case": one.case_id, "readiness": one.readiness, "since": one.since.isoformat()}
    return json.dumps(content, separators=(",", ":")).encode()


def _send(parcel: Parcel, *, now: datetime) -> int | Failed:
    signed = signing.headers(
        secret=parcel.secret,
        message_id=f"evt_{parcel.delivery_id}",
        timestamp=int(now.timestamp()),
        body=parcel.body,
    )
    return post(
        parcel.url,
        body=parcel.body,
        headers={"Content-Type": "application/json", **signed},
        allowed_addresses=settings.FEED_ALLOWED_ADDRESSES,
        deadline=DEADLINE_S,
    )


def _finish(parcel: Parcel, answer: int | Failed, *, now: datetime) -> None:
    """Only if this try still holds it."""
    held = Delivery.objects.filter(pk=parcel.delivery_id, tries=parcel.attempt, due_at__isnull=False)
    hook = Webhook.objects.filter(pk=parcel.webhook_id)
    if isinstance(answer, int) and 200 <= answer < 300:
        held.update(due_at=None, taken_at=now, status=answer, problem="")
        hook.update(failing_since=None)
        return
    status = answer if isinstance(answer, int) else answer.status
    problem = "" if isinstance(answer, int) else str(answer.reason)
    again = now + PAUSES[parcel.attempt - 1] if parcel.attempt <= len(PAUSES) else None
    held.update(due_at=again, status=status, problem=problem)
    hook.filter(failing_since=None).update(failing_since=now)
    if hook.filter(failing_since__lte=now - DISABLED_AFTER, disabled_at=None).update(disabled_at=now):
        _tell_that_it_is_off(parcel.webhook_id, now=now)


def _tell_that_it_is_off(webhook_id: int, *, now: datetime) -> None:
    Delivery.objects.filter(webhook=webhook_id, due_at__isnull=False).update(
        due_at=None, problem="switched_off"
    )
    record.write(record.Entry(event="webhook.switched_off", at=now, data={"webhook": webhook_id}))
    hook, practice = Webhook.objects.get(pk=webhook_id), queries.current_practice()
    with timezone.override(practice.time_zone), translation.override(practice.language):
        subject = gettext("Webhook “%(name)s” is switched off") % {"name": hook.name}
        said = gettext("“%(host)s” has taken nothing for three days. Treffa tells it nothing any more.")
        link = f"{settings.PUBLIC_URL}{reverse('dashboard:webhooks')}"
        then = gettext("To switch it on again:")
        text = "\n\n".join([gettext("Hello,"), said % {"host": hook.host}, f"{then}\n{link}", practice.name])
    for member in queries.members(Role.MANAGER):
        queue_staff_notice(
            address=member.user.email,
            language=practice.language,
            subject=subject,
            text=text,
            dedupe_key=f"webhook-off:{webhook_id}:{now.isoformat()}:{member.user_id}",
            case_id=None,
            now=now,
        )
