"""What a notice on top of the board consists of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from appointments.models import Appointment, AppointmentType, Feed
from treffa.dashboard import relative

SHOWN = 6
ITEMS = 50


@dataclass(frozen=True, kw_only=True)
class Untyped:
    """A text of the calendar that no type fits, or (`alike` says so) several equally."""

    number: int
    text: str
    count: int
    first: str
    alike: str = ""
    fits: Sequence[AppointmentType] = ()


@dataclass(frozen=True, kw_only=True)
class Unplanned:
    """A type without a plan. `pack` is the title of one that has a plan for it, or empty."""

    type: AppointmentType
    count: int
    first: str
    pack: str


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What a frozen calendar lacks: how many, of whom `told` would hear that it is cancelled."""

    feed: Feed
    count: int
    told: int


@dataclass(frozen=True, kw_only=True)
class Resting:
    """A case that was opened and that nothing is asked for at present."""

    case_id: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notice: what is wrong, what Treffa did about it, and by `kind` what can be done. `items` fold away; `more` is
    how many texts, or items, are not shown. `links` are words and addresses."""

    kind: str
    id: str
    css: str
    icon: str
    title: str
    text: str
    missing: Missing | None = None
    items: list[str] = field(default_factory=list)
    untyped: list[Untyped] = field(default_factory=list)
    unplanned: list[Unplanned] = field(default_factory=list)
    more: int = 0
    resting: list[Resting] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    choices: list[AppointmentType] = field(default_factory=list)


def item(row: Appointment, *, now: datetime) -> str:
    """An appointment on one line: when, and who."""
    return f"{relative.moment(row.start, now=now)} · {row.patient.name if row.patient else row.summary}"
