"""What is open to the outside, as the page "Connections" shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment, Feed
from practices import calendar_links
from practices.models import CalendarLink
from treffa import calendar_feed
from treffa.dashboard import relative


@dataclass(frozen=True, kw_only=True)
class LinkView:
    """A calendar link with its address."""

    link: CalendarLink
    address: str
    read: str


def links(*, now: datetime) -> list[LinkView]:
    """Those that hold."""
    return [
        LinkView(
            link=link,
            address=calendar_feed.address(link),
            read=relative.moment(link.read_at, now=now) if link.read_at else "",
        )
        for link in calendar_links.links()
    ]


def practitioners() -> Sequence[str]:
    """All names that calendars or their appointments give, each once."""
    of_feeds = Feed.objects.filter(removed_at=None).exclude(practitioner="").values_list("practitioner")
    said = Appointment.objects.exclude(practitioner="").order_by().values_list("practitioner").distinct()
    return sorted({name for (name,) in of_feeds.union(said)})
