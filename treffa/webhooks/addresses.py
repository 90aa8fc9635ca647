"""The addresses that are told of changes: added, tried, switched on again and removed by managers."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from appointments.fetch import may_be_asked
from practices import record, tenancy, vault
from practices.models import Delivery, Practice, Webhook
from practices.nudge import nudge
from treffa.webhooks import signing

STAGE = "webhooks"
MOST = 10


class RefusedAddressError(ValueError):
    """No address that may be told: https to the public internet only."""


def webhooks() -> Sequence[Webhook]:
    """Those of the practice in scope that were not removed, the first one first."""
    return list(Webhook.objects.filter(removed_at=None).select_related("made_by").order_by("pk"))


def add(*, name: str, url: str, by: record.Actor, now: datetime) -> str:
    """One more address; its secret, which is shown once. RefusedAddressError."""
    assert by.user_id is not None
    allowed = frozenset(settings.FEED_ALLOWED_ADDRESSES)
    if not may_be_asked(url, allowed=allowed) or len(webhooks()) >= MOST:
        raise RefusedAddressError
    key, secret = Practice.objects.get().key(), signing.new_secret()
    webhook = Webhook.objects.create(
        practice_id=tenancy.current(),
        name=name,
        host=urlsplit(url).hostname or "",
        sealed_url=vault.seal(key=key, plaintext=url.encode(), context="webhook-url"),
        sealed_secret=vault.seal(key=key, plaintext=secret.encode(), context="webhook-secret"),
        made_by_id=by.user_id,
        made_at=now,
        looked_at=now,
    )
    _write("webhook.added", webhook.pk, by=by, now=now)
    return secret


def try_out(*, webhook_id: int, now: datetime) -> bool:
    """Sends an event that says nothing, at once. False for one that is switched off or removed."""
    if not Webhook.objects.filter(pk=webhook_id, disabled_at=None, removed_at=None).exists():
        return False
    Delivery.objects.create(
        practice_id=tenancy.current(), webhook_id=webhook_id, case_id=0, since=now, made_at=now, due_at=now
    )
    nudge(stage=STAGE, practice_id=tenancy.current())
    return True


def switch_on(*, webhook_id: int, by: record.Actor, now: datetime) -> bool:
    """Goes on with what changes from now. False if it is on."""
    held = Webhook.objects.filter(pk=webhook_id, removed_at=None, disabled_at__isnull=False)
    if not held.update(disabled_at=None, failing_since=None, looked_at=now, made_at=now):
        return False
    _write("webhook.switched_on", webhook_id, by=by, now=now)
    return True


def remove(*, webhook_id: int, by: record.Actor, now: datetime) -> bool:
    """Forgets its address and secret. False if somebody did already."""
    gone = {"removed_at": now, "sealed_url": b"", "sealed_secret": b""}
    if not Webhook.objects.filter(pk=webhook_id, removed_at=None).update(**gone):
        return False
    Delivery.objects.filter(webhook=webhook_id, due_at__isnull=False).update(due_at=None, problem="removed")
    _write("webhook.removed", webhook_id, by=by, now=now)
    return True


def _write(event: str, webhook_id: int, *, by: record.Actor, now: datetime) -> None:
    record.write(record.Entry(event=event, at=now, actor=by, data={"webhook": webhook_id}))
