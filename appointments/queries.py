"""Reads about feeds, appointments and patients. All but `practices_to_sync` need a scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Prefetch, Q, QuerySet
from django.db.models.functions import Greatest

from appointments.matching import wording
from appointments.models import (
    Appointment,
    AppointmentStatus,
    AppointmentType,
    Feed,
    FeedState,
    OwnTime,
    Patient,
    QuarantinedEvent,
    TypeText,
)
from practices import lookups

STALE_AFTER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class FeedProblem:
    """A feed that needs somebody: `code` is "frozen", "stale" or the reason of the last failure."""

    feed: Feed
    code: str
    since: datetime | None
    missing: int


@dataclass(frozen=True, kw_only=True)
class UnmatchedType:
    """A text that no appointment type fits, however it is written, with the future appointments that carry it."""

    text: str
    appointments: int
    next_start: datetime


def practices_to_sync(now: datetime) -> Sequence[int]:
    """The practices with a feed to poll."""
    return lookups.practices("treffa_practices_to_sync", now)


def feeds() -> QuerySet[Feed]:
    """The feeds that were not removed, by name; without the blobs that only the sync reads."""
    return Feed.objects.filter(removed_at=None).defer("blocks").order_by("name", "id")


def heard() -> list[tuple[object, ...]]:
    """What changes whenever a feed was polled, even if nothing else did."""
    return list(feeds().values_list("id", "last_attempt_at", "next_poll_at", "last_good_at", "state"))


def removed_feeds(*, now: datetime) -> QuerySet[Feed]:
    """Removed feeds whose appointments are still to come, each with `coming`, their number."""
    coming = _coming(now=now)
    found = Feed.objects.exclude(removed_at=None).defer("blocks").annotate(coming=coming)
    return found.filter(coming__gt=0).order_by("name", "id")


def _coming(*, now: datetime) -> Count:
    booked = Q(appointments__end__gt=now) & ~Q(appointments__status=AppointmentStatus.CANCELLED)
    return Count("appointments", filter=booked)


def feeds_with_coming(*, now: datetime) -> QuerySet[Feed]:
    """The feeds, each with `coming`, the number of its appointments that are still to come."""
    return feeds().annotate(coming=_coming(now=now))


def last_heard(feed: Feed) -> datetime | None:
    """Since when an outage counts: the last good sync, or when the feed was added or resumed."""
    return max(filter(None, (feed.last_good_at, feed.watched_from)), default=None)


def feed_problems(*, now: datetime) -> list[FeedProblem]:
    """The feeds that need somebody, frozen ones first."""
    found = []
    for feed in feeds().exclude(state=FeedState.PAUSED):
        for code in problem_codes(feed, now=now):
            problem = FeedProblem(
                feed=feed, code=code, since=feed.last_good_at, missing=len(feed.missing_ids)
            )
            found.append(problem)
    return sorted(found, key=lambda problem: problem.code != FeedState.FROZEN)


def problem_codes(feed: Feed, *, now: datetime) -> list[str]:
    """ "frozen", why it can't be read, both or none: a frozen feed that is read no more would stay frozen unseen."""
    codes = [FeedState.FROZEN.value] if feed.state == FeedState.FROZEN else []
    since = last_heard(feed)
    stale = since is not None and since < now - STALE_AFTER
    code = feed.problem or ("stale" if stale else "")
    return [*codes, code] if code else codes


def practices_with_silent_feeds(now: datetime) -> Sequence[int]:
    """The practices with a feed that nobody could read for an hour and about which nobody was told yet."""
    return lookups.practices("treffa_practices_with_silent_feeds", now - STALE_AFTER)


def silent_feeds(*, now: datetime) -> QuerySet[Feed]:
    """The feeds that nobody could read for an hour, each with `since`, and about whose outage nobody was told yet."""
    since = Greatest("last_good_at", "watched_from")
    found = feeds().exclude(state=FeedState.PAUSED).annotate(since=since)
    return found.filter(Q(alarmed_at=None) | Q(alarmed_at__lt=F("since")), since__lte=now - STALE_AFTER)


def practices_with_outages_to_tell(now: datetime) -> Sequence[int]:
    """The practices whose managers wait for a word: an outage that nobody was told of, or the end of one."""
    over = lookups.practices("treffa_practices_with_outages_over", now)
    return sorted({*practices_with_silent_feeds(now), *over})


def feeds_read_again() -> QuerySet[Feed]:
    """The feeds that were read after the alarm, and about whom that was not said yet."""
    return feeds().filter(last_good_at__gt=F("alarmed_at"))


def missing_appointments(feed: Feed) -> QuerySet[Appointment]:
    """The appointments that a frozen feed no longer shows, for staff to confirm."""
    return (
        Appointment.objects.filter(pk__in=feed.missing_ids)
        .exclude(status=AppointmentStatus.CANCELLED)
        .select_related("patient", "type")
        .order_by("start")
    )


def held_elsewhere() -> QuerySet[Appointment]:
    """The ids of appointments that another calendar shows as well: cancelled in theirs, they go on there."""
    also = Appointment.objects.filter(same_as__isnull=False).exclude(status=AppointmentStatus.CANCELLED)
    return also.exclude(feed__state=FeedState.PAUSED).values("same_as")  # type: ignore[return-value]


def live(*, now: datetime) -> QuerySet[Appointment]:
    """Booked appointments that are not over, in every calendar in which they stand."""
    return Appointment.objects.filter(end__gt=now).exclude(status=AppointmentStatus.CANCELLED)


def prepared(*, now: datetime) -> QuerySet[Appointment]:
    """The same, each once: what stands in several calendars is prepared as one of them."""
    return live(now=now).filter(same_as=None)


def with_calendars(prefix: str = "") -> "Prefetch[str]":
    """Prefetches where else an appointment stands (`sharing.calendars`)."""
    also = Appointment.objects.exclude(status=AppointmentStatus.CANCELLED).select_related("feed")
    return Prefetch(f"{prefix}also", also.defer("feed__blocks"))


def unmatched_types(*, now: datetime) -> list[UnmatchedType]:
    """Texts of future appointments that no type fits, the next appointment first. Those that differ in writing alone are
    one; what says nothing of a type at all is `silent_appointments`."""
    waiting = prepared(now=now).filter(type=None).exclude(type_text="").values("type_text")
    rows = waiting.annotate(found=Count("id"), next_start=Min("start")).order_by("next_start", "type_text")
    found: dict[str, UnmatchedType] = {}
    for row in rows:
        one = UnmatchedType(text=row["type_text"], appointments=row["found"], next_start=row["next_start"])
        first = found.setdefault(wording(one.text), one)
        if first is not one:
            more = first.appointments + one.appointments
            found[wording(one.text)] = replace(first, appointments=more)
    return list(found.values())


def silent_appointments(*, now: datetime) -> QuerySet[Appointment]:
    """Future appointments whose event says nothing of what is booked: there is no text to know again."""
    found = prepared(now=now).filter(type=None, type_text="")
    return found.select_related("feed", "patient").order_by("start", "id")


def types_with_coming(*, now: datetime) -> QuerySet[AppointmentType]:
    """The types by name, each with `coming`, the number of its appointments that are still to come."""
    return AppointmentType.objects.annotate(coming=_coming(now=now)).order_by("name", "id")


def known_texts() -> QuerySet[TypeText]:
    """What staff said that texts of the calendar mean, the latest first."""
    return TypeText.objects.select_related("type", "said_by").order_by("-id")


def quarantined() -> QuerySet[QuarantinedEvent]:
    """Events that could not be read, the newest first."""
    return QuarantinedEvent.objects.select_related("feed").order_by("-seen_at", "id")


def own_time(feed: Feed, *, now: datetime) -> QuerySet[OwnTime]:
    """What stands in a feed and was taken for no appointment, as far as it is not over."""
    return OwnTime.objects.filter(feed=feed, end__gt=now)


def unreachable_patients(*, now: datetime) -> QuerySet[Patient]:
    """Patients with a future appointment and no way to write to them, the next appointment first."""
    booked = Q(appointments__end__gt=now) & ~Q(appointments__status=AppointmentStatus.CANCELLED)
    return (
        Patient.objects.filter(phone="", email="")
        .filter(booked)
        .annotate(next_start=Min("appointments__start", filter=booked))
        .order_by("next_start")
    )


def unnamed_appointments(*, now: datetime) -> QuerySet[Appointment]:
    """Future appointments whose event names nobody."""
    return prepared(now=now).filter(patient=None).select_related("feed", "type").order_by("start")
