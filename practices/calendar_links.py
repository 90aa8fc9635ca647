"""The links under which calendar apps read how ready the appointments are: token = base64url(HMAC-SHA256(link key,
"calendar:id:generation")), only its SHA-256 is stored. Renewing raises the generation, so that the old address is none.
"""

import secrets
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from practices import lookups, record, tenancy, tokens
from practices.models import CalendarLink

# How exactly it is known when a link was last read: a write a poll would be many.
NOTED_EVERY = timedelta(hours=1)


def token_for(link: CalendarLink) -> str:
    """The token of a link: 43 characters, safe in an address."""
    return tokens.token_of(f"calendar:{link.pk}:{link.generation}")


def links() -> QuerySet[CalendarLink]:
    """Those of the practice in scope that hold, the first one made first."""
    return CalendarLink.objects.filter(revoked_at=None).select_related("made_by").order_by("pk")


def make(*, name: str, practitioner: str, says_type: bool, by: record.Actor, now: datetime) -> CalendarLink:
    """A new link; by a person of the practice."""
    assert by.user_id is not None
    link = CalendarLink.objects.create(
        practice_id=tenancy.current(),
        name=name,
        practitioner=practitioner,
        says_type=says_type,
        token_hash=f"unset-{secrets.token_hex(16)}",  # until its id is known, of which it is made
        made_by_id=by.user_id,
        made_at=now,
    )
    _keep_hash(link)
    _write("calendar_link.made", link, by=by, now=now)
    return link


def renew(*, link_id: int, by: record.Actor, now: datetime) -> bool:
    """Another address for the link: the old one opens nothing any more. False if it was revoked."""
    held = CalendarLink.objects.filter(pk=link_id, revoked_at=None)
    if not held.update(generation=F("generation") + 1, read_at=None):
        return False
    link = held.get()
    _keep_hash(link)
    _write("calendar_link.renewed", link, by=by, now=now)
    return True


def revoke(*, link_id: int, by: record.Actor, now: datetime) -> bool:
    """Ends it for good. False if somebody did already."""
    if not CalendarLink.objects.filter(pk=link_id, revoked_at=None).update(revoked_at=now):
        return False
    _write("calendar_link.revoked", CalendarLink.objects.get(pk=link_id), by=by, now=now)
    return True


def find(token: str) -> int | None:
    """Whose link it is; None for unknown, renewed and revoked ones alike. Needs no scope."""
    found = lookups.rows("treffa_calendar_link", tokens.hash_of(token))
    return int(found[0][0]) if found else None


def enter(token: str, *, now: datetime) -> CalendarLink | None:
    """The link of a token in the scope that `find` named, noted as read; None if it has ended since."""
    link = CalendarLink.objects.filter(token_hash=tokens.hash_of(token), revoked_at=None).first()
    if link is not None:
        long_ago = Q(read_at=None) | Q(read_at__lt=now - NOTED_EVERY)
        CalendarLink.objects.filter(long_ago, pk=link.pk).update(read_at=now)
    return link


def _keep_hash(link: CalendarLink) -> None:
    CalendarLink.objects.filter(pk=link.pk).update(token_hash=tokens.hash_of(token_for(link)))


def _write(event: str, link: CalendarLink, *, by: record.Actor, now: datetime) -> None:
    data = {"link": link.pk, "all": not link.practitioner, "type": link.says_type}
    record.write(record.Entry(event=event, at=now, actor=by, data=data))
