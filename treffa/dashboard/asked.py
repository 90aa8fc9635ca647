"""What somebody asks the board for: days, filters, a search, list or columns. It stands in the address, names do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from treffa.dashboard.readiness import READINESS

PAGE = 50
MOST = 1000
LONGEST = 120


class Span(StrEnum):
    """The days that the board shows."""

    TODAY = "today"
    TOMORROW = "tomorrow"
    WEEK = "week"
    LATER = "later"
    ALL = "all"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for. `day` is set with Span.DAY alone. `readiness` is a value of Readiness or empty; a search looks at
    all days from today, and the address has a code for it (treffa/dashboard/searches.py), never the words."""

    span: Span = Span.TODAY
    day: date | None = None
    readiness: str = ""
    practitioner: str = ""
    type: int = 0
    feed: int = 0
    mine: bool = False
    columns: bool = False
    search: str = ""
    code: str = ""
    rows: int = PAGE

    @classmethod
    def from_query(cls, query: Mapping[str, str], *, search: str = "") -> "Asked":
        """Reads ?when= &is= &with= &type= &feed= &mine= &as= &s= &rows=; what makes no sense is the default. `search` are
        the words of s."""
        when, wanted = query.get("when", ""), query.get("is", "")
        day = _day(when)
        span = Span.DAY if day else Span(when) if when in set(Span) - {Span.DAY} else Span.TODAY
        return cls(
            span=span,
            day=day,
            readiness=wanted if wanted in READINESS else "",
            practitioner=query.get("with", "").replace("\x00", "")[:LONGEST].strip(),
            type=_number(query.get("type", "")),
            feed=_number(query.get("feed", "")),
            mine=query.get("mine") == "1",
            columns=query.get("as") == "columns",
            search=search,
            code=query.get("s", "") if search else "",
            rows=min(_number(query.get("rows", "")), MOST) or PAGE,
        )

    def address(self, **changes: str | int) -> str:
        """The query that asks for this, with changes; what is default is left out."""
        parts: dict[str, str | int] = {
            "when": self.day.isoformat()
            if self.day
            else self.span.value
            if self.span is not Span.TODAY
            else "",
            "is": self.readiness,
            "with": self.practitioner,
            "type": self.type,
            "feed": self.feed,
            "mine": int(self.mine),
            "as": "columns" if self.columns else "",
            "s": self.code,
            "rows": self.rows if self.rows != PAGE else "",
        }
        return "?" + urlencode({key: value for key, value in (parts | changes).items() if value})

    def unnarrowed(self) -> str:
        """The address of the same days without filters."""
        without = dict.fromkeys(("is", "with", "type", "feed", "mine", "rows"), "")
        return self.address(**without)

    @property
    def narrowed(self) -> int:
        """By how many filters beside readiness the list is narrowed."""
        return sum(map(bool, (self.practitioner, self.type, self.feed, self.mine)))

    @property
    def plain(self) -> bool:
        """Whether the list is neither filtered nor searched."""
        return not self.readiness and not self.search and not self.narrowed

    def to_keep(self) -> str:
        """The address as it is kept under a name: without a search, whose words are forgotten, and from the first row."""
        return self.address(s="", rows="")


def _day(given: str) -> date | None:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2199 else None


def _number(given: str) -> int:
    """A positive number that a database column holds; 0 for anything else."""
    fits = given.isascii() and given.isdecimal() and len(given) < 10
    return int(given) if fits else 0
