"""Writes of the calendar's room: the sync, and what staff decide about feeds, types and contacts."""

from datetime import date, datetime, timedelta

from django.db.models import F, QuerySet

from appointments import applying
from appointments.fetch import normal
from appointments.fetch.addresses import may_be_asked
from appointments.matching import valid_email, valid_phone
from appointments.models import Appointment, AppointmentType, Feed, FeedState, Patient
from appointments.queries import live
from appointments.syncing import FeedReport, SyncReport, sync_due_feeds
from practices import record, tenancy, vault
from practices.models import Practice
from practices.nudge import nudge

__all__ = [
    "FeedReport",
    "InvalidInputError",
    "SyncReport",
    "add_feed",
    "assign_type",
    "confirm_missing",
    "dismiss_missing",
    "poll_now",
    "set_birth_date",
    "set_contact",
    "sync_due_feeds",
]

LONGEST_KEYWORD = 120


class InvalidInputError(ValueError):
    """What was entered can't be used; `field` names it, `code` says why."""

    def __init__(self, *, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


def add_feed(
    *,
    name: str,
    url: str,
    by: record.Actor,
    now: datetime,
    practitioner: str = "",
    rules: dict[str, object] | None = None,
    allowed_addresses: frozenset[str] = frozenset(),
) -> Feed:
    """A feed that is polled from now on. The link is sealed. InvalidInputError for a link that may not be asked."""
    url = normal(url)
    if not may_be_asked(url, allowed=frozenset(address.lower() for address in allowed_addresses)):
        raise InvalidInputError(field="url", code="bad_address")
    practice = Practice.objects.get()
    feed = Feed.objects.create(
        practice=practice,
        name=name,
        practitioner=practitioner,
        sealed_url=vault.seal(key=practice.key(), plaintext=url.encode(), context="feed-url"),
        url_ending=url[-4:],
        rules=rules or {},
        next_poll_at=now,
    )
    record.write(record.Entry(event="feed.added", at=now, actor=by, data={"feed": feed.pk}))
    nudge(stage="sync", practice_id=practice.pk)
    return feed


def poll_now(*, feed_id: int, now: datetime) -> bool:
    """Has a feed polled at once, wholly. False if it is paused or gone."""
    done = Feed.objects.filter(pk=feed_id).exclude(state=FeedState.PAUSED)
    if not done.update(next_poll_at=now, etag="", last_modified="", body_hash=""):
        return False
    nudge(stage="sync", practice_id=tenancy.current())
    return True


def confirm_missing(*, feed_id: int, by: record.Actor, now: datetime) -> int:
    """Staff say that what a frozen feed no longer shows is cancelled. Returns how many were."""
    feed = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
    if feed.state != FeedState.FROZEN:
        return 0
    cancelled = applying.cancel(ids=feed.missing_ids, reason="confirmed", actor=by, now=now)
    _thaw(feed, now=now)
    data = {"feed": feed.pk, "cancelled": cancelled}
    record.write(record.Entry(event="feed.missing_confirmed", at=now, actor=by, data=data))
    nudge(stage="cases", practice_id=tenancy.current())
    return cancelled


def dismiss_missing(*, feed_id: int, by: record.Actor, now: datetime) -> bool:
    """Staff say that it was an error: nothing is cancelled. If the feed still lacks them, it freezes again."""
    feed = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
    if feed.state != FeedState.FROZEN:
        return False
    Appointment.objects.filter(pk__in=feed.missing_ids).update(absent_since=None)
    _thaw(feed, now=now)
    record.write(record.Entry(event="feed.missing_dismissed", at=now, actor=by, data={"feed": feed.pk}))
    return True


def _thaw(feed: Feed, *, now: datetime) -> None:
    feed.state = FeedState.FAILING if feed.problem else FeedState.ACTIVE
    feed.missing_ids = []
    feed.body_hash = feed.etag = feed.last_modified = ""
    feed.next_poll_at = min(feed.next_poll_at, now + timedelta(minutes=5))
    feed.save(update_fields=["state", "missing_ids", "body_hash", "etag", "last_modified", "next_poll_at"])


def set_contact(*, patient_id: int, phone: str, email: str, by: record.Actor, now: datetime) -> Patient:
    """A patient's phone and e-mail as staff enter them; empty takes away. InvalidInputError names the field."""
    practice = Practice.objects.get()
    number = valid_phone(phone, country=practice.country) if phone.strip() else ""
    address = valid_email(email) if email.strip() else ""
    if phone.strip() and not number:
        raise InvalidInputError(field="phone", code="phone_invalid")
    if email.strip() and not address:
        raise InvalidInputError(field="email", code="email_invalid")
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    patient.phone, patient.email = number, address
    patient.save(update_fields=["phone", "email"])
    record.write(
        record.Entry(
            event="patient.contact",
            at=now,
            actor=by,
            patient_id=patient.pk,
            personal={"phone": number, "email": address},
            key=patient.key(),
        )
    )
    _plan_again(live(now=now).filter(patient=patient))
    return patient


def set_birth_date(*, patient_id: int, birth_date: date, by: record.Actor, now: datetime) -> bool:
    """A date of birth that staff have confirmed, where none is known. False if one is known by now."""
    if not Patient.objects.filter(pk=patient_id, birth_date=None).update(birth_date=birth_date):
        return False
    patient = Patient.objects.select_related("practice").get(pk=patient_id)
    personal = {"birth_date": birth_date}
    event, key = "patient.birth_date", patient.key()
    record.write(
        record.Entry(event=event, at=now, actor=by, patient_id=patient_id, personal=personal, key=key)
    )
    return True


def assign_type(*, text: str, type_id: int | None, by: record.Actor, now: datetime) -> int:
    """Staff say what a text means: a type, or (None) that it never needs anything. Remembered as a keyword.

    Returns how many appointments have a type now. InvalidInputError for an empty text.
    """
    text = text.replace("\x00", "").strip()[:LONGEST_KEYWORD]
    if not text:
        raise InvalidInputError(field="text", code="empty")
    if type_id is None:
        known, _ = AppointmentType.objects.get_or_create(
            practice_id=tenancy.current(), name=text, defaults={"needs_nothing": True, "keywords": [text]}
        )
    else:
        known = AppointmentType.objects.select_for_update(no_key=True).get(pk=type_id)
        if text not in known.keywords:
            known.keywords = [*known.keywords, text]
            known.save(update_fields=["keywords"])
    entry = record.Entry(event="type.assigned", at=now, actor=by, data={"type": known.pk})
    record.write(entry)
    found = _match_again(now=now)
    nudge(stage="cases", practice_id=tenancy.current())
    return found


def _plan_again(appointments: QuerySet[Appointment]) -> None:
    """Has the next stage look at them. Locked in order of id, as the sync does."""
    held = appointments.select_for_update(of=("self",), no_key=True).order_by("pk")
    Appointment.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(needs_planning=True)
    nudge(stage="cases", practice_id=tenancy.current())


def _match_again(*, now: datetime) -> int:
    """Looks for the type of every future appointment without one."""
    types = applying.type_index()
    waiting = live(now=now).filter(type=None)
    found = 0
    for text in waiting.values_list("type_text", flat=True).distinct():
        match = types.match(text)
        if match.id is not None:
            found += waiting.filter(type_text=text).update(
                type_id=match.id, needs_planning=True, revision=F("revision") + 1
            )
    return found
