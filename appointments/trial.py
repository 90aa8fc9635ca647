"""A look at a calendar before it is added or read by other rules: fetched once in a worker, kept sealed for an hour.

What is kept are the next events, read but not yet understood: so a manager can change the rules and see at once what
they make of them, without the calendar being fetched again and again and without holding all of it."""

import json
import logging
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from appointments import fetch, hosts, ical, reading
from appointments.models import ContactImport, FeedTrial
from appointments.syncing import UNEXPECTED, window_at
from practices import clock, lookups, tenancy, vault

logger = logging.getLogger(__name__)

COMING = 400
KEPT_FOR = timedelta(hours=1)
LEASE = timedelta(minutes=2)
TRIES = 3
CONTEXT = "feed-trial"


@dataclass(frozen=True, kw_only=True)
class Found:
    """`reason` is empty if the calendar is good; `coming` are its next events, at most COMING of `later`."""

    reason: str = ""
    name: str = ""
    events: int = 0
    later: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict)
    coming: tuple[ical.Event, ...] = ()


def practices_with_trials(now: datetime) -> list[int]:
    """The practices where somebody waits for a look, or where one is to be forgotten."""
    expired = lookups.practices("treffa_practices_with_imports", now)
    return sorted({*lookups.practices("treffa_practices_with_trials", now), *expired})


def advance_trials(*, practice_id: int, now: datetime) -> None:
    """Looks at what is due and forgets what has expired. Opens its own scopes; none may be open."""
    tenancy.forbid_scope()
    with tenancy.scope(practice_id):
        FeedTrial.objects.filter(expires_at__lte=now).delete()
        ContactImport.objects.filter(expires_at__lte=now).delete()
        due = list(FeedTrial.objects.filter(due_at__lte=now).values_list("pk", flat=True))
    for trial_id in due:
        with tenancy.scope(practice_id):
            trial = _claim(trial_id, now=now)
        if trial is not None:
            _look(trial, now=now)


def found(trial: FeedTrial) -> Found:
    """What was read. ValueError for a trial that has not been looked at."""
    if trial.sealed_found is None:
        raise ValueError("not looked at yet")
    packed = vault.unseal(key=trial.practice.key(), sealed=bytes(trial.sealed_found), context=CONTEXT)
    kept = json.loads(zlib.decompress(packed))
    return Found(**{**kept, "coming": tuple(_event(row) for row in kept["coming"])})


def _claim(trial_id: int, *, now: datetime) -> FeedTrial | None:
    """The trial for a while; a worker that is killed gives it back. None if somebody else has it."""
    trial = FeedTrial.objects.select_related("practice").filter(pk=trial_id, due_at__lte=now).first()
    if trial is None:
        return None
    until, tries = now + clock.real(LEASE), trial.tries + 1
    if not FeedTrial.objects.filter(pk=trial_id, due_at=trial.due_at).update(due_at=until, tries=tries):
        return None
    trial.due_at, trial.tries = until, tries
    return trial


def _look(trial: FeedTrial, *, now: datetime) -> None:
    if trial.tries > TRIES:  # it took a worker down each time
        _write(trial, {"due_at": None, "reason": UNEXPECTED})
        return
    url = trial.url()
    host = fetch.endpoint(url)
    turn = hosts.turn(host, now=now)
    if not turn.now and trial.tries < TRIES:
        _write(trial, {"due_at": now + turn.wait})
        return
    response = fetch.fetch(url, allowed_addresses=settings.FEED_ALLOWED_ADDRESSES, now=now)
    hosts.answered(host, response, before=turn, now=now)
    try:
        seen = _read(response, zone=trial.practice.time_zone, now=now)
    except Exception as error:  # whatever a calendar sets off, somebody waits for a word; ids only in the log
        logger.error("trial %s ended in %s", trial.pk, type(error).__name__)
        seen = Found(reason=UNEXPECTED)
    logger.info("looked at trial=%s reason=%s", trial.pk, seen.reason)
    sealed = None if seen.reason else _sealed(seen, key=trial.practice.key())
    _write(trial, {"due_at": None, "reason": seen.reason, "sealed_found": sealed})


def _write(trial: FeedTrial, outcome: dict[str, Any]) -> None:
    """If the claim still holds."""
    with tenancy.scope(trial.practice_id):
        FeedTrial.objects.filter(pk=trial.pk, due_at=trial.due_at).update(**outcome)


def _read(response: fetch.Response, *, zone: str, now: datetime) -> Found:
    if not isinstance(response, fetch.Body):
        return Found(
            reason=response.reason.value if isinstance(response, fetch.Failed) else "unexpected_status"
        )
    calendar = reading.read(response.content, zone=zone, window=window_at(now))
    if calendar.refused is not None:
        return Found(reason=calendar.refused.value)
    coming = sorted((event for event in calendar.events if event.end > now), key=lambda event: event.start)
    return Found(
        name=calendar.name,
        events=len(calendar.events),
        later=len(coming),
        unreadable=Counter(one.reason for one in calendar.quarantined),
        coming=tuple(coming[:COMING]),
    )


# Keeping


def _sealed(seen: Found, *, key: bytes) -> bytes:
    kept = {**vars(seen), "coming": [_row(event) for event in seen.coming]}
    packed = zlib.compress(json.dumps(kept, cls=DjangoJSONEncoder).encode())
    return vault.seal(key=key, plaintext=packed, context=CONTEXT)


def _row(event: ical.Event) -> dict[str, Any]:
    """What understanding looks at."""
    return {
        "uid": event.uid,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "all_day": event.all_day,
        "status": event.status,
        "summary": event.summary,
        "description": event.description,
        "location": event.location,
        "categories": event.categories,
        "attendees": [(one.name, one.address) for one in event.attendees],
    }


def _event(row: dict[str, Any]) -> ical.Event:
    return ical.Event(
        **{
            **row,
            "recurrence_id": "",
            "sequence": 0,
            "start": datetime.fromisoformat(row["start"]),
            "end": datetime.fromisoformat(row["end"]),
            "categories": tuple(row["categories"]),
            "attendees": tuple(
                ical.Attendee(name=name, address=address) for name, address in row["attendees"]
            ),
        }
    )
