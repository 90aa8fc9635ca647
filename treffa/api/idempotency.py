"""A write that is sent twice is done once. The key and what was answered are in the transaction of the write: two that come
at once meet at the key's uniqueness, and one that failed leaves no key behind."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.http import HttpResponse
from ninja import Schema

from practices import record, tenancy
from practices.models import ApiWrite
from treffa.api.access import Call
from treffa.api.problems import Problem

HEADER = "Idempotency-Key"
LONGEST = 80
KEPT = timedelta(days=2)


def once(request: Call, given: Schema, write: Callable[[], Schema]) -> HttpResponse:
    """Does the write, or answers what it answered under the same key."""
    key = request.headers.get(HEADER, "")
    if len(key) > LONGEST or not key.isprintable():
        raise Problem(400, "idempotency_key_invalid", f"At most {LONGEST} printable characters.")
    ApiWrite.objects.filter(at__lt=request.now - KEPT).delete()
    held = _hold(request, given, key) if key else None
    if held is not None and held.status is not None:
        return _response(held.answer, replayed=True)
    answer = write().model_dump(mode="json")
    if held is not None:
        ApiWrite.objects.filter(pk=held.pk).update(status=200, answer=answer)
    data = {"token": request.token.pk, "path": request.path}
    record.write(
        record.Entry(
            event="api.wrote", at=request.now, actor=record.staff(request.token.made_by_id), data=data
        )
    )
    return _response(answer, replayed=False)


def _hold(request: Call, given: Schema, key: str) -> ApiWrite:
    """The key, new or as it was used before."""
    asked = json.dumps([request.method, request.path, given.model_dump(mode="json")], sort_keys=True)
    digest = sha256(asked.encode()).hexdigest()
    held, _ = ApiWrite.objects.get_or_create(
        practice_id=tenancy.current(),
        token=request.token,
        key=key,
        defaults={"digest": digest, "at": request.now},
    )
    if held.digest != digest:
        raise Problem(422, "idempotency_key_reused", "The key belongs to another call.")
    return held


def _response(answer: object, *, replayed: bool) -> HttpResponse:
    response = HttpResponse(json.dumps(answer), content_type="application/json; charset=utf-8")
    if replayed:
        response["Idempotent-Replayed"] = "true"
    return response
