"""By what the board's list can be narrowed, and the ways to look at it that somebody keeps."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from appointments.models import Appointment, AppointmentType, Feed
from appointments.queries import feeds
from practices import tenancy
from practices.models import SavedView
from treffa.dashboard.asked import Asked

MOST_VIEWS = 20
LONGEST_NAME = 40


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What there is to choose from: (value, name)."""

    practitioners: list[str]
    types: list[tuple[int, str]]
    feeds: list[tuple[int, str]]


def choices() -> Choices:
    """The practitioners, types and calendars of the practice in scope."""
    calendars = list(feeds())
    named = Appointment.objects.exclude(practitioner="").values_list("practitioner", flat=True)
    practitioners = {*named.distinct().order_by(), *(feed.practitioner for feed in calendars)} - {""}
    types = AppointmentType.objects.order_by("name", "id").values_list("pk", "name")
    return Choices(
        practitioners=sorted(practitioners, key=str.casefold),
        types=list(types),
        feeds=[(feed.pk, feed.name) for feed in calendars],
    )


def in_words(asked: Asked) -> list[tuple[str, str]]:
    """The filters in force, each in words with the address of the board without it. What is nobody's is not named."""
    words = []
    if asked.practitioner:
        words.append((asked.practitioner, asked.address(**{"with": ""})))
    if asked.type:
        name = AppointmentType.objects.filter(pk=asked.type).values_list("name", flat=True).first()
        words.append((name or _("unknown type"), asked.address(type=0)))
    if asked.feed:
        name = Feed.objects.filter(pk=asked.feed).values_list("name", flat=True).first()
        words.append((name or _("unknown calendar"), asked.address(feed=0)))
    if asked.mine:
        words.append((_("Mine"), asked.address(mine=0)))
    return words


def saved_views(*, person: int) -> list[SavedView]:
    """What a person keeps, by name."""
    return list(SavedView.objects.filter(user=person).order_by("name")[:MOST_VIEWS])


def save_view(*, person: int, name: str, asked: Asked) -> str:
    """Keeps a way to look under a name; what had that name gives way. Why not, as a code, else empty."""
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        return "name_missing"
    if len(name) > LONGEST_NAME:
        return "name_too_long"
    views = SavedView.objects.filter(user=person)
    if views.filter(name=name).update(query=asked.to_keep()):
        return ""
    if views.count() >= MOST_VIEWS:
        return "too_many"
    try:
        with transaction.atomic():
            SavedView.objects.create(
                practice_id=tenancy.current(), user_id=person, name=name, query=asked.to_keep()
            )
    except IntegrityError:  # a double click
        views.filter(name=name).update(query=asked.to_keep())
    return ""


def forget_view(*, person: int, view_id: int) -> bool:
    """False if it is not theirs, or gone."""
    return bool(SavedView.objects.filter(pk=view_id, user=person).delete()[0])
