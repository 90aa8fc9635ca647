"""The keys by which other systems of a practice use the API: "treffa_" and 43 random characters, shown once; only the
SHA-256 is stored, and the last four characters, by which people know it again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from practices import lookups, record, tenancy, tokens
from practices.models import ApiToken

PREFIX = "treffa_"
# How exactly it is known when a token was last used: a write a call would be many.
NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whose token it is; enough to open the practice's scope."""

    practice_id: int
    token_id: int


def holding() -> QuerySet[ApiToken]:
    """Those of the practice in scope that hold, the first one made first."""
    return ApiToken.objects.filter(revoked_at=None).select_related("made_by").order_by("pk")


def make(*, name: str, scopes: Sequence[str], by: record.Actor, now: datetime) -> str:
    """A new token; what is returned is nowhere kept."""
    assert by.user_id is not None
    secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        practice_id=tenancy.current(),
        name=name,
        scopes=list(scopes),
        token_hash=tokens.hash_of(secret),
        ending=secret[-4:],
        made_by_id=by.user_id,
        made_at=now,
    )
    _write("api_token.made", token, by=by, now=now)
    return secret


def revoke(*, token_id: int, by: record.Actor, now: datetime) -> bool:
    """Ends it for good. False if somebody did already."""
    if not ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=now):
        return False
    _write("api_token.revoked", ApiToken.objects.get(pk=token_id), by=by, now=now)
    return True


def find(secret: str) -> Caller | None:
    """Whose token it is; None for unknown and revoked ones alike. Needs no scope."""
    found = lookups.rows("treffa_api_token", tokens.hash_of(secret))
    return Caller(practice_id=found[0][0], token_id=found[0][1]) if found else None


def enter(token_id: int, *, now: datetime) -> ApiToken | None:
    """The token in its practice's scope, noted as used; None if it was revoked since."""
    token = ApiToken.objects.filter(pk=token_id, revoked_at=None).first()
    if token is not None:
        long_ago = Q(used_at=None) | Q(used_at__lt=now - NOTED_EVERY)
        ApiToken.objects.filter(long_ago, pk=token.pk).update(used_at=now)
    return token


def _write(event: str, token: ApiToken, *, by: record.Actor, now: datetime) -> None:
    data = {"token": token.pk, "scopes": sorted(token.scopes)}
    record.write(record.Entry(event=event, at=now, actor=by, data=data))
