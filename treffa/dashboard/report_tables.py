"""The reports' tables as CSV files: what stands on the page, in numbers that a spreadsheet reads."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext as _

from treffa.dashboard.report_figures import Count
from treffa.dashboard.reports import Named, Report

Cell = str | int | float | None
Table = Sequence[Sequence[Cell]]
BOM = "\ufeff"
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def weeks(report: Report) -> Table:
    """A line a week."""
    head = [_("Week"), _("Monday"), *_counted(), _("Slots rescued"), _("Messages")]
    return [
        head,
        *(
            [week.name, week.monday.isoformat(), *_cells(week.count), week.rescued, week.sent]
            for week in report.weeks
        ),
    ]


def types(report: Report) -> Table:
    """A line an examination."""
    return _of(report.types, _("Appointment type"))


def practitioners(report: Report) -> Table:
    """A line a practitioner."""
    return _of(report.people, _("Practitioner"))


def channels(report: Report) -> Table:
    """A line a channel."""
    head = [_("Channel"), _("Sent"), _("Delivered"), _("Opened"), _("Cases"), _("Ready in time"), _("Cost")]
    return [
        head,
        *(
            [
                way.name,
                way.sent.sent,
                way.sent.delivered if way.reports else None,
                way.sent.opened,
                way.sent.cases,
                way.sent.in_time,
                None if way.cost is None else float(round(way.cost, 2)),
            ]
            for way in report.ways
        ),
    ]


def missing(report: Report) -> Table:
    """A line for what was not in place."""
    found: list[list[Cell]] = [[one.title, one.cases] for one in report.lacking]
    return [[_("Was missing"), _("Appointments")], *found]


TABLES: Mapping[str, Callable[[Report], Table]] = {
    "weeks": weeks,
    "types": types,
    "practitioners": practitioners,
    "channels": channels,
    "missing": missing,
}


def as_csv(table: Table, *, language: str) -> str:
    """As spreadsheets of the language open it: semicolons and decimal commas, in English commas and points."""
    english = language.startswith("en")
    out = io.StringIO()
    writer = csv.writer(out, delimiter="," if english else ";")
    for row in table:
        writer.writerow([_cell(value, english=english) for value in row])
    return BOM + out.getvalue()


def _cell(value: Cell, *, english: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(value) if english else str(value).replace(".", ",")
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else str(value)


def _of(named: Sequence[Named], head: str) -> Table:
    return [[head, *_counted()], *([one.name, *_cells(one.count)] for one in named)]


def _counted() -> list[str]:
    return [_("Appointments"), _("Ready in time"), _("Share in percent"), _("Days until ready, median")]


def _cells(count: Count) -> list[Cell]:
    share, days = count.share, count.days
    return [
        count.total,
        count.in_time,
        None if share is None else round(share, 1),
        None if days is None else round(days, 1),
    ]
