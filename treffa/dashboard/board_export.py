"""The board's list as a table: CSV, an Excel workbook, a page to print. The same rows as the board, by time."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from treffa.dashboard import board
from treffa.dashboard.asked import Asked
from treffa.dashboard.board_cases import shown_cases
from treffa.dashboard.row import Row

MOST = 5000
# What a spreadsheet takes for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def rows(asked: Asked, *, person: int, language: str, now: datetime) -> list[Row]:
    """All rows of the board as asked, by time; at most MOST."""
    shown = shown_cases(asked, person=person, now=now)
    wanted = shown.filter(readiness=asked.readiness) if asked.readiness else shown
    cases = board.with_all_shown(wanted).order_by("appointment__start", "id")[:MOST]
    return board.make_rows(list(cases), language=language, now=now)


def as_csv(found: list[Row]) -> bytes:
    """With a byte order mark and semicolons, as Excel of our countries opens it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_defused(value) for value in line] for line in _table(found))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_workbook(found: list[Row]) -> bytes:
    """One sheet. Every cell is a text: nothing is worked out when it is opened."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Appointments"))
    for line in _table(found):
        cells = [WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", value)) for value in line]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _table(found: list[Row]) -> Iterator[list[str]]:
    yield [
        _("Date"), _("Time"), _("Patient"), _("Born"), _("Examination"), _("Where"), _("State"),
        _("What is missing"), _("Deadline"), _("Last contact"), _("Cared for by"), _("Outcome"),
    ]  # fmt: skip
    for row in found:
        yield [
            date_format(timezone.localtime(row.case.appointment.start), "SHORT_DATE_FORMAT"),
            row.time,
            row.name,
            str(row.birth_year or ""),
            row.what,
            row.where,
            str(row.look.word),
            row.need.what,
            row.need.deadline,
            row.contact.text if row.contact else "",
            row.carer,
            row.outcome,
        ]


def _defused(value: str) -> str:
    """A text stays a text: what would be taken for a formula gets an apostrophe in front."""
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
